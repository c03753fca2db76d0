package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

// movementTypes are those whose sizes differ: 4, 8, 2 and 1 bytes.
var movementTypes = []graph.DType{graph.F32, graph.F64, graph.BF16, graph.I32, graph.U8, graph.Bool}

func movementCases() []Case {
	var cases []Case
	add := func(name string, s graph.Shape, f func(x *graph.Node) *graph.Node) {
		for _, d := range movementTypes {
			cases = append(cases, Case{Name: fmt.Sprintf("%s/%s", name, d), build: func(m *maker) { m.out(f(m.in(d, s, large))) }})
		}
	}
	shaped := func(f func(*graph.Node, graph.Shape) *graph.Node, s ...int) func(*graph.Node) *graph.Node {
		return func(x *graph.Node) *graph.Node { return f(x, s) }
	}
	add("Reshape/12_to_3x4", graph.Shape{12}, shaped(graph.Reshape, 3, 4))
	add("Reshape/1_to_scalar", graph.Shape{1}, shaped(graph.Reshape))
	for _, c := range []struct{ from, to graph.Shape }{
		{graph.Shape{}, graph.Shape{5}}, {graph.Shape{}, graph.Shape{2, 3, 4}}, {graph.Shape{1}, graph.Shape{70001}},
		{graph.Shape{3}, graph.Shape{4, 3}}, {graph.Shape{4, 1}, graph.Shape{4, 3}}, {graph.Shape{1, 3, 1, 5}, graph.Shape{2, 3, 4, 5}},
		{graph.Shape{2, 1, 1, 3}, graph.Shape{2, 9, 7, 3}}, {graph.Shape{1, 1}, graph.Shape{3, 1, 17}},
	} {
		add(fmt.Sprintf("Broadcast/%s_to_%s", at(c.from), at(c.to)), c.from, shaped(graph.Broadcast, c.to...))
	}
	for _, c := range []struct {
		s    graph.Shape
		perm []int
	}{
		{graph.Shape{3, 5}, []int{1, 0}}, {graph.Shape{65, 33}, []int{1, 0}}, {graph.Shape{2, 3, 4}, []int{2, 0, 1}},
		{graph.Shape{2, 3, 4}, []int{0, 2, 1}}, {graph.Shape{2, 5, 4, 3}, []int{0, 3, 1, 2}}, {graph.Shape{2, 3, 5, 4}, []int{0, 2, 3, 1}},
		{graph.Shape{1, 6, 1, 2}, []int{3, 1, 2, 0}}, {graph.Shape{2, 3, 2, 3, 2}, []int{4, 1, 0, 3, 2}},
	} {
		add(fmt.Sprintf("Transpose/%s_by%s", at(c.s), digits(c.perm)), c.s, func(x *graph.Node) *graph.Node { return graph.Transpose(x, c.perm...) })
	}
	add("Slice/front", graph.Shape{9}, func(x *graph.Node) *graph.Node { return graph.Slice(x, []int{0}, nil, []int{4}) })
	add("Slice/back", graph.Shape{9}, func(x *graph.Node) *graph.Node { return graph.Slice(x, []int{5}, nil, []int{4}) })
	add("Slice/stride", graph.Shape{9}, func(x *graph.Node) *graph.Node { return graph.Slice(x, []int{1}, []int{3}, []int{3}) })
	add("Slice/inner_axes", graph.Shape{2, 5, 6, 3}, func(x *graph.Node) *graph.Node {
		return graph.Slice(x, []int{0, 1, 0, 1}, []int{1, 2, 3, 1}, []int{2, 2, 2, 2})
	})
	add("Pad/around", graph.Shape{2, 3}, func(x *graph.Node) *graph.Node { return graph.Pad(x, []int{1, 0}, []int{2, 3}) })
	add("Pad/between", graph.Shape{2, 3, 2}, func(x *graph.Node) *graph.Node {
		return graph.PadInner(x, graph.Padding{Low: []int{0, 1, 0}, High: []int{0, 0, 2}, Inner: []int{0, 2, 1}})
	})
	add("Reverse/rows", graph.Shape{3, 4}, func(x *graph.Node) *graph.Node { return graph.Reverse(x, 0) })
	add("Reverse/columns_of_images", graph.Shape{2, 3, 5, 3}, func(x *graph.Node) *graph.Node { return graph.Reverse(x, 2) })
	add("Reverse/two", graph.Shape{2, 3, 5}, func(x *graph.Node) *graph.Node { return graph.Reverse(x, 0, 2) })
	return append(append(cases, concatCases()...), indexCases()...)
}

func digits(xs []int) string {
	s := ""
	for _, x := range xs {
		s += fmt.Sprint(x)
	}
	return s
}

func concatCases() []Case {
	var cases []Case
	for _, c := range []struct {
		axis   int
		shapes []graph.Shape
	}{
		{0, []graph.Shape{{3}, {1}, {5}}}, {0, []graph.Shape{{2, 3}, {4, 3}}}, {1, []graph.Shape{{2, 3}, {2, 1}, {2, 7}}},
		{3, []graph.Shape{{2, 4, 4, 3}, {2, 4, 4, 5}}}, {2, []graph.Shape{{2, 3, 1, 2}, {2, 3, 4, 2}}},
	} {
		for _, d := range movementTypes {
			cases = append(cases, Case{Name: fmt.Sprintf("Concat/%s_axis%d/%s", at(c.shapes[0]), c.axis, d), build: func(m *maker) {
				var xs []*graph.Node
				for _, s := range c.shapes {
					xs = append(xs, m.in(d, s, large))
				}
				m.out(graph.Concat(c.axis, xs...))
			}})
		}
	}
	return append(cases, Case{Name: "Concat/itself/f32", build: func(m *maker) {
		x := m.in(graph.F32, graph.Shape{2, 3}, large)
		m.out(graph.Concat(0, x, graph.Neg(x), x))
	}})
}

// indexCases include indices that are out of range, which are clamped, and
// repeated ones, whose rows are added in order.
func indexCases() []Case {
	var cases []Case
	for _, width := range []graph.Shape{{}, {3}, {2, 17}} {
		rows := func(n int) graph.Shape { return append(graph.Shape{n}, width...) }
		for _, d := range append([]graph.DType{graph.I32}, floats...) {
			cases = append(cases,
				Case{Name: fmt.Sprintf("Gather/5_of_%s/%s", at(rows(4)), d), build: func(m *maker) {
					m.out(graph.Gather(m.in(d, rows(4), large), m.feed(list(graph.I32, 2, 0, 2, 9, -3))))
				}},
				Case{Name: fmt.Sprintf("ScatterAdd/%s_to_4/%s", at(rows(6)), d), build: func(m *maker) {
					m.out(graph.ScatterAdd(m.in(d, rows(6), large), m.feed(list(graph.I32, 2, 0, 2, 9, -3, 2)), 4))
				}})
		}
	}
	// Rows whose sums are larger than the type holds.
	cases = append(cases, Case{Name: "ScatterAdd/6x3_to_4/u8", build: func(m *maker) {
		m.out(graph.ScatterAdd(m.in(graph.U8, graph.Shape{6, 3}, graph.Domain{Lo: 0, Hi: 200}), m.feed(list(graph.I32, 2, 0, 2, 9, -3, 2)), 4))
	}})
	return append(cases, Case{Name: "ScatterAdd/500x4_to_3/f32", build: func(m *maker) {
		m.out(graph.ScatterAdd(m.in(graph.F32, graph.Shape{500, 4}, unit), m.in(graph.I32, graph.Shape{500}, graph.Domain{Lo: 0, Hi: 3}), 3))
	}})
}
