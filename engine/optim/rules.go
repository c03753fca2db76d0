package optim

import "ganengine/engine/graph"

// Adam is Kingma and Ba 2015, algorithm 1, in PyTorch's form: epsilon stands
// outside of the root of the corrected second moment.
type Adam struct{ Beta1, Beta2, Eps float64 }

func (a Adam) slots() []string { return []string{"m", "v"} }

func (a Adam) step(w, g, lr, t *graph.Node, ms []*graph.Node) (*graph.Node, []*graph.Node) {
	b := w.Builder()
	// In F64: 1 - beta^t loses half of its digits in F32 at the first steps.
	correction := func(beta float64) *graph.Node {
		return graph.Shift(graph.Neg(graph.Pow(b.Const(graph.F64, beta), t)), 1)
	}
	size := graph.Cast(graph.Div(lr, correction(a.Beta1)), w.DType)
	root := graph.Cast(graph.Rsqrt(correction(a.Beta2)), w.DType)
	m := mix(ms[0], g, a.Beta1)
	v := mix(ms[1], graph.Square(g), a.Beta2)
	denom := graph.Shift(graph.Mul(graph.Sqrt(v), root), a.Eps)
	return graph.Sub(w, graph.Mul(size, graph.Div(m, denom))), []*graph.Node{m, v}
}

// mix is beta*old + (1-beta)*x.
func mix(old, x *graph.Node, beta float64) *graph.Node {
	return graph.Add(graph.Scale(old, beta), graph.Scale(x, 1-beta))
}

// SGD is gradient descent with momentum in PyTorch's form: v = momentum*v + g,
// w = w - lr*v.
type SGD struct{ Momentum float64 }

func (s SGD) slots() []string {
	if s.Momentum == 0 {
		return nil
	}
	return []string{"v"}
}

func (s SGD) step(w, g, lr, _ *graph.Node, ms []*graph.Node) (*graph.Node, []*graph.Node) {
	var next []*graph.Node
	if s.Momentum != 0 {
		g = graph.Add(graph.Scale(ms[0], s.Momentum), g)
		next = []*graph.Node{g}
	}
	return graph.Sub(w, graph.Mul(graph.Cast(lr, w.DType), g)), next
}

// RMSProp is Tieleman and Hinton 2012 in PyTorch's form: epsilon stands
// outside of the root, momentum gathers the scaled gradients.
type RMSProp struct{ Decay, Eps, Momentum float64 }

func (r RMSProp) slots() []string {
	if r.Momentum == 0 {
		return []string{"v"}
	}
	return []string{"v", "m"}
}

func (r RMSProp) step(w, g, lr, _ *graph.Node, ms []*graph.Node) (*graph.Node, []*graph.Node) {
	v := mix(ms[0], graph.Square(g), r.Decay)
	next := []*graph.Node{v}
	g = graph.Div(g, graph.Shift(graph.Sqrt(v), r.Eps))
	if r.Momentum != 0 {
		g = graph.Add(graph.Scale(ms[1], r.Momentum), g)
		next = append(next, g)
	}
	return graph.Sub(w, graph.Mul(graph.Cast(lr, w.DType), g)), next
}
