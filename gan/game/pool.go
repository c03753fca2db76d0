package game

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// Pool is samples of earlier runs, which stand in for some of the new ones (Shrivastava
// et al. 2017, arXiv 1612.07828).
type Pool struct {
	name string
	rows *graph.Variable // [size, ...]
	held *graph.Variable // i32 []: rows that were filled, from the first on
}

// Pool declares a pool of so many samples of a shape. It is state, and empty at first.
func (s *Setup) Pool(name string, size int, shape graph.Shape) *Pool {
	return &Pool{name, s.State(name, append(graph.Shape{size}, shape...), s.Float, nn.Constant(0)), s.State(name+".held", nil, graph.I32, nn.Constant(0))}
}

// Swap gives x [n, ...], of at most the pool's size, with some rows replaced by earlier
// ones, as data. While there is room, rows fill the pool in order and stay as they are.
// Each other one changes places with a row of the pool with probability one half: row i
// with row (start+i) mod size, where the batch draws start, so that no two meet one row.
func (t *Turn) Swap(p *Pool, x *graph.Node) *graph.Node {
	size, n := p.rows.Shape[0], x.Shape[0]
	if n > size {
		fail("Swap", "a batch of %d does not fit into pool %s of %d", n, p.name, size)
	}
	b, x := t.B, graph.StopGradient(x)
	number := func(v int) *graph.Node { return b.Const(graph.I32, float64(v)) }
	column := func(v *graph.Node) *graph.Node { // of the rows of x or the pool
		s := graph.Shape{v.Shape[0]}
		for range x.Shape[1:] {
			s = append(s, 1)
		}
		return graph.Reshape(v, s)
	}
	held, rows := t.Get(p.held), t.Get(p.rows)
	u := graph.Reshape(t.Uniform(p.name+".start", graph.Shape{1}), nil)
	drawn := graph.Cast(graph.Floor(graph.Scale(u, float64(size))), graph.I32)
	start := graph.Select(graph.Less(held, number(size)), held, graph.Min(drawn, number(size-1)))
	coins := t.Uniform(p.name+".coins", graph.Shape{n})

	fills := column(graph.Less(b.Iota(n), graph.Sub(number(size), held)))
	swaps := graph.And(graph.Not(fills), column(graph.Less(coins, b.Const(coins.DType, .5))))
	met := graph.Add(start, b.Iota(n)) // rows of the pool that those of x meet
	met = graph.Select(graph.Less(met, number(size)), met, graph.Sub(met, number(size)))
	by := graph.Sub(b.Iota(size), start) // and the other way round: n or more is none
	by = graph.Select(graph.Less(by, number(0)), graph.Add(by, number(size)), by)

	enters := graph.Gather(graph.Cast(graph.Or(fills, swaps), graph.I32), by)
	enters = graph.And(graph.Equal(enters, number(1)), column(graph.Less(by, number(n))))
	t.Set(p.rows, graph.Select(enters, graph.Gather(x, by), rows))
	t.Set(p.held, graph.Min(graph.Add(held, number(n)), number(size)))
	return graph.Select(swaps, graph.Gather(rows, met), x)
}
