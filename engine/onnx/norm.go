package onnx

import "ganengine/engine/graph"

// batchNorm is batch norm in use, found again in what engine/nn builds of it:
//
//	(x - mean) / sqrt(variance + eps) * gain + bias
//
// with constants of one number for each channel, the last axis.
type batchNorm struct {
	x                          *graph.Node
	gain, bias, mean, variance *graph.Node
	eps                        float64
}

// batchNorm looks for one that ends in a sum.
func (e *emitter) batchNorm(n *graph.Node) (b batchNorm, ok bool) {
	scaled, bias := n.Inputs[0], e.perChannel(n.Inputs[1], n)
	if bias == nil || scaled.Op != graph.OpMul {
		return b, false
	}
	normal, gain := scaled.Inputs[0], e.perChannel(scaled.Inputs[1], n)
	if gain == nil || normal.Op != graph.OpMul {
		return b, false
	}
	centred, istd := normal.Inputs[0], e.perChannel(normal.Inputs[1], n)
	if istd == nil || istd.Op != graph.OpRsqrt || centred.Op != graph.OpSub {
		return b, false
	}
	shifted, mean := istd.Inputs[0], e.perChannel(centred.Inputs[1], n)
	if mean == nil || shifted.Op != graph.OpAdd {
		return b, false
	}
	eps := under(shifted.Inputs[1])
	if eps.Op != graph.OpConst || len(shifted.Inputs[0].Shape) != 1 {
		return b, false
	}
	return batchNorm{centred.Inputs[0], gain, bias, mean, shifted.Inputs[0], eps.Attr.(graph.Const).Value}, true
}

// perChannel is the constant that is repeated for each channel of n; nil where x is none.
func (e *emitter) perChannel(x, n *graph.Node) *graph.Node {
	c := under(x)
	if len(n.Shape) < 2 || !e.isConstant(c) || len(c.Shape) != 1 || c.Shape[0] != n.Shape[len(n.Shape)-1] {
		return nil
	}
	return c
}

func (b batchNorm) emit(e *emitter, n *graph.Node) (value, error) {
	first := image(n)
	if len(n.Shape) != 2 && !first {
		return same("Add")(e, n)
	}
	x, err := e.in(b.x, first)
	if err != nil {
		return value{}, err
	}
	of, err := e.plain(b.gain, b.bias, b.mean, b.variance)
	if err != nil {
		return value{}, err
	}
	return value{e.node(n, "BatchNormalization", append([]string{x}, of...), attrFloat("epsilon", b.eps)), first}, nil
}
