package devicetest

import (
	"fmt"
	"math"

	"ganengine/engine/graph"
)

// variableCases: a Read gives the value at program start whatever is stored
// later, an Update whose condition is false changes nothing, and neighbours
// are left alone.
func variableCases() []Case {
	var cases []Case
	for _, when := range []float64{0, 1} {
		for _, d := range movementTypes {
			for _, s := range []graph.Shape{{}, {5}, {9, 7}} {
				cases = append(cases, Case{Name: fmt.Sprintf("Update/when%g_%s/%s", when, at(s), d), build: func(m *maker) {
					m.variable("before", d, s, large)
					v := m.variable("v", d, s, large)
					m.variable("after", d, s, large)
					m.b.Update(v, m.in(d, s, large), m.feed(scalar(graph.Bool, when)))
				}})
			}
		}
		cases = append(cases, Case{Name: fmt.Sprintf("Update/sgd_when%g/f32", when), build: func(m *maker) { sgd(m, when) }},
			Case{Name: fmt.Sprintf("Update/adam_when%g/f32", when), build: func(m *maker) { adam(m, when, graph.Shape{13, 5}) }})
	}
	poisoned := func(bad float64) func(m *maker) {
		return func(m *maker) {
			flag := m.holding("finite", scalar(graph.Bool, 1))
			v := m.variable("v", graph.F32, graph.Shape{3}, unit)
			count := m.holding("count", scalar(graph.I32, 4))
			x := m.feed(list(graph.F32, 1, bad, 2))
			m.b.Update(v, graph.Add(m.b.Read(v), x), nil)
			m.b.Update(count, graph.Add(m.b.Read(count), m.b.Const(graph.I32, 1)), nil)
			m.b.GuardUpdates(flag, x, graph.Total(m.b.Read(v)))
		}
	}
	return append(cases,
		Case{Name: "Update/guard_finite/f32", build: poisoned(5)},
		Case{Name: "Update/guard_nan/f32", build: poisoned(math.NaN())},
		Case{Name: "Update/guard_infinity/f32", build: poisoned(math.Inf(-1))},
		Case{Name: "Update/guard_stays_down/f32", build: func(m *maker) {
			flag := m.holding("finite", scalar(graph.Bool, 0))
			v := m.variable("v", graph.F32, graph.Shape{3}, unit)
			x := m.in(graph.F32, graph.Shape{3}, unit)
			m.b.Update(v, x, nil)
			m.b.GuardUpdates(flag, x)
		}},
		Case{Name: "Update/swap/f32", build: swap},
		Case{Name: "Update/rotate/f32", build: rotate},
		Case{Name: "Update/read_after/f32", build: readAfter},
		Case{Name: "Update/constant/f32", build: func(m *maker) {
			v := m.variable("v", graph.F32, graph.Shape{4, 3}, unit)
			m.b.Update(v, graph.Broadcast(m.b.Const(graph.F32, 7), v.Shape), nil)
		}},
		Case{Name: "Update/copies_one_node/f32", build: func(m *maker) {
			v, w := m.variable("v", graph.F32, graph.Shape{4, 3}, unit), m.variable("w", graph.F32, graph.Shape{4, 3}, unit)
			x := graph.Tanh(graph.Add(m.b.Read(v), m.b.Read(w)))
			m.b.Update(v, x, nil)
			m.b.Update(w, x, m.feed(scalar(graph.Bool, 1)))
			m.out(x)
		}},
		Case{Name: "Update/average/f32", build: func(m *maker) { // of many small parameters, as one optimiser step
			for i := range 6 {
				w := m.variable(fmt.Sprintf("w%d", i), graph.F32, graph.Shape{i + 1, 7}, unit)
				mean := m.variable(fmt.Sprintf("mean%d", i), graph.F32, w.Shape, unit)
				m.b.Update(mean, graph.Add(graph.Scale(m.b.Read(mean), .99), graph.Scale(m.b.Read(w), .01)), nil)
			}
		}},
		Case{Name: "Update/adam_60x500/f32", Large: true, build: func(m *maker) { adam(m, 1, graph.Shape{60, 500}) }})
}

func swap(m *maker) {
	v, w := m.variable("v", graph.F32, graph.Shape{9}, unit), m.variable("w", graph.F32, graph.Shape{9}, unit)
	m.b.Update(v, m.b.Read(w), nil)
	m.b.Update(w, m.b.Read(v), nil)
}

// rotate moves three values round, each a little changed, under a condition.
func rotate(m *maker) {
	var v [3]*graph.Variable
	for i := range v {
		v[i] = m.variable(fmt.Sprintf("v%d", i), graph.F32, graph.Shape{5, 5}, unit)
	}
	on := m.feed(scalar(graph.Bool, 1))
	for i := range v {
		m.b.Update(v[i], graph.Scale(m.b.Read(v[(i+1)%3]), 2), on)
	}
}

// readAfter needs the old value in kernels that run after the new one is known.
func readAfter(m *maker) {
	v := m.variable("v", graph.F32, graph.Shape{6, 6}, unit)
	next := graph.Add(m.b.Read(v), graph.Exp(m.in(graph.F32, graph.Shape{6, 6}, unit)))
	m.b.Update(v, next, nil)
	product := graph.MatMul(next, m.b.Read(v))
	m.out(product, m.b.Read(v), graph.Sub(graph.ReduceSum(product, 0), m.b.Read(v)))
}

func sgd(m *maker, when float64) {
	w := m.variable("w", graph.F32, graph.Shape{6, 4}, unit)
	x, y := m.in(graph.F32, graph.Shape{10, 6}, unit), m.in(graph.F32, graph.Shape{10, 4}, unit)
	loss := graph.Average(graph.Square(graph.Sub(graph.MatMul(x, m.b.Read(w)), y)))
	g := graph.Gradients(loss, nil, m.b.Read(w))[0]
	m.b.Update(w, graph.Sub(m.b.Read(w), graph.Scale(g, .1)), m.feed(scalar(graph.Bool, when)))
	m.out(loss)
}

// adam is one step of Kingma and Ba 2015 with bias correction from a counter,
// for two parameters, and their average; the rate is large so that the step shows.
func adam(m *maker, when float64, s graph.Shape) {
	b, d := m.b, graph.F32
	on := m.feed(scalar(graph.Bool, when))
	steps := m.holding("steps", scalar(graph.I32, 3))
	next := graph.Add(b.Read(steps), b.Const(graph.I32, 1))
	b.Update(steps, next, on)
	t := graph.Cast(next, d)
	correction := func(beta float64) *graph.Node {
		return graph.Sub(b.Const(d, 1), graph.Pow(b.Const(d, beta), t))
	}
	for i := range 2 {
		name := func(s string) string { return fmt.Sprintf("p%d/%s", i, s) }
		w, g := m.variable(name("w"), d, s, unit), m.in(d, s, unit)
		m1, m2 := m.variable(name("m"), d, s, unit), m.variable(name("v"), d, s, graph.Domain{Lo: .1, Hi: 1})
		mean := m.variable(name("mean"), d, s, unit)
		first := graph.Add(graph.Scale(b.Read(m1), .5), graph.Scale(g, .5))
		second := graph.Add(graph.Scale(b.Read(m2), .999), graph.Scale(graph.Square(g), .001))
		step := graph.Div(graph.Div(first, correction(.5)), graph.Shift(graph.Sqrt(graph.Div(second, correction(.999))), 1e-8))
		newW := graph.Sub(b.Read(w), graph.Scale(step, .05))
		b.Update(m1, first, on)
		b.Update(m2, second, on)
		b.Update(w, newW, on)
		b.Update(mean, graph.Add(graph.Scale(b.Read(mean), .999), graph.Scale(newW, .001)), on)
	}
}
