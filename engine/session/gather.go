package session

import (
	"gorgonia.org/tensor"

	"ganengine/engine/graph"
)

// Gatherer collects rows of one output over several runs of a program, in host memory of
// its own: results are soon written over.
type Gatherer struct {
	output int
	row    graph.Shape
	array  *tensor.Dense
	n      int
}

// Gather makes room for n rows of the output at index i of Graph.Outputs, whose first
// axis is that of rows.
func (p *Program) Gather(i, n int) *Gatherer {
	out := p.Graph.Outputs[i].Value
	row := out.Shape[1:]
	return &Gatherer{output: i, row: row, array: tensor.New(tensor.Of(dtypes[out.DType]), tensor.WithShape(append([]int{n}, row...)...))}
}

// Add appends the first n rows of a run, which was waited for.
func (g *Gatherer) Add(r *Result, n int) {
	bytes := len(g.array.Raw) / g.array.Shape()[0]
	copy(g.array.Raw[g.n*bytes:], r.Bytes(g.output)[:n*bytes])
	g.n += n
}

// Len is how many rows there are.
func (g *Gatherer) Len() int { return g.n }

// Array is what was gathered, [n, ...].
func (g *Gatherer) Array() *tensor.Dense { return g.array }
