package nn

import "ganengine/engine/graph"

// NormOptions of the normalising layers. The zero value is PyTorch's default:
// eps 1e-5, momentum 0.1, gain 1 and bias 0, both trained.
type NormOptions struct {
	Eps      float64 // added to the variance; 0 means 1e-5
	Momentum float64 // weight of the newest statistics; 0 means 0.1
	Gain     Init    // nil: starts at 1
	Plain    bool    // no gain, no bias
}

func (o NormOptions) eps() float64 {
	if o.Eps == 0 {
		return 1e-5
	}
	return o.Eps
}

func (o NormOptions) momentum() float64 {
	if o.Momentum == 0 {
		return .1
	}
	return o.Momentum
}

func (o NormOptions) gain() Init {
	if o.Gain == nil {
		return Constant(1)
	}
	return o.Gain
}

// BatchNorm normalises each channel (last axis) over all other axes (Ioffe and
// Szegedy 2015). In training it uses the batch's own statistics; a tracking
// pass moves the running ones towards them (the running variance is the
// unbiased one, as PyTorch's). Elsewhere the running statistics are used, and
// Mode.Stats chooses others.
func BatchNorm(p *Pass, name string, x *graph.Node, o NormOptions) (y *graph.Node) {
	p.In(name, func() { y = affine(p, batchNormalize(p, x, o), o) })
	return y
}

// batchNormalize is batch norm without gain and bias.
func batchNormalize(p *Pass, x *graph.Node, o NormOptions) *graph.Node {
	c := graph.Shape{x.Shape[len(x.Shape)-1]}
	mean, variance := p.Stat("mean", c, 0), p.Stat("var", c, 1)
	switch p.stats() {
	case StatsBatch:
		return p.normalizeBatches(x, mean, variance, o)
	case StatsOwn:
		if len(x.Shape) < 3 || x.Shape.Size() == x.Shape[0]*c[0] {
			wrong("BatchNorm", "examples of %s have no statistics of their own: they have one number per channel", x.Shape[1:])
		}
		return graph.Normalize(x, o.eps(), axes(1, len(x.Shape)-1)...)
	}
	istd := graph.Rsqrt(graph.Shift(p.Get(variance), o.eps()))
	return graph.Mul(graph.Sub(x, p.Get(mean)), istd)
}

// normalizeBatches normalises each of a training pass's batches; the running
// statistics follow one after the other.
func (p *Pass) normalizeBatches(x *graph.Node, mean, variance *graph.Variable, o NormOptions) *graph.Node {
	batches := p.batches("BatchNorm", x)
	parts := graph.Reshape(x, append(graph.Shape{batches, x.Shape[0] / batches}, x.Shape[1:]...))
	all := axes(1, len(x.Shape))
	n := float64(x.Shape.Size() / mean.Shape[0] / batches)
	if n == 1 {
		wrong("BatchNorm", "a batch of one example with one number per channel is its own mean, and nothing of it is left: use batches of two or more")
	}
	if p.Mode.Track {
		means := graph.Mean(parts, all...)
		unbiased := graph.Scale(graph.Variance(parts, all...), n/(n-1))
		for i := range batches {
			track(p, mean, row(means, i), o.momentum())
			track(p, variance, row(unbiased, i), o.momentum())
		}
	}
	return graph.Reshape(graph.Normalize(parts, o.eps(), all...), x.Shape)
}

// row is row i of x seen as a matrix with as many rows as x has first indices.
func row(x *graph.Node, i int) *graph.Node {
	columns := x.Shape.Size() / x.Shape[0]
	x = graph.Reshape(x, graph.Shape{x.Shape[0], columns})
	return graph.Reshape(graph.Slice(x, []int{i, 0}, nil, []int{1, columns}), graph.Shape{columns})
}

// track moves a running statistic towards the batch's: r + momentum (s - r).
func track(p *Pass, v *graph.Variable, batch *graph.Node, momentum float64) {
	old := p.Get(v)
	batch = graph.StopGradient(batch)
	if rate := p.Mode.Rate; rate != nil {
		p.Mode.Values.Set(v, graph.Add(old, graph.Mul(graph.Sub(batch, old), graph.Cast(rate, old.DType))))
		return
	}
	p.Mode.Values.Set(v, graph.Add(graph.Scale(old, 1-momentum), graph.Scale(batch, momentum)))
}

// InstanceNorm normalises each channel of each image over its pixels (Ulyanov
// et al. 2016); x is NHWC.
func InstanceNorm(p *Pass, name string, x *graph.Node, o NormOptions) (y *graph.Node) {
	p.In(name, func() { y = affine(p, graph.Normalize(x, o.eps(), 1, 2), o) })
	return y
}

// LayerNorm normalises each example over all its elements (Ba et al. 2016);
// gain and bias are per channel.
func LayerNorm(p *Pass, name string, x *graph.Node, o NormOptions) (y *graph.Node) {
	p.In(name, func() { y = affine(p, graph.Normalize(x, o.eps(), axes(1, len(x.Shape))...), o) })
	return y
}

func affine(p *Pass, y *graph.Node, o NormOptions) *graph.Node {
	if o.Plain {
		return y
	}
	c := graph.Shape{y.Shape[len(y.Shape)-1]}
	return graph.Add(graph.Mul(y, p.Param("gain", c, o.gain())), p.Param("bias", c, Constant(0)))
}

// axes lists the axes from first up to end, without it.
func axes(first, end int) (list []int) {
	for i := first; i < end; i++ {
		list = append(list, i)
	}
	return list
}
