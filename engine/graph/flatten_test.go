package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	. "ganengine/engine/graph"
	"ganengine/engine/reference"
)

// TestFlattenConvs: a convolution of one window and its gradients are matrix
// products of the same values; others stay.
func TestFlattenConvs(t *testing.T) {
	x := Shape{3, 4, 2, 5}
	for _, c := range []struct {
		name  string
		w     Shape
		conv  Conv
		whole bool
	}{
		{"whole", Shape{6, 4, 2, 5}, Conv{Stride: [2]int{1, 1}}, true},
		{"whole, with a stride", Shape{6, 4, 2, 5}, Conv{Stride: [2]int{2, 3}}, true},
		{"a part", Shape{6, 3, 2, 5}, Conv{Stride: [2]int{4, 1}}, false},
		{"padded", Shape{6, 4, 2, 5}, Conv{Stride: [2]int{4, 4}, PadLow: [2]int{1, 0}}, false},
		{"groups", Shape{5, 4, 2, 1}, Conv{Stride: [2]int{1, 1}, Groups: 5}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := must(t, NewVars(), func(b *Builder) {
				x, w := b.Input("x", F64, x), b.Input("w", F64, c.w)
				y := Conv2D(x, w, c.conv)
				b.Output("y", y)
				grads := Gradients(ReduceSum(Mul(y, Square(y)), 0, 1, 2, 3), nil, x, w)
				b.Output("dx", grads[0])
				b.Output("dw", grads[1])
			})
			q := FlattenConvs(p)
			convs := 0
			for _, n := range q.Nodes {
				if n.Op == OpConv2D || n.Op == OpConv2DInputGrad || n.Op == OpConv2DFilterGrad {
					convs++
				}
			}
			if c.whole != (convs == 0) {
				t.Errorf("%d convolutions are left", convs)
			}
			rng := rand.New(rand.NewPCG(1, 2))
			given := map[string]reference.Array{"x": random(rng, x), "w": random(rng, c.w)}
			want, _ := run(t, p, given)
			got, _ := run(t, q, given)
			for i, o := range p.Outputs {
				if !want[i].Shape.Equal(got[i].Shape) {
					t.Fatalf("%s: shape %s, want %s", o.Name, got[i].Shape, want[i].Shape)
				}
				for e, v := range want[i].Data {
					if off := math.Abs(got[i].Data[e] - v); off > 1e-12*(1+math.Abs(v)) {
						t.Fatalf("%s: element %d is %g, want %g", o.Name, e, got[i].Data[e], v)
					}
				}
			}
		})
	}
}

func random(rng *rand.Rand, s Shape) reference.Array {
	x := make([]float64, s.Size())
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return values(F64, s, x...)
}
