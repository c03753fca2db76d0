package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// garden grows a program at random from bounded operators, so that no value
// gets large enough to hide an error.
type garden struct {
	*graph.Builder
	*rand.Rand
	rows, cols int
	nodes      []*graph.Node // of full size
	narrow     []*graph.Node // shapes that broadcast to it
}

func (g *garden) pick(list []*graph.Node) *graph.Node { return list[g.IntN(len(list))] }

// any is a node that broadcasts to full size, of type d.
func (g *garden) any(d graph.DType) *graph.Node {
	n := g.pick(g.nodes)
	if g.IntN(3) == 0 {
		n = g.pick(g.narrow)
	}
	return graph.Cast(n, d)
}

func (g *garden) grow(d graph.DType) {
	full := graph.Shape{g.rows, g.cols}
	x, y := g.any(d), g.any(d)
	var n *graph.Node
	switch g.IntN(14) {
	case 0, 1:
		n = graph.Scale(graph.Add(x, y), .5)
	case 2:
		n = graph.Mul(x, graph.Tanh(y))
	case 3:
		n = graph.Sub(graph.Max(x, y), graph.Min(x, y))
	case 4:
		n = graph.Sigmoid(graph.LeakyRelu(x, .2))
	case 5:
		n = graph.Select(graph.Less(x, y), graph.Neg(x), graph.Abs(y))
	case 6:
		n = graph.Reshape(graph.Sin(graph.Reshape(graph.Broadcast(x, full), graph.Shape{g.rows * g.cols})), full)
	case 7:
		n = graph.Transpose(graph.Reshape(graph.Broadcast(x, full), graph.Shape{g.cols, g.rows}), 1, 0)
	case 8:
		g.narrow = append(g.narrow, graph.Tanh(graph.ReduceSum(graph.Broadcast(x, full), g.IntN(2))))
		return
	case 9:
		g.narrow = append(g.narrow, graph.Tanh(graph.Total(graph.Broadcast(x, full))))
		return
	case 10:
		g.narrow = append(g.narrow, graph.ReduceMax(graph.Broadcast(x, full), g.IntN(2)))
		return
	case 11:
		if g.cols > 100 {
			return // the reference would take seconds
		}
		m := graph.MatMulT(graph.Broadcast(x, full), graph.Broadcast(y, full), true, false)
		n = graph.Tanh(graph.MatMul(graph.Broadcast(y, full), graph.Scale(m, .01)))
	case 12:
		n = graph.Add(graph.Scale(graph.Cast(graph.Cast(graph.Scale(x, 20), graph.I32), d), .01), y)
	case 13:
		n = graph.Cast(graph.Floor(graph.Scale(graph.Cast(x, graph.F64), 3)), d)
	}
	g.nodes = append(g.nodes, graph.Broadcast(n, full))
}

// randomProgram has Variables of full and small size, updates under conditions,
// and outputs.
func randomProgram(t testing.TB, seed uint64, d graph.DType) *graph.Program {
	rng := rand.New(rand.NewPCG(seed, 2))
	vars := graph.NewVars()
	rows, cols := 1+rng.IntN(40), 1+rng.IntN(60)
	if rng.IntN(8) == 0 {
		rows, cols = 1+rng.IntN(8), 900+rng.IntN(1500)
	}
	var full, small []*graph.Variable
	for i := range 3 {
		full = append(full, variable(vars, fmt.Sprintf("full%d", i), d, rows, cols))
		small = append(small, variable(vars, fmt.Sprintf("small%d", i), d, 1, cols))
	}
	ok := variable(vars, "ok", graph.Bool)
	return program(t, vars, func(b *graph.Builder) {
		g := &garden{Builder: b, Rand: rng, rows: rows, cols: cols}
		g.nodes = []*graph.Node{b.Input("x", d, graph.Shape{rows, cols})}
		for i := range full {
			g.nodes, g.narrow = append(g.nodes, graph.Tanh(b.Read(full[i])), b.Read(full[i])), append(g.narrow, b.Read(small[i]))
		}
		g.narrow = append(g.narrow, b.Const(d, .3))
		for range 4 + rng.IntN(30) {
			g.grow(d)
		}
		when := graph.Reshape(graph.Less(graph.Total(g.any(d)), b.Const(d, rng.NormFloat64())), graph.Shape{})
		for i := range full {
			var w *graph.Node
			if rng.IntN(2) == 0 {
				w = when
			}
			b.Update(full[i], graph.Cast(g.pick(g.nodes), d), w)
			b.Update(small[i], graph.ReduceSum(graph.Scale(graph.Cast(g.pick(g.nodes), d), 1/float64(rows)), 0), w)
		}
		b.GuardUpdates(ok, g.any(d))
		for i := range 1 + rng.IntN(3) {
			b.Output(fmt.Sprintf("y%d", i), g.any(d))
		}
	})
}

// TestRandomPrograms: whatever clusters a program falls into, its values are
// the reference's.
func TestRandomPrograms(t *testing.T) {
	const programs = 30
	for name, opt := range options() {
		t.Run(name, func(t *testing.T) {
			d := open(t, opt)
			for seed := range uint64(programs) {
				for dtype, tol := range map[graph.DType]float64{graph.F32: 2e-3, graph.F64: 1e-11} {
					p := randomProgram(t, seed, dtype)
					if err := fuse.Make(graph.Simplify(p), fuse.Options{NoFuse: opt.Switches.NoFuse}).Verify(); err != nil {
						t.Fatal(err)
					}
					r := build(t, d, p, seed)
					r.check(tol)
					r.check(tol)
					r.release()
					if t.Failed() {
						t.Fatalf("seed %d, %s\n%s", seed, dtype, p.Text())
					}
				}
			}
		})
	}
}

// release frees a rig's memory.
func (r *rig) release() {
	for _, m := range r.vars {
		m.Free()
	}
	for _, m := range append(r.inputs, r.outputs...) {
		m.Free()
	}
	r.arena.Free()
}
