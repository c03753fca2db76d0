package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

// programCases are pieces of training programs: what a device fuses, splits
// and reorders.
func programCases() []Case {
	programs := []struct {
		name  string
		build func(m *maker, d graph.DType)
	}{
		{"batch_norm", batchNorm}, {"losses", losses}, {"penalty", penalty}, {"r1", r1}, {"softmax", softmax},
		{"clip_by_norm", clipByNorm}, {"images", images}, {"dropout", dropout}, {"many_uses", manyUses}, {"long_chain", longChain},
		{"moves", moves}, {"reductions_of_one", reductionsOfOne}, {"scalars", scalars}, {"generator", generator}, {"distances", distances},
		{"same_output_twice", sameTwice}, {"spectral_norm", spectralNorm},
		{"sums_with_factors", sumsWithFactors}, {"minibatch_stddev", minibatchStddev},
	}
	var cases []Case
	for _, p := range programs {
		for _, d := range []graph.DType{graph.F32, graph.F64} {
			cases = append(cases, Case{Name: fmt.Sprintf("Program/%s/%s", p.name, d), build: func(m *maker) { p.build(m, d) }})
		}
		cases = append(cases, Case{Name: fmt.Sprintf("Program/%s/mixed_bf16", p.name), build: func(m *maker) {
			m.b.WithPrecision(graph.BF16Mode, func() { p.build(m, graph.F32) })
		}})
	}
	return append(cases, Case{Name: "Program/generator_wide/f32", Large: true, build: func(m *maker) { network(m, graph.F32, 8, 48) }})
}

var (
	halve = graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}
	keep  = graph.Conv{Stride: [2]int{1, 1}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}
)

// batchNorm: convolution, batch norm with gain and bias, leaky rectifier, and
// all gradients.
func batchNorm(m *maker, d graph.DType) {
	x, w := m.in(d, graph.Shape{3, 6, 6, 4}, unit), m.in(d, graph.Shape{8, 4, 4, 4}, unit)
	gain, bias := m.in(d, graph.Shape{8}, unit), m.in(d, graph.Shape{8}, unit)
	h := graph.Normalize(graph.Conv2D(x, w, halve), 1e-5, 0, 1, 2)
	y := graph.LeakyRelu(graph.Add(graph.Mul(h, gain), bias), .2)
	m.out(y)
	m.out(graph.Gradients(y, m.in(d, y.Shape, unit), x, w, gain, bias)...)
}

// losses of the published kinds, with their gradients.
func losses(m *maker, d graph.DType) {
	real, fake := m.in(d, graph.Shape{33, 1}, anyScore), m.in(d, graph.Shape{33, 1}, anyScore)
	for _, loss := range []*graph.Node{
		graph.Add(graph.Average(graph.Softplus(graph.Neg(real))), graph.Average(graph.Softplus(fake))),
		graph.Add(graph.Average(graph.Relu(graph.Shift(graph.Neg(real), 1))), graph.Average(graph.Relu(graph.Shift(fake, 1)))),
		graph.Scale(graph.Add(graph.Average(graph.Square(graph.Shift(real, -1))), graph.Average(graph.Square(fake))), .5),
		graph.Sub(graph.Average(fake), graph.Average(real)),
		graph.Neg(graph.Average(graph.Log(graph.Sigmoid(fake)))),
		graph.Average(graph.Softplus(graph.Sub(graph.Average(fake), real))),
	} {
		m.out(loss)
		m.out(graph.Gradients(loss, nil, real, fake)...)
	}
}

var anyScore = graph.Domain{Lo: -4, Hi: 4}

// critic is two convolutions and a sum, without any norm.
func critic(x, w1, w2 *graph.Node) *graph.Node {
	h := graph.LeakyRelu(graph.Conv2D(x, w1, halve), .2)
	return graph.ReduceSum(graph.Conv2D(h, w2, keep), 1, 2, 3)
}

// penalty is the gradient penalty of Gulrajani et al. 2017 with the weights'
// gradients: a second derivative through strided convolutions.
func penalty(m *maker, d graph.DType) {
	s := graph.Shape{4, 6, 6, 3}
	w1, w2 := m.in(d, graph.Shape{5, 4, 4, 3}, unit), m.in(d, graph.Shape{1, 3, 3, 5}, unit)
	mix := m.in(d, graph.Shape{4, 1, 1, 1}, graph.Domain{Lo: 0, Hi: 1})
	real, fake := m.in(d, s, unit), m.in(d, s, unit)
	x := graph.Add(graph.Mul(mix, real), graph.Mul(graph.Sub(m.b.Const(d, 1), mix), fake))
	g := graph.Gradients(graph.Total(critic(x, w1, w2)), nil, x)[0]
	norm := graph.Sqrt(graph.Shift(graph.ReduceSum(graph.Square(g), 1, 2, 3), 1e-12))
	loss := graph.Average(graph.Square(graph.Shift(norm, -1)))
	m.out(loss)
	m.out(graph.Gradients(loss, nil, w1, w2)...)
}

// r1 is the penalty of Mescheder et al. 2018 through an instance norm.
func r1(m *maker, d graph.DType) {
	x := m.in(d, graph.Shape{2, 6, 6, 3}, unit)
	w1, w2 := m.in(d, graph.Shape{4, 4, 4, 3}, unit), m.in(d, graph.Shape{1, 3, 3, 4}, unit)
	h := graph.Tanh(graph.Normalize(graph.Conv2D(x, w1, halve), 1e-2, 1, 2))
	y := graph.Total(graph.Conv2D(h, w2, keep))
	loss := graph.Total(graph.Square(graph.Gradients(y, nil, x)[0]))
	m.out(loss)
	m.out(graph.Gradients(loss, nil, w1, w2)...)
}

// softmax is a row-wise softmax and the cross entropy, with its gradient.
func softmax(m *maker, d graph.DType) {
	x, label := m.in(d, graph.Shape{7, 10}, anyScore), m.in(graph.I32, graph.Shape{7, 1}, graph.Domain{Lo: 0, Hi: 10})
	shifted := graph.Sub(x, graph.StopGradient(graph.ReduceMax(x, 1)))
	logp := graph.Sub(shifted, graph.Log(graph.ReduceSum(graph.Exp(shifted), 1)))
	hot := graph.Cast(graph.Equal(graph.Reshape(m.b.Iota(10), graph.Shape{1, 10}), label), d)
	loss := graph.Neg(graph.Scale(graph.Total(graph.Mul(hot, logp)), 1./7))
	m.out(loss, graph.Exp(logp), graph.Gradients(loss, nil, x)[0])
}

// clipByNorm scales two gradients by their common norm.
func clipByNorm(m *maker, d graph.DType) {
	g := []*graph.Node{m.in(d, graph.Shape{8, 3}, unit), m.in(d, graph.Shape{50}, unit)}
	norm := graph.Sqrt(graph.Add(graph.Total(graph.Square(g[0])), graph.Total(graph.Square(g[1]))))
	factor := graph.Min(m.b.Const(d, 1), graph.Div(m.b.Const(d, .5), graph.Shift(norm, 1e-6)))
	m.out(graph.Mul(g[0], factor), graph.Mul(g[1], factor), norm)
}

// images go from bytes to numbers, some of them mirrored, padded at the border.
func images(m *maker, d graph.DType) {
	x, flip := m.in(graph.U8, graph.Shape{4, 5, 7, 3}, large), m.in(graph.Bool, graph.Shape{4, 1, 1, 1}, unit)
	f := graph.Shift(graph.Scale(graph.Cast(x, d), 1/127.5), -1)
	f = graph.Select(flip, graph.Reverse(f, 2), f)
	m.out(graph.Pad(f, []int{0, 1, 0, 0}, []int{0, 2, 1, 0}))
	back := graph.Min(graph.Max(graph.Scale(graph.Shift(f, 1), 127.5), m.b.Const(d, 0)), m.b.Const(d, 255))
	m.out(graph.Cast(graph.Floor(graph.Shift(back, .5)), graph.U8))
}

func dropout(m *maker, d graph.DType) {
	m.random(1, 2, 3)
	x, w := m.in(d, graph.Shape{6, 9}, unit), m.in(d, graph.Shape{9, 5}, unit)
	kept := graph.Less(m.b.Uniform("drop", d, x.Shape), m.b.Const(d, .75))
	y := graph.MatMul(graph.Select(kept, graph.Scale(x, 1/.75), m.b.Const(d, 0)), w)
	y = graph.Add(y, graph.Scale(m.b.Normal("noise", d, y.Shape), .1))
	m.out(y)
	m.out(graph.Gradients(y, m.in(d, y.Shape, unit), x, w)...)
}

// manyUses has one value that clusters of three shapes, a product and a
// reduction read.
func manyUses(m *maker, d graph.DType) {
	x, y := m.in(d, graph.Shape{6, 8}, unit), m.in(d, graph.Shape{8, 6}, unit)
	t := graph.Tanh(graph.Shift(x, .5))
	row := graph.ReduceSum(t, 1)
	m.out(graph.MatMul(t, y), graph.Add(t, row), graph.Mul(graph.Transpose(t, 1, 0), y),
		graph.Reshape(graph.Exp(t), graph.Shape{48}), graph.Slice(t, []int{1, 2}, []int{2, 3}, []int{3, 2}),
		graph.Sub(graph.Broadcast(graph.Reshape(t, graph.Shape{1, 6, 8}), graph.Shape{2, 6, 8}), m.in(d, graph.Shape{2, 1, 8}, unit)))
}

// longChain is more operators than one kernel may want to hold, with values
// that live from the first to the last.
func longChain(m *maker, d graph.DType) {
	x := m.in(d, graph.Shape{5, 33}, unit)
	var held []*graph.Node
	y := x
	for i := range 40 {
		switch i % 5 {
		case 0:
			y = graph.Sin(graph.Scale(y, 1.1))
		case 1:
			y = graph.Add(y, graph.Mul(x, x))
		case 2:
			y = graph.Tanh(y)
		case 3:
			y = graph.LeakyRelu(graph.Sub(y, x), .3)
		default:
			held = append(held, y)
			y = graph.Max(y, graph.Neg(x))
		}
	}
	for _, h := range held {
		y = graph.Add(y, h)
	}
	m.out(y)
}

// moves puts movement between elementwise operators, in both directions.
func moves(m *maker, d graph.DType) {
	x, y := m.in(d, graph.Shape{4, 6, 5}, unit), m.in(d, graph.Shape{4, 6, 2}, unit)
	joined := graph.Concat(2, graph.Exp(x), graph.Neg(y), graph.Scale(x, 2))
	turned := graph.Transpose(graph.Shift(joined, 1), 1, 2, 0)
	part := graph.Slice(turned, []int{1, 3, 0}, []int{2, 1, 1}, []int{2, 7, 4})
	padded := graph.PadInner(graph.Square(part), graph.Padding{Low: []int{1, 0, 0}, High: []int{0, 2, 1}, Inner: []int{1, 0, 2}})
	z := graph.Add(graph.Reverse(padded, 0, 2), padded)
	m.out(z, joined)
	m.out(graph.Gradients(z, m.in(d, z.Shape, unit), x, y)...)
}

// reductionsOfOne sums one expression over different axes, and sums sums.
func reductionsOfOne(m *maker, d graph.DType) {
	x := graph.Exp(m.in(d, graph.Shape{3, 5, 7, 4}, unit))
	channels := graph.ReduceSum(x, 0, 1, 2)
	m.out(channels, graph.ReduceSum(x, 1, 2), graph.ReduceSum(graph.Square(x), 3), graph.ReduceMax(x, 0, 3),
		graph.Total(graph.Square(graph.Sub(x, graph.Scale(channels, 1./105)))), graph.Variance(x, 0, 1, 2),
		graph.ReduceSum(graph.Mul(x, graph.ReduceSum(x, 3)), 1))
}

// sumsWithFactors sums products in which channels have factors of their own, alone
// and with others between.
func sumsWithFactors(m *maker, d graph.DType) {
	x, y := m.in(d, graph.Shape{3, 5, 7, 4}, unit), m.in(d, graph.Shape{3, 5, 7, 4}, unit)
	g, h := m.in(d, graph.Shape{4}, unit), m.in(d, graph.Shape{4}, unit)
	one, two := graph.Mul(x, g), graph.Mul(graph.Mul(x, g), h)
	m.out(graph.ReduceSum(one, 0, 1, 2), graph.ReduceSum(two, 0, 1, 2), graph.ReduceSum(two, 1, 2),
		graph.ReduceSum(graph.Mul(h, graph.Mul(one, y)), 0, 1, 2), graph.ReduceSum(graph.Mul(one, graph.Mul(y, h)), 1, 2), two)
}

// scalars are computed as in optimisers and schedules, then meet arrays.
func scalars(m *maker, d graph.DType) {
	step := m.holding("step", scalar(graph.I32, 17))
	t := graph.Cast(m.b.Read(step), d)
	rate := graph.Mul(graph.Min(graph.Scale(t, .01), m.b.Const(d, 1)), graph.Shift(graph.Cos(graph.Scale(t, .02)), 1))
	x := m.in(d, graph.Shape{3, 4}, unit)
	m.out(rate, graph.Mul(x, rate), graph.Select(graph.Less(t, m.b.Const(d, 20)), x, graph.Neg(x)))
	m.b.Update(step, graph.Add(m.b.Read(step), m.b.Const(graph.I32, 1)), nil)
}

func generator(m *maker, d graph.DType) { network(m, d, 3, 6) }

// network is a small generator and critic, forward and backward.
func network(m *maker, d graph.DType, n, width int) {
	z, w := m.in(d, graph.Shape{n, 5}, unit), m.in(d, graph.Shape{5, 4 * 4 * width}, unit)
	up := m.in(d, graph.Shape{width, 4, 4, width}, graph.Domain{Lo: -.3, Hi: .3})
	out := m.in(d, graph.Shape{3, 3, 3, width}, graph.Domain{Lo: -.3, Hi: .3})
	gain := m.in(d, graph.Shape{width}, graph.Domain{Lo: .5, Hi: 1.5})
	h := graph.Reshape(graph.MatMul(z, w), graph.Shape{n, 4, 4, width})
	h = graph.Relu(graph.Mul(graph.Normalize(h, 1e-5, 0, 1, 2), gain))
	h = graph.ConvTranspose2D(h, up, halve, [2]int{})
	h = graph.Relu(graph.Mul(graph.Normalize(h, 1e-5, 0, 1, 2), gain))
	image := graph.Tanh(graph.Conv2D(h, out, keep))
	score := critic(image, m.in(d, graph.Shape{width, 4, 4, 3}, unit), m.in(d, graph.Shape{1, 3, 3, width}, unit))
	loss := graph.Average(graph.Softplus(graph.Neg(score)))
	m.out(image, loss)
	m.out(graph.Gradients(loss, nil, w, up, out, gain)...)
}

// distances are all pairs' squared distances, with the nearest.
func distances(m *maker, d graph.DType) {
	x, y := m.in(d, graph.Shape{6, 1, 4}, unit), m.in(d, graph.Shape{1, 9, 4}, unit)
	square := graph.Reshape(graph.ReduceSum(graph.Square(graph.Sub(x, y)), 2), graph.Shape{6, 9})
	m.out(square, graph.Neg(graph.ReduceMax(graph.Neg(square), 1)))
}

// sameTwice has outputs that are an input, a Variable and one node under two names.
func sameTwice(m *maker, d graph.DType) {
	x := m.in(d, graph.Shape{3, 3}, unit)
	v := m.variable("v", d, graph.Shape{3, 3}, unit)
	y := graph.Add(x, m.b.Read(v))
	m.out(x, m.b.Read(v), y, y, m.b.Const(d, 3), m.b.Iota(4))
	m.in(d, graph.Shape{2}, unit) // fed, and used by nothing
}

// spectralNorm is one power iteration (Miyato et al. 2018) with its vector as a Variable.
func spectralNorm(m *maker, d graph.DType) {
	w := m.in(d, graph.Shape{6, 9}, unit)
	u := m.variable("u", d, graph.Shape{1, 6}, unit)
	unitLength := func(x *graph.Node) *graph.Node {
		return graph.Div(x, graph.Shift(graph.Sqrt(graph.ReduceSum(graph.Square(x), 0, 1)), 1e-12))
	}
	v := graph.StopGradient(unitLength(graph.MatMul(m.b.Read(u), w)))
	next := graph.StopGradient(unitLength(graph.MatMulT(v, w, false, true)))
	sigma := graph.ReduceSum(graph.Mul(graph.MatMul(next, w), v), 0, 1)
	y := graph.Div(w, sigma)
	m.b.Update(u, next, nil)
	m.out(y, sigma, graph.Gradients(y, m.in(d, y.Shape, unit), w)[0])
}

// minibatchStddev appends a channel of the spread over the batch (Karras et al. 2018).
func minibatchStddev(m *maker, d graph.DType) {
	x := m.in(d, graph.Shape{4, 3, 3, 5}, unit)
	dev := graph.Sqrt(graph.Shift(graph.Variance(x, 0), 1e-8))
	channel := graph.Broadcast(graph.Mean(dev, 0, 1, 2, 3), graph.Shape{4, 3, 3, 1})
	y := graph.Concat(3, x, channel)
	m.out(y, graph.Gradients(y, m.in(d, y.Shape, unit), x)[0])
}
