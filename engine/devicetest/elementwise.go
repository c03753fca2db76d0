package devicetest

import (
	"fmt"
	"math"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// takes says whether an operator has operands of type d.
func takes(r *graph.Row, d graph.DType) bool {
	_, err := graph.Build(r.Name, graph.NewVars(), func(b *graph.Builder) {
		b.Output("y", example(r, d, func(i int, of graph.DType) *graph.Node { return b.Input(fmt.Sprintf("x%d", i), of, graph.Shape{1}) }))
	})
	return err == nil
}

// example applies an operator to operands of type d, but for Select's condition.
func example(r *graph.Row, d graph.DType, operand func(i int, of graph.DType) *graph.Node) *graph.Node {
	var x []*graph.Node
	for i := range r.Arity {
		of := d
		if r.Op == graph.OpSelect && i == 0 {
			of = graph.Bool
		}
		x = append(x, operand(i, of))
	}
	return r.Example(x...)
}

// domainOf is where an operator's operands lie: the table's domain, small
// integers, and numbers that are often equal for comparisons.
func domainOf(r *graph.Row, d graph.DType) graph.Domain {
	switch r.Op {
	case graph.OpLess, graph.OpLessEqual, graph.OpEqual:
		return graph.Domain{Lo: -2, Hi: 3, Integer: true}
	case graph.OpDiv:
		if d == graph.I32 {
			return graph.Domain{Lo: 1, Hi: 50}
		}
	}
	if d == graph.I32 {
		return graph.Domain{Lo: -1000, Hi: 1000}
	}
	return r.Domain
}

func elementwiseCases() []Case {
	shapes := []graph.Shape{{}, {1}, {7}, {33, 5}, {2, 3, 4, 17}}
	var cases []Case
	for _, r := range graph.Rows() {
		if r.Class != graph.Elementwise || r.Op == graph.OpCast {
			continue
		}
		for _, d := range allTypes {
			if !takes(&r, d) {
				continue
			}
			for _, s := range shapes {
				cases = append(cases, elementwiseCase(&r, d, s, false))
			}
			cases = append(cases, elementwiseCase(&r, d, graph.Shape{70001}, true))
		}
	}
	return append(cases, specialCases()...)
}

func elementwiseCase(r *graph.Row, d graph.DType, s graph.Shape, isLarge bool) Case {
	return Case{Name: fmt.Sprintf("%s/%s/%s", r.Name, at(s), d), Large: isLarge, build: func(m *maker) {
		dom := domainOf(r, d)
		m.out(example(r, d, func(_ int, of graph.DType) *graph.Node { return m.in(of, s, dom) }))
	}}
}

// specialCases hold values that the domains leave out: kinks, ends of ranges,
// large arguments, infinities and NaNs.
func specialCases() []Case {
	inf, nan := math.Inf(1), math.NaN()
	one := func(name string, f func(*graph.Node) *graph.Node, d graph.DType, x ...float64) Case {
		return Case{Name: name + "/" + d.String(), build: func(m *maker) { m.out(f(m.feed(list(d, x...)))) }}
	}
	var cases []Case
	for _, d := range floats {
		cases = append(cases,
			one("LeakyRelu/kink", func(x *graph.Node) *graph.Node { return graph.LeakyRelu(x, .25) }, d, 0, -1, 1, math.Copysign(0, -1), 64, -64),
			one("LeakyRelu/relu", graph.Relu, d, 0, -1, 1, 5, -7),
			one("Sign/zero", graph.Sign, d, 0, -3, 3, inf, -inf),
			one("Floor/whole", graph.Floor, d, 0, -1, 1, 1.5, -1.5, 2.75, -.25),
			one("IsFinite/all", graph.IsFinite, d, 0, nan, inf, -inf, 1e30, -1),
			one("Exp/range", graph.Exp, d, -80, -20, -1, 0, 1, 20, 80),
			one("Log/range", graph.Log, d, 0x1p-60, .5, 1, 2, 0x1p60),
			one("Log1p/range", graph.Log1p, d, 0x1p-30, -.5, 0, 1, 1000),
			one("Tanh/range", graph.Tanh, d, -50, -5, -.0078125, 0, .0078125, 5, 50),
			one("Sigmoid/range", graph.Sigmoid, d, -80, -20, 0, 20, 80),
			one("Softplus/range", graph.Softplus, d, -80, -20, 0, 20, 80),
			one("Erf/range", graph.Erf, d, -5, -3, -.0078125, 0, .0078125, 3, 5),
			one("Sin/range", graph.Sin, d, -100, -10, 0, 10, 100),
			one("Cos/range", graph.Cos, d, -100, -10, 0, 10, 100),
			one("Rsqrt/range", graph.Rsqrt, d, 0x1p-60, 1e-4, 1, 0x1p60),
			pairs("Less/unordered", graph.Less, d, []float64{1, nan, nan, inf, -inf, 0}, []float64{nan, 1, nan, 1, 1, math.Copysign(0, -1)}),
			pairs("LessEqual/unordered", graph.LessEqual, d, []float64{1, nan, nan, inf, inf, 0}, []float64{nan, 1, nan, inf, 1, math.Copysign(0, -1)}),
			pairs("Equal/unordered", graph.Equal, d, []float64{1, nan, nan, inf, inf, 0}, []float64{nan, 1, nan, inf, 1, math.Copysign(0, -1)}),
			pairs("Add/unordered", graph.Add, d, []float64{nan, 1, inf, inf}, []float64{1, nan, 1, -inf}),
			pairs("Mul/unordered", graph.Mul, d, []float64{nan, 0, inf, -2}, []float64{1, inf, 2, inf}),
			pairs("Pow/range", graph.Pow, d, []float64{.5, 2, 10, 1, 3}, []float64{10, -10, 2, 50, 0}),
			one("Add/itself", func(x *graph.Node) *graph.Node { return graph.Add(x, x) }, d, 1, 2, 3),
			one("Mul/itself", graph.Square, d, 1, -2, 3))
	}
	const lowest, highest = math.MinInt32, math.MaxInt32
	return append(cases,
		pairs("Add/wraps", graph.Add, graph.I32, []float64{highest, lowest, 5}, []float64{1, -1, -7}),
		pairs("Sub/wraps", graph.Sub, graph.I32, []float64{highest, lowest, 5}, []float64{-1, 1, -7}),
		pairs("Mul/wraps", graph.Mul, graph.I32, []float64{1 << 20, -3, 65537}, []float64{1 << 13, 7, 65537}),
		pairs("Div/truncates", graph.Div, graph.I32, []float64{7, -7, 7, -7, 0}, []float64{2, 2, -2, -2, 3}))
}

func pairs(name string, f func(x, y *graph.Node) *graph.Node, d graph.DType, x, y []float64) Case {
	return Case{Name: name + "/" + d.String(), build: func(m *maker) { m.out(f(m.feed(list(d, x...)), m.feed(list(d, y...)))) }}
}

// castCases go from every type to every other: whole numbers, fractions, and
// for bf16 the ties and overflows of rounding. Floats outside of an integer
// type's range, and integers outside of a smaller one's, are left open.
func castCases() []Case {
	var cases []Case
	for _, from := range allTypes {
		for _, to := range allTypes {
			if from == to {
				continue
			}
			dom := graph.Domain{Lo: -100, Hi: 100}
			if to == graph.U8 {
				dom.Lo = 0
			}
			cases = append(cases, Case{Name: fmt.Sprintf("Cast/%s/%s", to, from), build: func(m *maker) {
				m.out(graph.Cast(m.in(from, graph.Shape{37, 3}, dom), to))
			}})
		}
	}
	ties := []float64{1.00390625, 1.01171875, 1 + 0x1p-8 + 0x1p-20, 3.4e38, -0., 0x1p-130, math.Inf(1), math.NaN()}
	return append(cases,
		Case{Name: "Cast/ties/f32", build: func(m *maker) {
			x, err := reference.From(graph.F32, graph.Shape{len(ties)}, ties)
			if err != nil {
				panic(err)
			}
			m.out(graph.Cast(m.feed(x), graph.BF16))
		}},
		Case{Name: "Cast/there_and_back/f32", build: func(m *maker) {
			m.out(graph.Cast(graph.Cast(m.in(graph.F32, graph.Shape{70}, large), graph.BF16), graph.F32))
		}})
}
