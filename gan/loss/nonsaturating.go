package loss

import "ganengine/engine/graph"

// NonSaturating is Goodfellow et al. 2014, section 3: D minimises the cross
// entropy of real against generated, G minimises -E log sigmoid(D(G(z))).
// With softplus(t) = log(1+e^t), D: E softplus(-D(x)) + E softplus(D(G(z))),
// G: E softplus(-D(G(z))).
type NonSaturating struct {
	// Target for real samples: below 1 it is one-sided label smoothing
	// (Salimans et al. 2016, section 3.4).
	Target float64
}

// Real is target*softplus(-d) + (1-target)*softplus(d).
func (l NonSaturating) Real(d *graph.Node) *graph.Node {
	right := graph.Average(graph.Softplus(graph.Neg(d)))
	if l.Target == 1 {
		return right
	}
	wrong := graph.Average(graph.Softplus(d))
	return graph.Add(graph.Scale(right, l.Target), graph.Scale(wrong, 1-l.Target))
}

// Fake is softplus(d).
func (NonSaturating) Fake(d *graph.Node) *graph.Node { return graph.Average(graph.Softplus(d)) }

// Generator is softplus(-d).
func (NonSaturating) Generator(d *graph.Node) *graph.Node {
	return graph.Average(graph.Softplus(graph.Neg(d)))
}

// Probability holds: D is a classifier.
func (NonSaturating) Probability() bool { return true }

// Targeted is the mean cross entropy of logits d [n] with targets t [n], of which 1 is real
// and 0 generated: softplus(d) - t d, also for targets beyond these.
func Targeted(d, t *graph.Node) *graph.Node {
	return graph.Average(graph.Sub(graph.Softplus(d), graph.Mul(t, d)))
}
