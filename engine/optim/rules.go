package optim

import "ganengine/engine/graph"

// Adam is Kingma and Ba 2015, algorithm 1, in PyTorch's form: epsilon stands outside of
// the root of the corrected second moment, or is added under it (EpsInside, as Salimans
// et al. 2016 have it in their code). The corrections are by 1 - beta^t with the beta of
// this update, as PyTorch's are where a beta changes.
type Adam struct {
	Beta1, Beta2 Hyper
	Eps          float64
	EpsInside    bool
}

func (a Adam) slots() []string { return []string{"m", "v"} }

func (a Adam) step(w, g, lr, t *graph.Node, ms []*graph.Node) (*graph.Node, []*graph.Node) {
	b := w.Builder()
	// In F64: 1 - beta^t loses half of its digits in F32 at the first steps.
	correction := func(beta Hyper) *graph.Node {
		return graph.Shift(graph.Neg(graph.Pow(beta.Node(b), t)), 1)
	}
	size := graph.Cast(graph.Div(lr, correction(a.Beta1)), w.DType)
	root := graph.Cast(graph.Rsqrt(correction(a.Beta2)), w.DType)
	m := mix(ms[0], g, a.Beta1)
	v := mix(ms[1], graph.Square(g), a.Beta2)
	var denom *graph.Node
	if a.EpsInside {
		denom = graph.Sqrt(graph.Shift(graph.Mul(v, graph.Square(root)), a.Eps))
	} else {
		denom = graph.Shift(graph.Mul(graph.Sqrt(v), root), a.Eps)
	}
	return graph.Sub(w, graph.Mul(size, graph.Div(m, denom))), []*graph.Node{m, v}
}

// mix is beta*old + (1-beta)*x.
func mix(old, x *graph.Node, beta Hyper) *graph.Node {
	return graph.Add(beta.times(old), beta.rest().times(x))
}

// SGD is gradient descent with momentum in PyTorch's form: v = momentum*v + g,
// w = w - lr*v. With RateInside the velocity is in the units of w, as in pylearn2, from
// which it differs by the sign of v: v = momentum*v + lr*g, w = w - v. The two are the
// same while the rate stands still.
type SGD struct {
	Momentum   Hyper
	RateInside bool
}

func (s SGD) slots() []string {
	if s.Momentum.none() {
		return nil
	}
	return []string{"v"}
}

func (s SGD) step(w, g, lr, _ *graph.Node, ms []*graph.Node) (*graph.Node, []*graph.Node) {
	var next []*graph.Node
	if s.RateInside {
		g = graph.Mul(graph.Cast(lr, w.DType), g)
	}
	if !s.Momentum.none() {
		g = graph.Add(s.Momentum.times(ms[0]), g)
		next = []*graph.Node{g}
	}
	if s.RateInside {
		return graph.Sub(w, g), next
	}
	return graph.Sub(w, graph.Mul(graph.Cast(lr, w.DType), g)), next
}

// RMSProp is Tieleman and Hinton 2012 in PyTorch's form: epsilon stands
// outside of the root, momentum gathers the scaled gradients.
type RMSProp struct {
	Decay, Momentum Hyper
	Eps             float64
}

func (r RMSProp) slots() []string {
	if r.Momentum.none() {
		return []string{"v"}
	}
	return []string{"v", "m"}
}

func (r RMSProp) step(w, g, lr, _ *graph.Node, ms []*graph.Node) (*graph.Node, []*graph.Node) {
	v := mix(ms[0], graph.Square(g), r.Decay)
	next := []*graph.Node{v}
	g = graph.Div(g, graph.Shift(graph.Sqrt(v), r.Eps))
	if !r.Momentum.none() {
		g = graph.Add(r.Momentum.times(ms[1]), g)
		next = append(next, g)
	}
	return graph.Sub(w, graph.Mul(graph.Cast(lr, w.DType), g)), next
}
