package nn

import "ganengine/engine/graph"

// ConditionalBatchNorm is batch norm with a gain and a bias per class: rows of
// learned tables for i32 [n], which start at the gain's (1) and 0 (Dumoulin et al.
// 2017). Gains of equal rows make it BatchNorm.
func ConditionalBatchNorm(p *Pass, name string, x, index *graph.Node, classes int, o NormOptions) (y *graph.Node) {
	p.In(name, func() {
		c := x.Shape[len(x.Shape)-1]
		y = batchNormalize(p, x, o)
		y = modulate(y, Embedding(p, "gain", index, classes, c, o.gain()), Embedding(p, "bias", index, classes, c, Constant(0)))
	})
	return y
}

// ModulatedBatchNorm is batch norm whose gain is 1 and a linear map of v [n, d],
// and whose bias is another one (BigGAN's, with v a part of z and a class's row);
// the maps have no biases.
func ModulatedBatchNorm(p *Pass, name string, x, v *graph.Node, o NormOptions, weight Init, how ...Weight) (y *graph.Node) {
	p.In(name, func() {
		c := x.Shape[len(x.Shape)-1]
		y = batchNormalize(p, x, o)
		gain := graph.Shift(Dense(p, "gain", v, c, weight, nil, how...), 1)
		y = modulate(y, gain, Dense(p, "bias", v, c, weight, nil, how...))
	})
	return y
}

// modulate is y gain + bias with both [n, c], for all pixels of an example.
func modulate(y, gain, bias *graph.Node) *graph.Node {
	s := make(graph.Shape, len(y.Shape))
	for i := range s {
		s[i] = 1
	}
	s[0], s[len(s)-1] = y.Shape[0], y.Shape[len(s)-1]
	return graph.Add(graph.Mul(y, graph.Reshape(gain, s)), graph.Reshape(bias, s))
}

// VirtualBatchNorm normalises each example of x by a fixed reference batch and the
// example itself, so that it depends on no other (Salimans et al. 2016): mean and
// mean square are the reference's times n/(n+1) and the example's own times 1/(n+1)
// for a reference of n. Reference is the same layer's input for that batch; the
// second result is the reference batch normalised by itself, for the next layer.
// Gain and bias are shared. x and reference are [n, c] or NHWC.
func VirtualBatchNorm(p *Pass, name string, x, reference *graph.Node, o NormOptions) (y, ref *graph.Node) {
	p.In(name, func() {
		last := len(x.Shape) - 1
		n := float64(reference.Shape[0])
		rest, own := n/(n+1), 1/(n+1)
		all, pixels := axes(0, last), axes(1, last)
		theirs, mine := graph.Mean(reference, all...), graph.Mean(x, pixels...)
		mean := graph.Add(graph.Scale(theirs, rest), graph.Scale(mine, own))
		// The variance of the mixture, without a difference of large numbers.
		spread := func(variance, m *graph.Node, share float64) *graph.Node {
			return graph.Scale(graph.Add(variance, graph.Square(graph.Sub(m, mean))), share)
		}
		variance := graph.Add(spread(graph.Variance(reference, all...), theirs, rest), spread(graph.Variance(x, pixels...), mine, own))
		istd := graph.Rsqrt(graph.Shift(variance, o.eps()))
		y = affine(p, graph.Mul(graph.Sub(x, mean), istd), o)
		ref = affine(p, graph.Normalize(reference, o.eps(), all...), o)
	})
	return y, ref
}

// ActNorm is (x + bias) e^scale per channel (Kingma and Dhariwal 2018), with the
// logarithm of its Jacobian's determinant, [] and equal for all examples: pixels
// times the sum of scale. A first pass makes each channel's mean 0 and standard
// deviation 1.
func ActNorm(p *Pass, name string, x *graph.Node) (y, logDet *graph.Node) {
	p.In(name, func() {
		scale, bias := p.actNorm(x)
		if p.Mode.First {
			all := axes(0, len(x.Shape)-1)
			p.Set(bias, graph.Reshape(graph.Neg(graph.Mean(x, all...)), bias.Shape))
			p.Set(scale, graph.Reshape(graph.Scale(graph.Log(graph.Shift(graph.Variance(x, all...), 1e-12)), -.5), scale.Shape))
		}
		y = graph.Mul(graph.Add(x, p.Get(bias)), graph.Exp(p.Get(scale)))
		logDet = graph.Scale(graph.Total(p.Get(scale)), float64(x.Shape.Size()/x.Shape[0]/scale.Shape[0]))
	})
	return y, logDet
}

// ActNormInverse is the x that ActNorm of that name maps to y.
func ActNormInverse(p *Pass, name string, y *graph.Node) (x *graph.Node) {
	p.In(name, func() {
		scale, bias := p.actNorm(y)
		x = graph.Sub(graph.Mul(y, graph.Exp(graph.Neg(p.Get(scale)))), p.Get(bias))
	})
	return x
}

func (p *Pass) actNorm(x *graph.Node) (scale, bias *graph.Variable) {
	c := graph.Shape{x.Shape[len(x.Shape)-1]}
	return p.param("scale", c, Constant(0)), p.param("bias", c, Constant(0))
}
