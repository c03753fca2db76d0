package loss

import "ganengine/engine/graph"

// Relative has each logit of a real sample compared with that of a generated one (Jolicoeur-Martineau 2019, arXiv 1807.00734, equations 12 and 13):
// with f of the loss for real samples, D: E f(D(x) - D(G(z))), G: E f(D(G(z)) - D(x)), where f
// is G's own of a classifier, such as minimax's. Of the non-saturating loss, f(d) = softplus(-d), it is R3GAN's (arXiv 2501.05441, equation 2).
type Relative struct{ Loss }

// Probability does not hold: only a difference of logits means one.
func (Relative) Probability() bool { return false }

// Compares says whether the generator's loss is of logits of real samples, too.
func Compares(l Loss) bool {
	_, ok := l.(Relative)
	return ok
}

// OfDiscriminator is D's whole loss, for logits [n] of real and of generated samples.
func OfDiscriminator(l Loss, real, fake *graph.Node) *graph.Node {
	if r, ok := l.(Relative); ok {
		return r.Real(graph.Sub(real, fake))
	}
	return graph.Add(l.Real(real), l.Fake(fake))
}

// OfGenerator is G's, for logits of generated samples and, where the loss compares, of
// real ones.
func OfGenerator(l Loss, fake, real *graph.Node) *graph.Node {
	if r, ok := l.(Relative); ok {
		return Passing(r.Loss, graph.Sub(fake, real))
	}
	return l.Generator(fake)
}
