package nn

import "ganengine/engine/graph"

// MinibatchOptions of MinibatchDiscrimination. The zero value sums over the others.
type MinibatchOptions struct {
	Self bool // an example counts itself too, which adds 1
	Mean bool // divided by the number of summands
	// Scaled is the form of Salimans et al.'s code: the weight is v e^scale/|v| for
	// each of rows dims directions, and a bias b [rows] is added, -1 at first. A first
	// pass makes the mean distance of the nearest 2 in each row, and the mean result 0.
	Scaled bool
}

// MinibatchDiscrimination compares each example with the others of its batch
// (Salimans et al. 2016): M = x T for x [n, a] gives each example rows [rows, dims],
// and the result [n, rows] is the sum over the other examples of
// exp(-|M_i - M_j|), the distance in L1 of one row. It is concatenated to x by the
// caller. The parameter is w [rows dims, a]. Memory grows as n^2 rows dims.
func MinibatchDiscrimination(p *Pass, name string, x *graph.Node, rows, dims int, weight Init, o MinibatchOptions) (y *graph.Node) {
	batches := p.batches("MinibatchDiscrimination", x)
	n := x.Shape[0] / batches
	count := float64(n)
	if !o.Self {
		count--
	}
	if count == 0 || o.Scaled && n == 1 {
		wrong("MinibatchDiscrimination", "%s compares an example with others, and its batch has one", name)
	}
	p.In(name, func() {
		m := graph.MatMulT(x, o.weight(p, graph.Shape{rows * dims, x.Shape[1]}, weight), false, true)
		// Sums over an outer axis run along rows of numbers; over a short last one they do not.
		m = graph.Transpose(graph.Reshape(m, graph.Shape{batches, n, rows, dims}), 0, 3, 1, 2)
		one := graph.Reshape(m, graph.Shape{batches, dims, n, 1, rows})
		other := graph.Reshape(m, graph.Shape{batches, dims, 1, n, rows})
		distance := graph.Reshape(graph.ReduceSum(graph.Abs(graph.Sub(one, other)), 1), graph.Shape{batches, n, n, rows})
		if o.Scaled && p.Mode.First {
			distance = startScale(p, distance, dims)
		}
		y = graph.ReduceSum(graph.Exp(graph.Neg(distance)), 2)
		if !o.Self {
			y = graph.Shift(y, -1) // e^0
		}
		if o.Mean {
			y = graph.Scale(y, 1/count)
		}
		y = graph.Reshape(y, graph.Shape{x.Shape[0], rows})
		if o.Scaled {
			b := p.param("b", graph.Shape{rows}, Constant(-1))
			if p.Mode.First {
				p.Set(b, graph.Reshape(graph.Neg(graph.Mean(y, 0)), b.Shape))
			}
			y = graph.Add(y, p.Get(b))
		}
	})
	return y
}

// weight is T of shape s, [rows dims, a].
func (o MinibatchOptions) weight(p *Pass, s graph.Shape, init Init) *graph.Node {
	if !o.Scaled {
		return p.Param("w", s, init)
	}
	v, scale := p.Param("v", s, init), p.Param("scale", graph.Shape{s[0], 1}, Constant(0))
	return graph.Mul(v, graph.Mul(graph.Exp(scale), graph.Rsqrt(graph.ReduceSum(graph.Square(v), 1))))
}

// startScale divides distances [batches, n, n, rows] by half the mean distance of
// the nearest other, row by row, and sets the scale so that later ones are alike.
func startScale(p *Pass, distance *graph.Node, dims int) *graph.Node {
	n, rows := distance.Shape[1], distance.Shape[3]
	self := make([]float64, n*n)
	for i := range n {
		self[i*n+i] = 1e6 // no example is its own neighbour
	}
	others := graph.Add(distance, p.B.Literal(distance.DType, graph.Shape{n, n, 1}, self))
	nearest := graph.Neg(graph.ReduceMax(graph.Neg(others), 2))
	half := graph.Scale(graph.Mean(nearest, 0, 1), .5)
	scale := p.param("scale", graph.Shape{rows * dims, 1}, Constant(0))
	each := graph.Broadcast(graph.Reshape(graph.Log(half), graph.Shape{rows, 1}), graph.Shape{rows, dims})
	p.Set(scale, graph.Sub(p.Get(scale), graph.Reshape(each, scale.Shape)))
	return graph.Div(distance, half)
}

// MinibatchStdDev appends channels to x NHWC that say how much the examples of a
// group differ (Karras et al. 2018): the standard deviation over the group,
// sqrt(variance + 1e-8), averaged over pixels and over each of features equal parts
// of the channels. A batch of n has groups of at most group (0: the batch), which
// divides n; examples n/group apart are of one group, as in StyleGAN2.
func MinibatchStdDev(p *Pass, x *graph.Node, group, features int) *graph.Node {
	batches := p.batches("MinibatchStdDev", x)
	s := x.Shape
	n := s[0] / batches
	if group = min(group, n); group <= 0 {
		group = n
	}
	if n%group != 0 || features < 1 || s[3]%features != 0 {
		wrong("MinibatchStdDev", "groups of %d and %d features do not divide a batch of %d with %d channels", group, features, n, s[3])
	}
	y := graph.Reshape(x, graph.Shape{batches, group, n / group, s[1] * s[2], features, s[3] / features})
	std := graph.Mean(graph.Sqrt(graph.Shift(graph.Variance(y, 1), 1e-8)), 3, 5) // [batches, 1, n/group, 1, features, 1]
	std = graph.Broadcast(std, graph.Shape{batches, group, n / group, s[1] * s[2], features, 1})
	return graph.Concat(3, x, graph.Reshape(std, graph.Shape{s[0], s[1], s[2], features}))
}
