package nn

import (
	"math"

	"ganengine/engine/graph"
)

// Weight makes a layer's weight of shape s of parameters that it declares in the
// pass's scope; along axis out of s lie what the layer gives. Layers take at most
// one; without it their weight is the parameter w.
type Weight interface {
	Weight(p *Pass, s graph.Shape, out int, init Init) *graph.Node
}

// starter is a Weight that depends on the first batch.
type starter interface {
	// start sets parameters by what the layer gives before its bias (nil: it has
	// none), and answers what it gives then.
	start(p *Pass, y *graph.Node, bias Init) *graph.Node
}

// linear is a layer that multiplies by a weight and adds a bias.
func linear(p *Pass, s graph.Shape, out int, weight, bias Init, how []Weight, multiply func(w *graph.Node) *graph.Node) *graph.Node {
	h := kind(how)
	y := multiply(h.Weight(p, s, out, weight))
	if st, ok := h.(starter); ok && p.Mode.First {
		y = st.start(p, y, bias)
	}
	return addBias(p, y, bias)
}

// plain is the weight that is a parameter.
type plain struct{}

func (plain) Weight(p *Pass, s graph.Shape, _ int, init Init) *graph.Node {
	return p.Param("w", s, init)
}

// kind is the one that how has; plain where it has none or nil.
func kind(how []Weight) Weight {
	switch {
	case len(how) > 1:
		wrong("Weight", "a layer has one kind of weight, not %d", len(how))
	case len(how) == 1 && how[0] != nil:
		return how[0]
	}
	return plain{}
}

// SpectralNorm divides a weight by its largest singular value (Miyato et al.
// 2018). The weight w is seen as a matrix [out, rest]; each pass takes one step of
// power iteration, v = w'u/|w'u|, u = wv/|wv|, from the state u [out], and
// sigma = u'wv with u and v as constants, so gradients pass through w alone. A
// tracking pass keeps u.
type SpectralNorm struct {
	Eps float64 // added to lengths, and the least sigma; 0 means 1e-12
}

// Weight is w/sigma. All uses of one weight within a pass share one step.
func (o SpectralNorm) Weight(p *Pass, s graph.Shape, out int, init Init) *graph.Node {
	w := p.Param("w", s, init)
	state := p.State("u", graph.Shape{s[out]}, p.Float(), Normal(0, 1))
	if y := p.made[state]; y != nil {
		return y
	}
	eps := o.Eps
	if eps == 0 {
		eps = 1e-12
	}
	p.B.WithPrecision(graph.FP32, func() { // sigma is a statistic
		m := outFirst(w, out)
		data := graph.StopGradient(m)
		u := graph.Reshape(p.Get(state), graph.Shape{1, s[out]})
		v := unit(graph.MatMul(u, data), eps)
		u = unit(graph.MatMulT(v, data, false, true), eps)
		sigma := graph.Total(graph.Mul(u, graph.MatMulT(v, m, false, true)))
		p.made[state] = graph.Div(w, graph.Max(sigma, p.B.Const(w.DType, eps)))
		if p.Tracks() {
			p.Set(state, graph.Reshape(u, state.Shape))
		}
	})
	return p.made[state]
}

// outFirst is w as a matrix [out, rest].
func outFirst(w *graph.Node, out int) *graph.Node {
	perm := []int{out}
	for i := range w.Shape {
		if i != out {
			perm = append(perm, i)
		}
	}
	c := w.Shape[out]
	return graph.Reshape(graph.Transpose(w, perm...), graph.Shape{c, w.Shape.Size() / c})
}

// unit is x over its length.
func unit(x *graph.Node, eps float64) *graph.Node {
	return graph.Div(x, graph.Shift(graph.Sqrt(graph.Total(graph.Square(x))), eps))
}

// WeightNorm is g v/|v| with the length of each output's part of v (Salimans and
// Kingma 2016): parameters v of the weight's shape, and g [out], which starts at 1.
// A first pass sets g and the bias so that what the layer gives has mean 0 and
// standard deviation Scale over its examples; without a bias the mean stays.
type WeightNorm struct {
	Scale float64 // 0 means 1
}

// Weight is g v/|v|.
func (o WeightNorm) Weight(p *Pass, s graph.Shape, out int, init Init) *graph.Node {
	v := p.Param("v", s, init)
	g := p.Param("g", graph.Shape{s[out]}, Constant(1))
	along := make(graph.Shape, len(s)) // of out
	var rest []int
	for i := range s {
		if along[i] = 1; i != out {
			rest = append(rest, i)
		}
	}
	along[out] = s[out]
	length := graph.Rsqrt(graph.ReduceSum(graph.Square(v), rest...))
	return graph.Mul(v, graph.Mul(graph.Reshape(g, along), length))
}

func (o WeightNorm) start(p *Pass, y *graph.Node, bias Init) *graph.Node {
	scale := o.Scale
	if scale == 0 {
		scale = 1
	}
	c := graph.Shape{y.Shape[len(y.Shape)-1]}
	all := axes(0, len(y.Shape)-1)
	factor := graph.Scale(graph.Rsqrt(graph.Shift(graph.Variance(y, all...), 1e-10)), scale)
	g := p.param("g", c, Constant(1))
	p.Set(g, graph.Mul(p.Get(g), graph.Reshape(factor, c)))
	if bias != nil {
		p.Set(p.param("b", c, bias), graph.Reshape(graph.Neg(graph.Mul(graph.Mean(y, all...), factor)), c))
	}
	return graph.Mul(y, factor)
}

// Equalized multiplies a weight by Multiplier/sqrt(inputs of one output), so that
// all layers learn at one speed (Karras et al. 2018, equalised learning rate).
// The parameter w itself is drawn from Normal(0, 1/Multiplier).
type Equalized struct {
	Multiplier float64 // of the layer's learning rate; 0 means 1
}

// Weight is w Multiplier/sqrt(fan in).
func (o Equalized) Weight(p *Pass, s graph.Shape, out int, init Init) *graph.Node {
	m := o.Multiplier
	if m == 0 {
		m = 1
	}
	return graph.Scale(p.Param("w", s, init), m/math.Sqrt(float64(s.Size()/s[out])))
}

// wrong reports a programmer's error.
func wrong(op, format string, args ...any) {
	graph.Fail(op, format, args...)
}
