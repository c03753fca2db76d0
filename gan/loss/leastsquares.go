package loss

import "ganengine/engine/graph"

// LeastSquares is Mao et al. 2017, equation 2: D: E(D(x)-b)^2/2 + E(D(G(z))-a)^2/2,
// G: E(D(G(z))-c)^2/2.
type LeastSquares struct{ A, B, C float64 }

func halfSquare(d *graph.Node, target float64) *graph.Node {
	return graph.Scale(graph.Average(graph.Square(graph.Shift(d, -target))), .5)
}

// Real is E(d-b)^2/2.
func (l LeastSquares) Real(d *graph.Node) *graph.Node { return halfSquare(d, l.B) }

// Fake is E(d-a)^2/2.
func (l LeastSquares) Fake(d *graph.Node) *graph.Node { return halfSquare(d, l.A) }

// Generator is E(d-c)^2/2.
func (l LeastSquares) Generator(d *graph.Node) *graph.Node { return halfSquare(d, l.C) }

// Probability does not hold.
func (LeastSquares) Probability() bool { return false }
