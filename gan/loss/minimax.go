package loss

import "ganengine/engine/graph"

// Minimax is Goodfellow et al. 2014, equation 1: the same D, and G minimises
// -E softplus(D(G(z))), whose gradient vanishes where D is sure.
type Minimax struct{ NonSaturating }

// Generator is -softplus(d).
func (Minimax) Generator(d *graph.Node) *graph.Node {
	return graph.Neg(graph.Average(graph.Softplus(d)))
}
