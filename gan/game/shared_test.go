package game_test

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/game"
)

// virtual is a dense layer and virtual batch norm, of examples and of a reference batch.
func virtual(p *nn.Pass, in []*graph.Node) []*graph.Node {
	dense := func(x *graph.Node) *graph.Node { return nn.Dense(p, "dense", x, 2, nn.Normal(0, 1), nil) }
	y, _ := nn.VirtualBatchNorm(p, "norm", dense(in[1]), dense(in[0]), nn.NormOptions{})
	return []*graph.Node{y}
}

// An operand with rows of its own, a reference batch, runs once however many batches share
// a pass, and each example is normalised by it and itself.
func TestReferenceRunsOnce(t *testing.T) {
	reference, x := []float64{1, 2, -1, .5, 3, -2}, []float64{.3, -.7, 2, 1, -1.5, .25, .8, -3}
	half := graph.Shape{2, 2}
	l := newLab(t, func(s *game.Setup) error {
		s.Stream("real", game.StreamOptions{})
		p := s.Player("p", virtual, game.In{Shape: graph.Shape{2}, Rows: 3}, game.In{Shape: graph.Shape{2}})
		ref := s.State("reference", graph.Shape{3, 2}, graph.F64, nn.Constant(0))
		s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
			batch := func(i int) []*graph.Node {
				return []*graph.Node{t.Get(ref), t.B.Literal(graph.F64, half, x[4*i:4*i+4])}
			}
			out := t.RunEach(game.Pass{Label: "both"}, p, batch(0), batch(1))
			t.B.Output("y", graph.Concat(0, out[0][0], out[1][0]))
		})})
		return nil
	})
	l.set("state/reference", reference...)
	got := l.run(l.steps[0].Program)["y"]

	products := 0
	for _, n := range l.steps[0].Nodes {
		if n.Op == graph.OpMatMul {
			products++
			if rows := n.Shape[0]; rows != 3 && rows != 4 {
				t.Errorf("a product of %d rows, want one of the reference's 3 and one of both batches' 4", rows)
			}
		}
	}
	if products != 2 {
		t.Errorf("%d products, want 2", products)
	}
	w := l.get("p/dense/w") // [out, in]
	dense := func(x []float64) (y []float64) {
		for i := range x {
			y = append(y, x[i/2*2]*w[i%2*2]+x[i/2*2+1]*w[i%2*2+1])
		}
		return y
	}
	ref, want := dense(reference), dense(x)
	for i, v := range want { // 3 rows of the reference and the example itself
		sum, square := v, v*v
		for k := i % 2; k < len(ref); k += 2 {
			sum, square = sum+ref[k], square+ref[k]*ref[k]
		}
		want[i] = (v - sum/4) / math.Sqrt(square/4-sum*sum/16+1e-5)
	}
	l.near("y", got, want)
	layers, err := l.Player("p").Program("layers", 5)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := layers.Inputs[0].Shape, layers.Inputs[1].Shape; !a.Equal(graph.Shape{3, 2}) || !b.Equal(graph.Shape{5, 2}) {
		t.Errorf("run on 5 samples it takes %s and %s", a, b)
	}
}

// What is the same for all batches of a pass is one node, of the rows that were declared.
func TestReferenceRefused(t *testing.T) {
	for want, rows := range map[string][]int{
		"operand 0 of player p has rows of its own, and the batches of pass both give it two values: give them one node": {3, 3},
		"operand 0 of player p has 3 rows of its own, and pass both gives it [4,2]":                                      {4},
	} {
		_, err := declare(t, labSystem(func(s *game.Setup) error {
			s.Stream("real", game.StreamOptions{})
			p := s.Player("p", virtual, game.In{Shape: graph.Shape{2}, Rows: 3}, game.In{Shape: graph.Shape{2}})
			s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
				var batches [][]*graph.Node
				for _, n := range rows {
					ref := t.B.Literal(graph.F64, graph.Shape{n, 2}, make([]float64, 2*n))
					batches = append(batches, []*graph.Node{ref, t.B.Literal(graph.F64, graph.Shape{2, 2}, make([]float64, 4))})
				}
				t.RunEach(game.Pass{Label: "both"}, p, batches...)
			})})
			return nil
		}))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
