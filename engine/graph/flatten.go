package graph

// FlattenConvs replaces convolutions that have one window, the whole image, and
// their gradients, by the matrix products that they are:
//
//	y [n, k] = x [n, h·w·c] w [k, h·w·c]ᵀ
//
// Sums may be rounded in another order, so this is no part of Simplify. Products of
// matrices are faster than convolutions of one pixel everywhere.
func FlattenConvs(p *Program) *Program {
	return rewrite(p, func(n *Node) *Node {
		switch n.Op {
		case OpConv2D, OpConv2DInputGrad, OpConv2DFilterGrad:
			if c := n.Attr.(Conv); c.isWhole() {
				return flatConv(n, c)
			}
		}
		return n
	})
}

// isWhole says that the filters cover the image, in one place.
func (c Conv) isWhole() bool {
	return c.In == c.Kernel && c.PadLow == [2]int{} && c.PadHigh == [2]int{} && c.Groups == 1
}

func flatConv(n *Node, c Conv) *Node {
	a, b := matrix(n.Inputs[0]), matrix(n.Inputs[1])
	t := MatMulAttr{TF32: c.TF32}
	switch n.Op {
	case OpConv2D: // x wᵀ
		t.TransB = true
	case OpConv2DFilterGrad: // dyᵀ x
		a, b, t.TransA = b, a, true
	}
	return Reshape(n.b.node(OpMatMul, t, a, b), n.Shape)
}

// matrix is x with all axes but the first as one.
func matrix(x *Node) *Node {
	return Reshape(x, Shape{x.Shape[0], x.Shape.Size() / x.Shape[0]})
}
