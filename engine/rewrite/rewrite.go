// Package rewrite holds what is done to a program between the language and a device's
// kernels. Each pass is a function from programs to programs of the same values, but for
// the order of sums; those that keep every bit are graph.Simplify.
package rewrite

import "ganengine/engine/graph"

// ForKernels is a program as kernels are made of it: composites in primitives but for
// those that the device claims, convolutions of one window as matrix products, casts ahead
// of concatenations, and sums made of each other.
func ForKernels(p *graph.Program, claims func(n *graph.Node) bool) *graph.Program {
	p = graph.ExpandComposites(p, claims)
	for _, pass := range []func(*graph.Program) *graph.Program{FlattenConvs, CastFirst, ShareSums} {
		p = pass(p)
	}
	return p
}
