package devicetest

import (
	"slices"

	"ganengine/engine/graph"
)

// GradientCases has every differentiable operator, every composite, and
// programs in which they meet.
func GradientCases() []GradientCase {
	return slices.Concat(elementwiseGradients(), movementGradients(), productGradients(), normGradients(), resampleGradients(), programGradients(), randomGradientCases())
}

// function builds a value of the operands without anything else.
func function(f func(x []*graph.Node) *graph.Node) func(*maker, []*graph.Node) *graph.Node {
	return func(_ *maker, xs []*graph.Node) *graph.Node { return f(xs) }
}

func elementwiseGradients() []GradientCase {
	s := graph.Shape{3, 4}
	var cases []GradientCase
	for _, r := range graph.Rows() {
		switch r.Op {
		case graph.OpStopGradient, // not the derivative, by definition
			graph.OpIsFinite, graph.OpLess, graph.OpLessEqual, graph.OpEqual, // no numbers
			graph.OpSelect, graph.OpCast: // below
			continue
		}
		if r.Class == graph.Elementwise && r.Differentiable() {
			cases = append(cases, GradientCase{Name: "Gradient/" + r.Name, Domain: r.Domain, Shapes: slices.Repeat([]graph.Shape{s}, r.Arity),
				F: function(func(x []*graph.Node) *graph.Node { return r.Example(x...) })})
		}
	}
	one := []graph.Shape{s}
	return append(cases,
		GradientCase{Name: "Gradient/Select", Shapes: []graph.Shape{s, s}, Domain: unit, F: func(m *maker, x []*graph.Node) *graph.Node {
			return graph.Square(graph.Select(m.in(graph.Bool, s, unit), x[0], x[1]))
		}},
		// Comparisons and signs count as constants: a step function of an exact value.
		GradientCase{Name: "Gradient/Less", Shapes: []graph.Shape{s, s}, Domain: unit, F: function(func(x []*graph.Node) *graph.Node {
			return graph.Mul(graph.Cast(graph.Less(x[0], x[1]), graph.F64), graph.Square(x[0]))
		})},
		GradientCase{Name: "Gradient/LessEqual", Shapes: []graph.Shape{s, s}, Domain: unit, F: function(func(x []*graph.Node) *graph.Node {
			return graph.Select(graph.LessEqual(x[0], x[1]), graph.Square(x[0]), graph.Mul(x[0], x[1]))
		})},
		// A cast to f32 leaves 7 digits, so steps are large; all but the cast is of second degree.
		GradientCase{Name: "Gradient/Cast", Shapes: one, Domain: unit, Step: .25, Slack: 1e3, F: function(func(x []*graph.Node) *graph.Node {
			return graph.Cast(graph.Square(graph.Cast(x[0], graph.F32)), graph.F64)
		})},
		GradientCase{Name: "Gradient/itself", Shapes: one, Domain: unit, F: function(func(x []*graph.Node) *graph.Node {
			return graph.Mul(graph.Mul(x[0], x[0]), graph.Add(x[0], x[0]))
		})},
		GradientCase{Name: "Gradient/third_order", Shapes: one, Domain: unit, Order: 3, F: function(func(x []*graph.Node) *graph.Node {
			return graph.Mul(graph.Sigmoid(x[0]), graph.Exp(graph.Sin(x[0])))
		})})
}

// movementGradients square the result where it is linear, so that the second
// derivative is not zero.
func movementGradients() []GradientCase {
	var cases []GradientCase
	add := func(name string, f func(m *maker, x *graph.Node) *graph.Node, s ...int) {
		cases = append(cases, GradientCase{Name: "Gradient/" + name, Shapes: []graph.Shape{s}, Domain: unit,
			F: func(m *maker, x []*graph.Node) *graph.Node { return graph.Square(f(m, x[0])) }})
	}
	plain := func(f func(x *graph.Node) *graph.Node) func(*maker, *graph.Node) *graph.Node {
		return func(_ *maker, x *graph.Node) *graph.Node { return f(x) }
	}
	add("Reshape", plain(func(x *graph.Node) *graph.Node { return graph.Reshape(x, graph.Shape{3, 4}) }), 2, 6)
	add("Broadcast", plain(func(x *graph.Node) *graph.Node { return graph.Broadcast(x, graph.Shape{2, 3, 4}) }), 3, 1)
	add("Transpose", plain(func(x *graph.Node) *graph.Node { return graph.Transpose(x, 2, 0, 1) }), 2, 3, 4)
	add("Slice", plain(func(x *graph.Node) *graph.Node { return graph.Slice(x, []int{1, 0}, []int{1, 2}, []int{2, 3}) }), 4, 6)
	add("Pad", plain(func(x *graph.Node) *graph.Node {
		return graph.PadInner(x, graph.Padding{Low: []int{1, 0}, High: []int{0, 2}, Inner: []int{2, 1}})
	}), 2, 3)
	add("Concat", plain(func(x *graph.Node) *graph.Node { return graph.Concat(1, x, graph.Tanh(x), x) }), 2, 3)
	add("Reverse", plain(func(x *graph.Node) *graph.Node { return graph.Reverse(x, 0, 1) }), 2, 3)
	add("Gather", func(m *maker, x *graph.Node) *graph.Node { return graph.Gather(x, m.feed(list(graph.I32, 2, 0, 2, 7))) }, 3, 2)
	add("ScatterAdd", func(m *maker, x *graph.Node) *graph.Node {
		return graph.ScatterAdd(x, m.feed(list(graph.I32, 2, 0, 2, 7)), 3)
	}, 4, 2)
	add("ReduceSum", plain(func(x *graph.Node) *graph.Node { return graph.ReduceSum(x, 0, 2) }), 2, 3, 4)
	add("ReduceMax", plain(func(x *graph.Node) *graph.Node { return graph.ReduceMax(x, 1) }), 3, 5)
	add("Variance", plain(func(x *graph.Node) *graph.Node { return graph.Variance(x, 0) }), 5, 2)
	return cases
}

func productGradients() []GradientCase {
	var cases []GradientCase
	for t := range 4 {
		ta, tb := t&1 == 1, t&2 == 2
		a, b := graph.Shape{3, 4}, graph.Shape{4, 2}
		if ta {
			a = graph.Shape{4, 3}
		}
		if tb {
			b = graph.Shape{2, 4}
		}
		cases = append(cases, GradientCase{Name: "Gradient/MatMul/" + [...]string{"nn", "tn", "nt", "tt"}[t], Shapes: []graph.Shape{a, b}, Domain: unit,
			F: function(func(x []*graph.Node) *graph.Node { return graph.Tanh(graph.MatMulT(x[0], x[1], ta, tb)) })})
	}
	for _, g := range geometries() {
		if g.isLarge || g.n*g.h*g.w*g.k*g.c > 4000 {
			continue
		}
		conv := func(x []*graph.Node) *graph.Node { return graph.Conv2D(x[0], x[1], g.conv()) }
		o := graph.Conv{Stride: g.stride, PadLow: g.low, PadHigh: g.high, In: [2]int{g.h, g.w}, Kernel: [2]int{g.r, g.s}}.Out()
		image, filters, result := g.image(), g.filters(), graph.Shape{g.n, o[0], o[1], g.k}
		// The gradients of a convolution do not depend on where they are taken
		// along the operand that they belong to, which is a constant here.
		cases = append(cases,
			GradientCase{Name: "Gradient/Conv2D/" + g.name(), Shapes: []graph.Shape{image, filters}, Domain: unit,
				F: function(func(x []*graph.Node) *graph.Node { return graph.Tanh(conv(x)) })},
			GradientCase{Name: "Gradient/Conv2DInputGrad/" + g.name(), Shapes: []graph.Shape{result, filters}, Domain: unit,
				F: func(m *maker, x []*graph.Node) *graph.Node {
					at := m.in(graph.F64, image, unit)
					return graph.Tanh(graph.Gradients(conv([]*graph.Node{at, x[1]}), x[0], at)[0])
				}},
			GradientCase{Name: "Gradient/Conv2DFilterGrad/" + g.name(), Shapes: []graph.Shape{image, result}, Domain: unit,
				F: func(m *maker, x []*graph.Node) *graph.Node {
					at := m.in(graph.F64, filters, unit)
					return graph.Tanh(graph.Gradients(conv([]*graph.Node{x[0], at}), x[1], at)[0])
				}})
	}
	return cases
}

func normGradients() []GradientCase {
	s := graph.Shape{3, 2, 2, 3}
	var cases []GradientCase
	for _, kind := range []struct {
		name string
		axes []int
	}{{"batch", []int{0, 1, 2}}, {"instance", []int{1, 2}}, {"layer", []int{1, 2, 3}}} {
		name, axes := kind.name, kind.axes
		norm := func(x *graph.Node) *graph.Node { return graph.Normalize(x, .1, axes...) }
		cases = append(cases,
			GradientCase{Name: "Gradient/Normalize/" + name, Shapes: []graph.Shape{s}, Domain: unit, Order: 3,
				F: function(func(x []*graph.Node) *graph.Node { return norm(x[0]) })},
			GradientCase{Name: "Gradient/NormalizeGrad/" + name, Shapes: []graph.Shape{s, s}, Domain: unit,
				F: function(func(x []*graph.Node) *graph.Node { return graph.Gradients(norm(x[0]), x[1], x[0])[0] })},
			// The cotangent depends on the operand, or is the operand itself.
			GradientCase{Name: "Gradient/NormalizeGrad_dependent/" + name, Shapes: []graph.Shape{s}, Domain: unit,
				F: function(func(x []*graph.Node) *graph.Node { return graph.Gradients(norm(x[0]), graph.Exp(x[0]), x[0])[0] })},
			// The cotangent is a node that the rule's own value is made of: x less its mean.
			GradientCase{Name: "Gradient/NormalizeGrad_of_a_part/" + name, Shapes: []graph.Shape{s}, Domain: unit,
				F: function(func(x []*graph.Node) *graph.Node {
					centred := graph.Sub(x[0], graph.Mean(x[0], axes...))
					return graph.Gradients(norm(x[0]), centred, x[0])[0]
				})},
			GradientCase{Name: "Gradient/NormalizeGrad_of_itself/" + name, Shapes: []graph.Shape{s}, Domain: unit,
				F: function(func(x []*graph.Node) *graph.Node { return graph.Gradients(norm(x[0]), x[0], x[0])[0] })})
	}
	return cases
}

func programGradients() []GradientCase {
	images := graph.Shape{2, 6, 6, 2}
	w1, w2 := graph.Shape{3, 4, 4, 2}, graph.Shape{1, 3, 3, 3}
	return []GradientCase{
		{Name: "Gradient/Program/penalty", Shapes: []graph.Shape{images, w1, w2}, Domain: unit, F: function(func(x []*graph.Node) *graph.Node {
			h := graph.Tanh(graph.Conv2D(x[0], x[1], halve))
			g := graph.Gradients(graph.Total(graph.Conv2D(h, x[2], keep)), nil, x[0])[0]
			return graph.Square(graph.Shift(graph.Sqrt(graph.ReduceSum(graph.Square(g), 1, 2, 3)), -1))
		})},
		{Name: "Gradient/Program/batch_norm_penalty", Shapes: []graph.Shape{images, w1}, Domain: unit, F: function(func(x []*graph.Node) *graph.Node {
			h := graph.Softplus(graph.Normalize(graph.Conv2D(x[0], x[1], halve), .1, 0, 1, 2))
			return graph.Square(graph.Gradients(graph.Total(h), nil, x[0])[0])
		})},
		{Name: "Gradient/Program/softmax", Shapes: []graph.Shape{{3, 5}}, Domain: unit, F: function(func(x []*graph.Node) *graph.Node {
			e := graph.Exp(graph.Sub(x[0], graph.ReduceMax(x[0], 1)))
			return graph.Log(graph.Div(e, graph.ReduceSum(e, 1)))
		})},
	}
}
