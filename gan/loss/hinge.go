package loss

import "ganengine/engine/graph"

// Hinge is Lim and Ye 2017 and Miyato et al. 2018, equations 16 and 17:
// D: E max(0, 1-D(x)) + E max(0, 1+D(G(z))), G: -E D(G(z)).
type Hinge struct{}

// Real is E max(0, 1-d).
func (Hinge) Real(d *graph.Node) *graph.Node {
	return graph.Average(graph.Relu(graph.Shift(graph.Neg(d), 1)))
}

// Fake is E max(0, 1+d).
func (Hinge) Fake(d *graph.Node) *graph.Node { return graph.Average(graph.Relu(graph.Shift(d, 1))) }

// Generator is -E d.
func (Hinge) Generator(d *graph.Node) *graph.Node { return graph.Neg(graph.Average(d)) }

// Probability does not hold.
func (Hinge) Probability() bool { return false }
