package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

// drawCases must give philox's bits: draws have no permitted error.
func drawCases() []Case {
	type drawing func(b *graph.Builder, stream string, d graph.DType, s graph.Shape) *graph.Node
	type seeded func(b *graph.Builder, stream string, d graph.DType, s graph.Shape, seeds *graph.Node) *graph.Node
	fresh := map[string]drawing{"Uniform": (*graph.Builder).Uniform, "Normal": (*graph.Builder).Normal}
	bySeed := map[string]seeded{"Uniform": (*graph.Builder).UniformBySeed, "Normal": (*graph.Builder).NormalBySeed}
	var cases []Case
	for _, op := range []string{"Uniform", "Normal"} {
		for _, d := range []graph.DType{graph.F32, graph.F64} {
			for _, s := range []graph.Shape{{1}, {5}, {3, 1}, {2, 7}, {3, 4, 5}, {2, 1030}, {128, 100}, {2050, 6}} {
				cases = append(cases,
					Case{Name: fmt.Sprintf("%s/%s/%s", op, at(s), d), build: func(m *maker) {
						m.random(-1, 7, 41)
						m.out(fresh[op](m.b, "g/z", d, s))
					}},
					Case{Name: fmt.Sprintf("%s/%s_by_seed/%s", op, at(s), d), build: func(m *maker) {
						m.out(bySeed[op](m.b, "g/z", d, s, m.in(graph.I32, s[:1], large)))
					}})
			}
		}
		cases = append(cases, Case{Name: op + "/two_streams/f32", build: func(m *maker) {
			m.random(3, 0, 0)
			s := graph.Shape{4, 6}
			x, y := fresh[op](m.b, "x", graph.F32, s), fresh[op](m.b, "y", graph.F32, s)
			m.out(x, y, graph.Sub(x, y)) // used by a cluster and in memory
		}}, Case{Name: op + "/no_run_number/f32", build: func(m *maker) {
			seed := m.holding("seed", list(graph.I32, 3, -4))
			m.b.UseRandom(&graph.Random{Seed: seed})
			m.out(fresh[op](m.b, "x", graph.F32, graph.Shape{4, 6}))
		}}, Case{Name: op + "/transformed/f32", build: func(m *maker) {
			m.random(5, 6, 2)
			x := fresh[op](m.b, "x", graph.F32, graph.Shape{6, 4, 3})
			m.out(graph.ReduceSum(graph.Scale(x, .5), 1), graph.Transpose(x, 2, 0, 1), graph.Slice(x, []int{2, 1, 0}, nil, []int{2, 3, 3}))
		}})
	}
	return cases
}

// random lets the program draw with the given seed words and run number.
func (m *maker) random(low, high, run float64) {
	m.b.UseRandom(&graph.Random{
		Seed: m.holding("random/seed", list(graph.I32, low, high)),
		Run:  m.holding("random/run", scalar(graph.I32, run)),
	})
}
