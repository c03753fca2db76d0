package fuse

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// TestShareSums: of batch norm's gradient two sums are left, also where each half of
// a batch has statistics of its own and the gains' gradients are of the whole, and
// the results stay.
func TestShareSums(t *testing.T) {
	for name, groups := range map[string]int{"one batch": 1, "two halves": 2} {
		t.Run(name, func(t *testing.T) {
			shape := graph.Shape{8, 6, 5, 32}
			p, err := graph.Build("p", graph.NewVars(), func(b *graph.Builder) {
				x := b.Input("x", graph.F64, shape)
				gain, bias := b.Input("gain", graph.F64, graph.Shape{32}), b.Input("bias", graph.F64, graph.Shape{32})
				parts := graph.Reshape(x, append(graph.Shape{groups, 8 / groups}, shape[1:]...))
				y := graph.Reshape(graph.Normalize(parts, 1e-5, 1, 2, 3), shape)
				y = graph.LeakyRelu(graph.Add(graph.Mul(y, gain), bias), .2)
				for i, g := range graph.Gradients(y, b.Input("dy", graph.F64, shape), x, gain, bias) {
					b.Output([]string{"dx", "dgain", "dbias"}[i], g)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			p = graph.ExpandComposites(p, func(*graph.Node) bool { return false })
			q := ShareSums(p)
			s := Make(q, Options{})
			if err := s.Verify(); err != nil {
				t.Fatal(err)
			}
			// Mean, variance, both sums of the gradient, the gradient.
			if passes, _, _, reduces := traffic(s, shape.Size()); passes != 4 || reduces != 4 {
				t.Errorf("%d passes with %d reductions, want 4 with 4\n%s", passes, reduces, s.Text())
			}
			rng := rand.New(rand.NewPCG(1, 2))
			var inputs []reference.Array
			for _, n := range p.Inputs {
				a := reference.New(n.DType, n.Shape)
				for i := range a.Data {
					a.Data[i] = rng.NormFloat64()
				}
				inputs = append(inputs, a)
			}
			want, _, err := reference.Run(p, nil, inputs)
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := reference.Run(q, nil, inputs)
			if err != nil {
				t.Fatal(err)
			}
			for i, o := range p.Outputs {
				for e, x := range want[i].Data {
					if off := math.Abs(got[i].Data[e] - x); off > 1e-12*(1+math.Abs(x)) {
						t.Fatalf("%s: element %d is %g, want %g", o.Name, e, got[i].Data[e], x)
					}
				}
			}
		})
	}
}

// TestSumsThatShareNothing stay: of other values, along other axes, and where a sum
// is of few elements.
func TestSumsThatShareNothing(t *testing.T) {
	p, err := graph.Build("p", graph.NewVars(), func(b *graph.Builder) {
		x, y := b.Input("x", graph.F32, graph.Shape{64, 32, 4}), b.Input("y", graph.F32, graph.Shape{64, 32, 4})
		b.Output("a", graph.ReduceSum(x, 0, 1))
		b.Output("b", graph.ReduceSum(x, 1, 2))
		b.Output("c", graph.ReduceSum(graph.Mul(x, y), 0, 1))
		b.Output("d", graph.ReduceSum(graph.Mul(x, x), 0, 1))
		b.Output("e", graph.ReduceSum(y, 2))
		b.Output("f", graph.ReduceSum(y, 1, 2))
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, m := len(p.Nodes), len(ShareSums(p).Nodes); n != m {
		t.Errorf("%d nodes of %d", m, n)
	}
}
