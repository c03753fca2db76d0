package cpu

import (
	"fmt"
	"testing"

	"ganengine/engine/graph"
)

// TestGrids: reductions and repeated values over domains that are cut in every
// way: whole slabs, pieces of slabs, rows longer than a tile, blocks of columns.
func TestGrids(t *testing.T) {
	cases := []struct {
		shape graph.Shape
		axes  []int
	}{
		{graph.Shape{100_003}, []int{0}},
		{graph.Shape{3, 40_001}, []int{1}},
		{graph.Shape{5000, 17}, []int{0}},
		{graph.Shape{5000, 17}, []int{1}},
		{graph.Shape{40, 3000}, []int{0}},
		{graph.Shape{300, 1100}, []int{0}},
		{graph.Shape{2, 20, 2500}, []int{1}},
		{graph.Shape{7, 90, 33}, []int{1}},
		{graph.Shape{3, 4000, 20}, []int{1}},
		{graph.Shape{6, 5, 4, 3}, []int{0, 2}},
		{graph.Shape{40, 2, 30, 2, 7}, []int{1, 3}},
		{graph.Shape{9, 2, 5000}, []int{1}},
	}
	for name, opt := range options() {
		d := open(t, opt)
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s/%s over %v", name, c.shape, c.axes), func(t *testing.T) {
				vars := graph.NewVars()
				r := build(t, d, program(t, vars, func(b *graph.Builder) {
					x := b.Input("x", graph.F32, c.shape)
					mean := graph.Mean(x, c.axes...)
					centred := graph.Sub(x, mean)
					b.Output("variance", graph.Mean(graph.Square(centred), c.axes...))
					b.Output("max", graph.ReduceMax(centred, c.axes...))
					b.Output("below", graph.ReduceAll(graph.Less(x, b.Const(graph.F32, 4)), c.axes))
					b.Output("finite", graph.ReduceAll(graph.IsFinite(x), c.axes))
					b.Output("centred", graph.Mul(centred, graph.Sign(mean)))
				}), 9)
				r.check(1e-6)
				r.release()
			})
		}
	}
}
