// Package loss holds the games that a generator and a discriminator play: one
// file a loss, formulas as in their papers, on logits. Losses are means over
// the batch, of shape [], to be minimised.
package loss

import (
	"fmt"

	"ganengine/engine/graph"
)

// Loss is a pair of objectives. The discriminator's is the sum of a term for
// real and a term for generated samples.
type Loss interface {
	// Real is D's term for logits d of real samples.
	Real(d *graph.Node) *graph.Node
	// Fake is D's term for logits d of generated samples.
	Fake(d *graph.Node) *graph.Node
	// Generator is G's objective for logits d of generated samples.
	Generator(d *graph.Node) *graph.Node
	// Probability says whether sigmoid(d) is a probability.
	Probability() bool
}

// Passing is the term of a player whose samples are to pass for real ones where D is told
// of two sides: G's own where D is a classifier, else D's for real samples.
func Passing(l Loss, d *graph.Node) *graph.Node {
	if l.Probability() {
		return l.Generator(d)
	}
	return l.Real(d)
}

// Exchanged is that of players of both sides, each of which is to pass for the other: to a
// classifier -d is the logit of having been generated.
func Exchanged(l Loss, real, fake *graph.Node) *graph.Node {
	if l.Probability() {
		return graph.Add(l.Generator(fake), l.Generator(graph.Neg(real)))
	}
	return graph.Add(l.Real(fake), l.Fake(real))
}

// Options of the losses that have some.
type Options struct {
	SmoothReal float64    // target for real samples, 1 without smoothing
	Targets    [3]float64 // a, b, c of least squares
}

// New finds a loss by its configured name.
func New(kind string, o Options) (Loss, error) {
	switch kind {
	case "non-saturating":
		return NonSaturating{o.SmoothReal}, nil
	case "minimax":
		return Minimax{NonSaturating{o.SmoothReal}}, nil
	case "maximum-likelihood":
		return MaximumLikelihood{NonSaturating{o.SmoothReal}}, nil
	case "expected-probability":
		return ExpectedProbability{NonSaturating{o.SmoothReal}}, nil
	case "wasserstein":
		return Wasserstein{}, nil
	case "hinge":
		return Hinge{}, nil
	case "least-squares":
		return LeastSquares{o.Targets[0], o.Targets[1], o.Targets[2]}, nil
	}
	return nil, fmt.Errorf("there is no loss %q", kind)
}
