package nn

import "ganengine/engine/graph"

// MinibatchOptions of MinibatchDiscrimination. The zero value sums over the others.
type MinibatchOptions struct {
	Self bool // an example counts itself too, which adds 1
	Mean bool // divided by the number of summands
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
	if count == 0 {
		wrong("MinibatchDiscrimination", "%s compares an example with others, and its batch has one", name)
	}
	m := Dense(p, name, x, rows*dims, weight, nil)
	p.In(name, func() {
		one := graph.Reshape(m, graph.Shape{batches, n, 1, rows, dims})
		other := graph.Reshape(m, graph.Shape{batches, 1, n, rows, dims})
		near := graph.Exp(graph.Neg(graph.ReduceSum(graph.Abs(graph.Sub(one, other)), 4)))
		y = graph.ReduceSum(near, 2)
		if !o.Self {
			y = graph.Shift(y, -1) // e^0
		}
		if o.Mean {
			y = graph.Scale(y, 1/count)
		}
		y = graph.Reshape(y, graph.Shape{x.Shape[0], rows})
	})
	return y
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
