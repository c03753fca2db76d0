package train

import "ganengine/engine/graph"

// programFlops counts the multiplications and additions of a program's
// products: two for each multiply-accumulate of matrix products and
// convolutions, padding included. The rest of a step is small beside them.
func programFlops(p *graph.Program) (flops float64) {
	for _, n := range p.Nodes {
		flops += 2 * macs(n)
	}
	return flops
}

func macs(n *graph.Node) float64 {
	size := func(s graph.Shape) float64 { return float64(s.Size()) }
	switch n.Op {
	case graph.OpMatMul:
		a := n.Inputs[0].Shape
		inner := a[1]
		if n.Attr.(graph.MatMulAttr).TransA {
			inner = a[0]
		}
		return size(n.Shape) * float64(inner)
	case graph.OpConv2D: // each result sums over one filter
		w := n.Inputs[1].Shape
		return size(n.Shape) * size(w[1:])
	case graph.OpConv2DInputGrad: // each of dy meets one filter
		return size(n.Inputs[0].Shape) * size(n.Inputs[1].Shape[1:])
	case graph.OpConv2DFilterGrad: // each of dy meets the window of one filter
		return size(n.Inputs[1].Shape) * size(n.Shape[1:])
	}
	return 0
}

// flopsPerStep is the mean over the steps after which the sequence repeats.
func (t *trainer) flopsPerStep() float64 {
	used, counts := t.seq.used()
	var sum float64
	for _, p := range used {
		sum += float64(counts[p]) * programFlops(t.programs[p].Graph)
	}
	return sum / float64(t.seq.every)
}
