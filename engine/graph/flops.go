package graph

// Flops counts the multiplications and additions of the program's products: two
// for each multiply-accumulate of the direct algorithm, padding included. The
// rest of a program is small beside them.
func (p *Program) Flops() (sum int64) {
	for _, n := range p.Nodes {
		sum += n.Flops()
	}
	return sum
}

// Flops is that of one node; 0 for all but products.
func (n *Node) Flops() int64 {
	terms, window := 0, 1 // of each element of a result, or of what meets a filter
	switch n.Op {
	case OpMatMul:
		a := n.Inputs[0].Shape
		terms, window = n.Shape.Size(), a[1]
		if n.Attr.(MatMulAttr).TransA {
			window = a[0]
		}
	case OpConv2D: // each result sums over one filter
		terms, window = n.Shape.Size(), n.Inputs[1].Shape[1:].Size()
	case OpConv2DInputGrad: // each of dy meets one filter
		terms, window = n.Inputs[0].Shape.Size(), n.Inputs[1].Shape[1:].Size()
	case OpConv2DFilterGrad: // each of dy meets the window of one filter
		terms, window = n.Inputs[1].Shape.Size(), n.Shape[1:].Size()
	}
	return 2 * int64(terms) * int64(window)
}
