package optim

import "ganengine/engine/graph"

// Norm is the length of all gradients as one vector, without those that are nil. It is
// finite only where all their elements are, so that nothing else has to look at each of
// them. Of no gradients it is nil.
func Norm(grads []*graph.Node) *graph.Node {
	var sum *graph.Node
	for _, g := range grads {
		if g == nil {
			continue
		}
		s := graph.Total(graph.Square(g))
		if sum == nil {
			sum = s
		} else {
			sum = graph.Add(sum, s)
		}
	}
	if sum == nil {
		return nil
	}
	return graph.Sqrt(sum)
}

// clip bounds gradients: by their common length, as PyTorch's clip_grad_norm_ has it
// with 1e-6 added to the length, then each element.
func (o Options) clip(grads []*graph.Node) []*graph.Node {
	if o.ClipNorm == 0 && o.ClipValue == 0 {
		return grads
	}
	scale := func(g *graph.Node) *graph.Node { return g }
	if o.ClipNorm != 0 {
		length := Norm(grads)
		b, one := length.Builder(), length.Builder().Const(length.DType, 1)
		factor := graph.Min(graph.Div(b.Const(length.DType, o.ClipNorm), graph.Shift(length, 1e-6)), one)
		scale = func(g *graph.Node) *graph.Node { return graph.Mul(g, factor) }
	}
	out := make([]*graph.Node, len(grads))
	for i, g := range grads {
		if g != nil {
			out[i] = within(scale(g), o.ClipValue)
		}
	}
	return out
}

// penalise adds the gradient of half of L2 times the squared length of w.
func (o Options) penalise(g, w *graph.Node) *graph.Node {
	if o.L2.none() {
		return g
	}
	return graph.Add(g, o.L2.times(w))
}

// decay is w without its part lr*Decay (Loshchilov and Hutter 2019, in PyTorch's form,
// where the decay follows the rate).
func (o Options) decay(w, lr *graph.Node) *graph.Node {
	if o.Decay.none() {
		return w
	}
	keep := graph.Shift(graph.Neg(o.Decay.times(lr)), 1)
	return graph.Mul(w, graph.Cast(keep, w.DType))
}

// bound keeps a new value where it has to be: each element, and each row, which is what
// leads to one output of a dense layer [out, in] or of a convolution (KRSC). What is
// within its bound keeps every bit.
func (o Options) bound(w *graph.Node) *graph.Node {
	w = within(w, o.Clamp)
	if o.MaxNorm == 0 || len(w.Shape) < 2 {
		return w
	}
	var rest []int
	for axis := 1; axis < len(w.Shape); axis++ {
		rest = append(rest, axis)
	}
	length := graph.Sqrt(graph.ReduceSum(graph.Square(w), rest...))
	most := w.Builder().Const(w.DType, o.MaxNorm)
	return graph.Mul(w, graph.Div(most, graph.Max(length, most)))
}

// within is x between -most and most; a most of 0 is no bound.
func within(x *graph.Node, most float64) *graph.Node {
	if most == 0 {
		return x
	}
	b := x.Builder()
	return graph.Min(graph.Max(x, b.Const(x.DType, -most)), b.Const(x.DType, most))
}
