package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

func productCases() []Case { return append(matmulCases(), convCases()...) }

func matmulCases() []Case {
	var cases []Case
	for _, c := range []struct {
		m, k, n int
		isLarge bool
	}{{1, 1, 1, false}, {3, 5, 7, false}, {1, 64, 9, false}, {33, 1, 2, false}, {17, 100, 24, false}, {64, 64, 64, false}, {129, 257, 67, true}, {8, 3000, 16, true}, {8, 8200, 16, true}} {
		for t := range 4 {
			ta, tb := t&1 == 1, t&2 == 2
			for _, d := range floats {
				name := fmt.Sprintf("MatMul/%dx%dx%d_%s/%s", c.m, c.k, c.n, [...]string{"nn", "tn", "nt", "tt"}[t], d)
				cases = append(cases, Case{Name: name, Large: c.isLarge, build: func(m *maker) {
					a, b := graph.Shape{c.m, c.k}, graph.Shape{c.k, c.n}
					if ta {
						a = graph.Shape{c.k, c.m}
					}
					if tb {
						b = graph.Shape{c.n, c.k}
					}
					m.out(graph.MatMulT(m.in(d, a, unit), m.in(d, b, unit), ta, tb))
				}})
			}
		}
	}
	return append(cases, Case{Name: "MatMul/tf32/f32", build: func(m *maker) {
		x, y := m.in(graph.F32, graph.Shape{20, 30}, unit), m.in(graph.F32, graph.Shape{30, 10}, unit)
		m.b.WithPrecision(graph.TF32, func() { m.out(graph.MatMul(x, y)) })
	}})
}

// geometry is one convolution: batch, image, filters, and how they meet.
type geometry struct {
	n, h, w, c, k, r, s int
	stride, low, high   [2]int
	groups              int
	isLarge             bool
}

// name is n2_h9w7c3_k4_f3x3_s2p1: square strides and paddings in short.
func (g geometry) name() string {
	pair := func(p [2]int) string {
		if p[0] == p[1] {
			return fmt.Sprint(p[0])
		}
		return fmt.Sprintf("%dx%d", p[0], p[1])
	}
	s := fmt.Sprintf("n%d_h%dw%dc%d_k%d_f%dx%d_s%sp%s", g.n, g.h, g.w, g.c, g.k, g.r, g.s, pair(g.stride), pair(g.low))
	if g.low != g.high {
		s += "to" + pair(g.high)
	}
	if g.groups > 1 {
		s += fmt.Sprintf("_g%d", g.groups)
	}
	return s
}

func (g geometry) conv() graph.Conv {
	return graph.Conv{Stride: g.stride, PadLow: g.low, PadHigh: g.high, Groups: g.groups}
}

func (g geometry) image() graph.Shape { return graph.Shape{g.n, g.h, g.w, g.c} }

func (g geometry) filters() graph.Shape { return graph.Shape{g.k, g.r, g.s, g.c / max(g.groups, 1)} }

// geometries cover what the shipped networks use (4x4 stride 2, 3x3, 1x1, the
// first and last layers' few channels), and odd sizes, uneven padding, groups,
// images that the stride does not divide, padding wider than the filter, and
// images of one to four channels with a multiple of eight filters.
func geometries() []geometry {
	two := func(x int) [2]int { return [2]int{x, x} }
	return []geometry{
		{1, 1, 1, 1, 1, 1, 1, two(1), two(0), two(0), 1, false},
		{2, 9, 7, 3, 4, 3, 3, two(2), two(1), two(1), 1, false},
		{2, 8, 8, 3, 5, 4, 4, two(2), two(1), two(1), 1, false},
		{3, 4, 4, 6, 1, 4, 4, two(1), two(0), two(0), 1, false},
		{2, 5, 6, 8, 16, 3, 3, two(1), two(1), two(1), 1, false},
		{2, 5, 6, 16, 8, 1, 1, two(1), two(0), two(0), 1, false},
		{2, 6, 5, 3, 4, 1, 1, two(2), two(0), two(0), 1, false},
		{1, 7, 9, 2, 3, 5, 3, [2]int{2, 3}, [2]int{2, 0}, [2]int{1, 2}, 1, false},
		{2, 6, 6, 4, 6, 3, 3, two(1), two(1), two(1), 2, false},
		{2, 7, 7, 6, 6, 3, 3, two(2), two(1), two(1), 6, false},
		{1, 3, 3, 2, 2, 2, 2, two(1), two(3), two(2), 1, false},
		{1, 10, 10, 1, 1, 3, 3, two(3), two(0), two(0), 1, false},
		{2, 11, 37, 3, 8, 4, 4, two(2), two(1), two(1), 1, false},
		{3, 19, 13, 1, 16, 5, 5, [2]int{3, 2}, two(2), two(1), 1, false},
		{1, 9, 21, 4, 72, 3, 3, [2]int{1, 3}, [2]int{0, 2}, [2]int{2, 0}, 1, false},
		{2, 17, 16, 2, 24, 4, 4, two(2), two(1), two(1), 1, false},
		{1, 5, 40, 4, 8, 4, 4, two(2), two(1), two(1), 1, false},
		{4, 16, 16, 24, 40, 4, 4, two(2), two(1), two(1), 1, true},
		{2, 12, 12, 33, 17, 3, 3, two(1), two(1), two(1), 1, true},
		{3, 32, 32, 3, 32, 4, 4, two(2), two(1), two(1), 1, true},
	}
}

func convCases() []Case {
	var cases []Case
	for _, g := range geometries() {
		for _, d := range floats {
			add := func(op string, f func(m *maker, x, w, y *graph.Node) *graph.Node) {
				cases = append(cases, Case{Name: fmt.Sprintf("%s/%s/%s", op, g.name(), d), Large: g.isLarge, build: func(m *maker) {
					x, w := m.in(d, g.image(), unit), m.in(d, g.filters(), unit)
					m.out(f(m, x, w, graph.Conv2D(x, w, g.conv())))
				}})
			}
			add("Conv2D", func(_ *maker, _, _, y *graph.Node) *graph.Node { return y })
			add("Conv2DInputGrad", func(m *maker, x, _, y *graph.Node) *graph.Node {
				return graph.Gradients(y, m.in(d, y.Shape, unit), x)[0]
			})
			add("Conv2DFilterGrad", func(m *maker, _, w, y *graph.Node) *graph.Node {
				return graph.Gradients(y, m.in(d, y.Shape, unit), w)[0]
			})
		}
	}
	up := graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}
	for _, d := range floats {
		cases = append(cases, Case{Name: "Conv2DInputGrad/transposed/" + d.String(), build: func(m *maker) {
			x, w := m.in(d, graph.Shape{2, 3, 4, 5}, unit), m.in(d, graph.Shape{5, 4, 4, 3}, unit)
			m.out(graph.ConvTranspose2D(x, w, up, [2]int{0, 1}))
		}})
	}
	return append(cases, Case{Name: "Conv2D/tf32/f32", build: func(m *maker) {
		x, w := m.in(graph.F32, graph.Shape{2, 6, 6, 8}, unit), m.in(graph.F32, graph.Shape{8, 3, 3, 8}, unit)
		m.b.WithPrecision(graph.TF32, func() { m.out(graph.Conv2D(x, w, graph.Conv{Stride: [2]int{1, 1}})) })
	}})
}
