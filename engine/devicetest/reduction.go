package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

func reductionCases() []Case {
	var cases []Case
	for _, c := range []struct {
		s       graph.Shape
		axes    []int
		isLarge bool
	}{
		{graph.Shape{7}, []int{0}, false}, {graph.Shape{4, 5}, []int{0}, false}, {graph.Shape{4, 5}, []int{1}, false},
		{graph.Shape{4, 5}, []int{0, 1}, false}, {graph.Shape{2, 3, 4, 5}, []int{0, 1, 2}, false},
		{graph.Shape{2, 3, 4, 5}, []int{1, 2}, false}, {graph.Shape{2, 3, 4, 5}, []int{0, 2}, false},
		{graph.Shape{2, 3, 4, 5}, []int{1, 3}, false}, {graph.Shape{2, 3, 4, 5}, []int{3}, false},
		{graph.Shape{1, 33, 1, 17}, []int{1}, false}, {graph.Shape{1000}, []int{0}, false}, {graph.Shape{3, 700}, []int{1}, false},
		{graph.Shape{700, 3}, []int{0}, false}, {graph.Shape{300001}, []int{0}, true}, {graph.Shape{8, 40, 40, 24}, []int{0, 1, 2}, true},
		{graph.Shape{5, 30000}, []int{1}, true}, {graph.Shape{16, 50, 33}, []int{1}, true},
	} {
		name := fmt.Sprintf("%s_over%s", at(c.s), digits(c.axes))
		add := func(op string, d graph.DType, f func(x *graph.Node) *graph.Node) {
			cases = append(cases, Case{Name: fmt.Sprintf("%s/%s/%s", op, name, d), Large: c.isLarge, build: func(m *maker) { m.out(f(m.in(d, c.s, large))) }})
		}
		for _, d := range floats {
			add("ReduceSum", d, func(x *graph.Node) *graph.Node { return graph.ReduceSum(x, c.axes...) })
			add("ReduceMax", d, func(x *graph.Node) *graph.Node { return graph.ReduceMax(x, c.axes...) })
		}
		add("ReduceSum", graph.I32, func(x *graph.Node) *graph.Node { return graph.ReduceSum(x, c.axes...) })
		cases = append(cases, Case{Name: "ReduceAll/" + name + "/bool", Large: c.isLarge, build: func(m *maker) {
			// Mostly true, so that some groups hold and some do not.
			x := m.in(graph.F32, c.s, graph.Domain{Lo: 0, Hi: 1})
			m.out(graph.ReduceAll(graph.Less(x, m.b.Const(graph.F32, .9)), c.axes))
		}})
	}
	return cases
}

func normCases() []Case {
	var cases []Case
	for _, c := range []struct {
		name    string
		s       graph.Shape
		axes    []int
		dom     graph.Domain
		isLarge bool
	}{
		{"batch_3x5x4x6", graph.Shape{3, 5, 4, 6}, []int{0, 1, 2}, unit, false},
		{"batch_9x7", graph.Shape{9, 7}, []int{0}, unit, false},
		{"instance_2x6x5x3", graph.Shape{2, 6, 5, 3}, []int{1, 2}, unit, false},
		{"layer_2x3x4x5", graph.Shape{2, 3, 4, 5}, []int{1, 2, 3}, unit, false},
		{"group_2x3x4x2x5", graph.Shape{2, 3, 4, 2, 5}, []int{1, 2, 4}, unit, false},
		{"far_from_zero", graph.Shape{40, 3}, []int{0}, graph.Domain{Lo: 99, Hi: 101}, false},
		{"batch_8x16x16x32", graph.Shape{8, 16, 16, 32}, []int{0, 1, 2}, unit, true},
		{"batch_4x9x9x19", graph.Shape{4, 9, 9, 19}, []int{0, 1, 2}, unit, false},
	} {
		for _, d := range floats {
			if d == graph.BF16 && c.dom.Lo > 2 {
				continue // bf16 has no digits left there
			}
			cases = append(cases,
				Case{Name: fmt.Sprintf("Normalize/%s/%s", c.name, d), Large: c.isLarge, build: func(m *maker) {
					m.out(graph.Normalize(m.in(d, c.s, c.dom), 1e-5, c.axes...))
				}},
				Case{Name: fmt.Sprintf("NormalizeGrad/%s/%s", c.name, d), Large: c.isLarge, build: func(m *maker) {
					x := m.in(d, c.s, c.dom)
					y := graph.Normalize(x, 1e-5, c.axes...)
					dx := graph.Gradients(y, m.in(d, c.s, unit), x)[0]
					m.out(y, dx)
				}})
		}
	}
	return cases
}
