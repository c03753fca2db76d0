package reference

import "ganengine/engine/graph"

func product(n *graph.Node, in []Array, out Array) error {
	if n.Op == graph.OpMatMul {
		matmul(n.Attr.(graph.MatMulAttr), in[0], in[1], out)
		return nil
	}
	c := n.Attr.(graph.Conv)
	a, b := in[0].Data, in[1].Data
	switch n.Op { // one set of triples (x, w, y), summed into whichever is asked for
	case graph.OpConv2D:
		triples(c, in[0].Shape, in[1].Shape, out.Shape, func(x, w, y int) { out.Data[y] += a[x] * b[w] })
	case graph.OpConv2DInputGrad:
		triples(c, out.Shape, in[1].Shape, in[0].Shape, func(x, w, y int) { out.Data[x] += a[y] * b[w] })
	case graph.OpConv2DFilterGrad:
		triples(c, in[0].Shape, out.Shape, in[1].Shape, func(x, w, y int) { out.Data[w] += a[x] * b[y] })
	default:
		return errMissing
	}
	return nil
}

// matmul: out[i,j] = sum over k of op(a)[i,k] * op(b)[k,j].
func matmul(t graph.MatMulAttr, a, b, out Array) {
	m, c := out.Shape[0], out.Shape[1]
	inner := a.Shape[1]
	if t.TransA {
		inner = a.Shape[0]
	}
	for i := range m {
		for j := range c {
			for k := range inner {
				ai, bi := i*inner+k, k*c+j
				if t.TransA {
					ai = k*m + i
				}
				if t.TransB {
					bi = j*inner + k
				}
				out.Data[i*c+j] += a.Data[ai] * b.Data[bi]
			}
		}
	}
}

// triples visits every product of the convolution
//
//	y[n,p,q,k] = sum over r,s,c of x[n, p*stride-pad+r, q*stride-pad+s, c] * w[k,r,s,c]
//
// (c counts within k's group) as the numbers of its three elements, from the
// shapes of image, filters and result.
func triples(v graph.Conv, x, w, y graph.Shape, visit func(x, w, y int)) {
	perGroup := w[0] / v.Groups
	walk(y, func(yi int, at []int) {
		n, k := at[0], at[3]
		first := k / perGroup * w[3] // the image channel at c = 0
		for r := range w[1] {
			h := at[1]*v.Stride[0] - v.PadLow[0] + r
			for s := range w[2] {
				col := at[2]*v.Stride[1] - v.PadLow[1] + s
				if h < 0 || h >= x[1] || col < 0 || col >= x[2] {
					continue
				}
				xi := ((n*x[1]+h)*x[2]+col)*x[3] + first
				wi := ((k*w[1]+r)*w[2] + s) * w[3]
				for c := range w[3] {
					visit(xi+c, wi+c, yi)
				}
			}
		}
	})
}
