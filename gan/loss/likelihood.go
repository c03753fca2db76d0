package loss

import "ganengine/engine/graph"

// MaximumLikelihood is Goodfellow 2016 (arXiv 1701.00160), section 3.2.5: the same D, and
// G minimises -E exp(D(G(z)))/2, whose expected gradient, where D is best, is that of
// maximum likelihood. It grows as exp(d): a discriminator that takes samples for far too
// likely ends the run.
type MaximumLikelihood struct{ NonSaturating }

// Generator is -exp(d)/2.
func (MaximumLikelihood) Generator(d *graph.Node) *graph.Node {
	return graph.Scale(graph.Average(graph.Exp(d)), -.5)
}

// ExpectedProbability is the cost that is linear in what D says: the same D, and G
// minimises -E sigmoid(D(G(z))).
type ExpectedProbability struct{ NonSaturating }

// Generator is -sigmoid(d).
func (ExpectedProbability) Generator(d *graph.Node) *graph.Node {
	return graph.Neg(graph.Average(graph.Sigmoid(d)))
}
