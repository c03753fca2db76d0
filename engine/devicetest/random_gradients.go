package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

// randomGradientCases are functions that nobody thought of: smooth operators of all
// classes in a row, which share operands, drawn from the case's name. Rules that are
// right one by one meet here, and meet gradients that the function itself contains.
func randomGradientCases() []GradientCase {
	var cases []GradientCase
	for i := range 24 {
		cases = append(cases, GradientCase{Name: fmt.Sprintf("Gradient/Random/%d", i), Domain: unit,
			Shapes: []graph.Shape{{3, 4}, {4, 3}, {2, 3, 2}}, F: randomFunction})
	}
	return cases
}

// randomFunction grows values from the operands and adds up all that were left over,
// and the operands, so that none has no gradient.
func randomFunction(m *maker, xs []*graph.Node) *graph.Node {
	g := &grower{maker: m, d: graph.F64, values: xs}
	for range 8 + m.rng.IntN(8) {
		g.add(g.smooth(g.pick()))
	}
	var total *graph.Node
	for i, x := range g.values {
		if mean := graph.Average(graph.Square(x)); total == nil {
			total = mean
		} else if i < len(xs) || !g.used[x] {
			total = graph.Add(total, mean)
		}
	}
	return total
}

// smooth applies an operator that has all derivatives, and keeps numbers small.
func (g *grower) smooth(x *graph.Node) *graph.Node {
	if x.Shape.Size() > 60 {
		x = graph.Mean(x, g.axis(x))
	}
	a := g.axis(x)
	switch g.rng.IntN(9) {
	case 0:
		f := []func(*graph.Node) *graph.Node{graph.Tanh, graph.Sigmoid, graph.Sin, graph.Cos, graph.Softplus, graph.Erf, graph.Neg}
		return f[g.rng.IntN(len(f))](x)
	case 1, 2:
		y := g.pick()
		if !y.Shape.Equal(x.Shape) {
			y = graph.Mean(x, a)
		}
		f := []func(x, y *graph.Node) *graph.Node{graph.Add, graph.Sub, graph.Mul,
			func(x, y *graph.Node) *graph.Node { return graph.Div(x, graph.Shift(graph.Square(y), 1)) }}
		return f[g.rng.IntN(len(f))](graph.Tanh(x), y)
	case 3:
		return g.move(x)
	case 4:
		return g.resize(x)
	case 5:
		return g.multiply(x)
	case 6:
		return graph.Broadcast(graph.Mean(x, a), x.Shape)
	case 7:
		return graph.Normalize(x, .1, a)
	}
	// A gradient of the function so far, as penalties have.
	of := g.values[0]
	return graph.Gradients(graph.Average(graph.Softplus(x)), nil, of)[0]
}
