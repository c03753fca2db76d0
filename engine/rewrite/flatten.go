package rewrite

import "ganengine/engine/graph"

// FlattenConvs replaces convolutions that have one window, the whole image, and
// their gradients, by the matrix products that they are:
//
//	y [n, k] = x [n, h·w·c] w [k, h·w·c]ᵀ
//
// Sums may be rounded in another order, so this is no part of graph.Simplify. Products of
// matrices are faster than convolutions of one pixel everywhere.
func FlattenConvs(p *graph.Program) *graph.Program {
	return graph.Rewrite(p, func(_, n *graph.Node) *graph.Node {
		switch n.Op {
		case graph.OpConv2D, graph.OpConv2DInputGrad, graph.OpConv2DFilterGrad:
			if c := n.Attr.(graph.Conv); isWhole(c) {
				return flatConv(n, c)
			}
		}
		return n
	})
}

// isWhole says that the filters cover the image, in one place.
func isWhole(c graph.Conv) bool {
	return c.In == c.Kernel && c.PadLow == [2]int{} && c.PadHigh == [2]int{} && c.Groups == 1
}

func flatConv(n *graph.Node, c graph.Conv) *graph.Node {
	a, b := matrix(n.Inputs[0]), matrix(n.Inputs[1])
	t := graph.MatMulAttr{TF32: c.TF32}
	switch n.Op {
	case graph.OpConv2D: // x wᵀ
		t.TransB = true
	case graph.OpConv2DFilterGrad: // dyᵀ x
		a, b, t.TransA = b, a, true
	}
	return graph.Reshape(graph.Apply(graph.OpMatMul, t, a, b), n.Shape)
}

// matrix is x with all axes but the first as one.
func matrix(x *graph.Node) *graph.Node {
	return graph.Reshape(x, graph.Shape{x.Shape[0], x.Shape.Size() / x.Shape[0]})
}
