package loss

import "ganengine/engine/graph"

// FeatureMatching is |E f(x) - E f(G(z))|² over the number of features, of batches [n, f] of
// real and generated samples (Salimans et al. 2016, section 3.1; their code has the mean over
// features where the paper has the sum).
func FeatureMatching(real, fake *graph.Node) *graph.Node {
	return graph.Average(graph.Square(graph.Sub(graph.Mean(real, 0), graph.Mean(fake, 0))))
}
