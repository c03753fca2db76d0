package rewrite_test

import (
	"testing"

	. "ganengine/engine/graph"
	"ganengine/engine/rewrite"
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
			p := build(t, func(b *Builder) {
				x, w := b.Input("x", F64, x), b.Input("w", F64, c.w)
				y := Conv2D(x, w, c.conv)
				b.Output("y", y)
				grads := Gradients(ReduceSum(Mul(y, Square(y)), 0, 1, 2, 3), nil, x, w)
				b.Output("dx", grads[0])
				b.Output("dw", grads[1])
			})
			q := rewrite.FlattenConvs(p)
			convs := 0
			for _, n := range q.Nodes {
				if n.Op == OpConv2D || n.Op == OpConv2DInputGrad || n.Op == OpConv2DFilterGrad {
					convs++
				}
			}
			if c.whole != (convs == 0) {
				t.Errorf("%d convolutions are left", convs)
			}
			sameValues(t, p, q)
		})
	}
}
