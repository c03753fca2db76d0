package nn

import "ganengine/engine/graph"

// Maxout is the largest of each pieces neighbours along the last axis, which has
// pieces times as many as the result (Goodfellow et al. 2013): with a Dense or a
// Conv before it, the maxout layer.
func Maxout(x *graph.Node, pieces int) *graph.Node {
	last := len(x.Shape) - 1
	c := x.Shape[last]
	if pieces < 1 || c%pieces != 0 {
		wrong("Maxout", "%d channels are not units of %d pieces", c, pieces)
	}
	s := append(append(graph.Shape{}, x.Shape[:last]...), c/pieces)
	return graph.Reshape(graph.ReduceMax(graph.Reshape(x, append(s, pieces)), last+1), s)
}

// PReLU is x where x > 0, else slope x with learned slopes, which start at start
// (.25 in He et al. 2015): one for each channel of x, or one for all.
func PReLU(p *Pass, name string, x *graph.Node, start float64, one bool) (y *graph.Node) {
	p.In(name, func() {
		s := graph.Shape{1}
		if !one {
			s[0] = x.Shape[len(x.Shape)-1]
		}
		zero := p.B.Const(x.DType, 0)
		y = graph.Add(graph.Max(x, zero), graph.Mul(p.Param("slope", s, Constant(start)), graph.Min(x, zero)))
	})
	return y
}
