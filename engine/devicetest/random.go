package devicetest

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
)

// randomPrograms is how many programs are drawn; the large ones come last.
const randomPrograms, smallRandomPrograms = 80, 20

// randomCases are programs that nobody thought of: operators of all classes on
// values of a few shapes, each drawn from the case's name.
func randomCases() []Case {
	var cases []Case
	for i := range randomPrograms {
		d := floats[i%3]
		cases = append(cases, Case{Name: fmt.Sprintf("Random/%d/%s", i, d), Large: i >= smallRandomPrograms, build: func(m *maker) {
			g := &grower{maker: m, d: d}
			for range 3 {
				g.add(m.in(d, g.shape(), unit))
			}
			for range 12 + m.rng.IntN(25) {
				g.grow()
			}
			g.finish()
		}})
	}
	return cases
}

// A grower holds the values made so far; all are smooth functions of moderate
// size, so that errors stay small.
type grower struct {
	*maker
	d      graph.DType
	values []*graph.Node
	used   map[*graph.Node]bool
}

func (g *grower) add(x *graph.Node) { g.values = append(g.values, x) }

func (g *grower) shape() graph.Shape {
	shapes := []graph.Shape{{4, 6}, {6, 4}, {2, 3, 4}, {24}, {5, 1, 6}}
	return shapes[g.rng.IntN(len(shapes))]
}

// pick prefers recent values, so that chains become long.
func (g *grower) pick() *graph.Node {
	i := len(g.values) - 1 - min(g.rng.IntN(len(g.values)), g.rng.IntN(len(g.values)))
	if g.used == nil {
		g.used = map[*graph.Node]bool{}
	}
	g.used[g.values[i]] = true
	return g.values[i]
}

func (g *grower) grow() {
	x := g.pick()
	if x.Shape.Size() > 3000 {
		x = graph.ReduceMax(x, g.axis(x))
	}
	switch g.rng.IntN(10) {
	case 0, 1:
		f := []func(*graph.Node) *graph.Node{graph.Tanh, graph.Sigmoid, graph.Sin, graph.Softplus, graph.Neg, graph.Abs,
			func(x *graph.Node) *graph.Node { return graph.LeakyRelu(x, .2) }}
		g.add(f[g.rng.IntN(len(f))](x))
	case 2, 3, 4:
		g.add(g.combine(x))
	case 5:
		g.add(g.move(x))
	case 6:
		g.add(g.resize(x))
	case 7:
		g.add(g.reduce(x))
	case 8:
		g.add(g.multiply(x))
	default:
		a := g.axis(x)
		g.add(graph.Broadcast(graph.Tanh(graph.ReduceSum(x, a)), x.Shape))
	}
}

func (g *grower) axis(x *graph.Node) int {
	if len(x.Shape) == 0 {
		return 0
	}
	return g.rng.IntN(len(x.Shape))
}

// combine joins x with another value where the shapes allow it, or with itself.
func (g *grower) combine(x *graph.Node) *graph.Node {
	y := g.pick()
	if !y.Shape.Equal(x.Shape) {
		y = graph.Scale(x, .5)
		if row := x.Shape[len(x.Shape)-1:]; g.rng.IntN(2) == 0 {
			y = g.in(g.d, row, unit)
		}
	}
	switch g.rng.IntN(5) {
	case 0:
		return graph.Add(x, graph.Scale(y, .5))
	case 1:
		return graph.Mul(graph.Tanh(x), y)
	case 2:
		return graph.Max(x, y)
	case 3:
		return graph.Select(graph.Less(x, y), graph.Shift(x, 1), y)
	}
	return graph.Sub(y, x)
}

func (g *grower) move(x *graph.Node) *graph.Node {
	a := g.axis(x)
	switch g.rng.IntN(3) {
	case 0:
		perm := g.rng.Perm(len(x.Shape))
		return graph.Transpose(x, perm...)
	case 1:
		return graph.Reverse(x, a)
	}
	return graph.Reshape(x, graph.Shape{x.Shape.Size() / x.Shape[a], x.Shape[a]})
}

func (g *grower) resize(x *graph.Node) *graph.Node {
	a, zeros := g.axis(x), make([]int, len(x.Shape))
	switch g.rng.IntN(3) {
	case 0:
		low, high := slices.Clone(zeros), slices.Clone(zeros)
		low[a], high[a] = g.rng.IntN(3), g.rng.IntN(2)
		return graph.Pad(x, low, high)
	case 1:
		if x.Shape[a] < 3 {
			return graph.Concat(a, x, x)
		}
		start, size := slices.Clone(zeros), slices.Clone(x.Shape)
		start[a], size[a] = 1, x.Shape[a]-2
		return graph.Slice(x, start, nil, size)
	}
	return graph.Concat(a, x, graph.Neg(x))
}

func (g *grower) reduce(x *graph.Node) *graph.Node {
	if g.rng.IntN(2) == 0 {
		return graph.ReduceMax(x, g.axis(x))
	}
	return graph.Mean(x, g.axis(x))
}

// multiply is a matrix product of x's rows with fresh weights.
func (g *grower) multiply(x *graph.Node) *graph.Node {
	k := x.Shape[len(x.Shape)-1]
	rows := graph.Reshape(x, graph.Shape{x.Shape.Size() / k, k})
	return graph.Scale(graph.MatMul(rows, g.in(g.d, graph.Shape{k, 4}, unit)), 1/float64(k))
}

// finish makes an output of what nothing used, and a gradient for every second
// program.
func (g *grower) finish() {
	var total *graph.Node
	for _, x := range g.values {
		if g.used[x] {
			continue
		}
		g.out(x)
		if mean := graph.Average(graph.Tanh(x)); total == nil {
			total = mean
		} else {
			total = graph.Add(total, mean)
		}
	}
	if g.rng.IntN(2) == 0 && total != nil {
		g.out(graph.Gradients(total, nil, g.values[0], g.values[1])...)
	}
}
