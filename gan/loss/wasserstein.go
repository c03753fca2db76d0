package loss

import "ganengine/engine/graph"

// Wasserstein is Arjovsky et al. 2017, equations 2 and 3: D (the critic)
// minimises E D(G(z)) - E D(x), G minimises -E D(G(z)). The critic must be kept
// Lipschitz, by a gradient penalty.
type Wasserstein struct{}

// Real is -E d.
func (Wasserstein) Real(d *graph.Node) *graph.Node { return graph.Neg(graph.Average(d)) }

// Fake is E d.
func (Wasserstein) Fake(d *graph.Node) *graph.Node { return graph.Average(d) }

// Generator is -E d.
func (Wasserstein) Generator(d *graph.Node) *graph.Node { return graph.Neg(graph.Average(d)) }

// Probability does not hold: the critic's outputs are not bounded.
func (Wasserstein) Probability() bool { return false }
