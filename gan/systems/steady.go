package systems

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
)

// steady is what keeps the discriminator of a pair from winning. All of it is off unless
// keys say otherwise, and then leaves no trace in the programs.
type steady struct {
	pair   *pair
	labels config.Labels
	noise  config.Number
	gate   []float64          // what D and G wait for; nil: for nothing
	half   [2]*graph.Variable // D's loss on real and on generated samples at its last update, for G's gate
	replay *game.Pool         // nil without
	l2     *graph.Variable    // λ of the adaptive decay; nil without
}

func newSteady(k *pair) *steady {
	c, train := k.Config, part[config.Steadying](k.Config)
	s := &steady{pair: k, labels: part[config.Labels](c), noise: train.InstanceNoise, gate: train.Gate}
	if len(s.gate) > 0 {
		for i, name := range []string{"gate.real", "gate.fake"} {
			s.half[i] = k.State(name, nil, graph.F32, nn.Constant(0))
		}
	}
	if n := part[config.Replay](c).Size; n > 0 {
		s.replay = k.Pool("replay", n, k.real.Shape)
	}
	if start := part[config.AdaptiveL2](c).Start; start > 0 {
		s.l2 = k.State("adaptive_l2", nil, graph.F32, nn.Constant(start))
	}
	return s
}

// blurred is x with the noise of this step (arXiv 1610.04490).
func (s *steady) blurred(t *game.Turn, label string, x *graph.Node) *graph.Node {
	if s.noise.IsZero() {
		return x
	}
	sigma := t.Value("train", "instance_noise", s.noise)
	return graph.Add(x, graph.Mul(graph.Cast(sigma, x.DType), t.Normal(label, x.Shape)))
}

// replayed is fakes, of which some are earlier ones.
func (s *steady) replayed(t *game.Turn, fake *graph.Node) *graph.Node {
	if s.replay == nil {
		return fake
	}
	return t.Swap(s.replay, fake)
}

// losses are the discriminator's, and its halves on real and on generated samples: both the
// whole where it compares the two.
func (s *steady) losses(t *game.Turn, onReal, onFake *graph.Node) (whole *graph.Node, halves [2]*graph.Node) {
	switch l := s.pair.loss; {
	case loss.Compares(l):
		whole = loss.OfDiscriminator(l, onReal, onFake)
		return whole, [2]*graph.Node{whole, whole}
	case len(s.labels.SoftReal) == 0 && len(s.labels.SoftFake) == 0 && s.labels.Flip.IsZero():
		halves = [2]*graph.Node{l.Real(onReal), l.Fake(onFake)}
	default:
		smooth := part[config.Adversarial](s.pair.Config).SmoothReal
		halves[0] = loss.Targeted(onReal, s.targets(t, "real", s.labels.SoftReal, smooth, onReal))
		halves[1] = loss.Targeted(onFake, s.targets(t, "fake", s.labels.SoftFake, 0, onFake))
	}
	return graph.Add(halves[0], halves[1]), halves
}

// targets are those of so many logits: drawn between two bounds, or one value, and some
// of them flipped.
func (s *steady) targets(t *game.Turn, label string, bounds []float64, usual float64, of *graph.Node) *graph.Node {
	x := graph.Broadcast(t.B.Const(of.DType, usual), of.Shape)
	if len(bounds) > 0 {
		x = graph.Shift(graph.Scale(t.Uniform("soft."+label, of.Shape), bounds[1]-bounds[0]), bounds[0])
	}
	if s.labels.Flip.IsZero() {
		return x
	}
	share := graph.Cast(t.Value("loss", "flip", s.labels.Flip), of.DType)
	flips := graph.Less(t.Uniform("flip."+label, of.Shape), share)
	return graph.Select(flips, graph.Shift(graph.Neg(x), 1), x)
}

// decay is (λ/2)|θ|² over the discriminator's parameters, whose λ moves for the next
// update by how much of this batch it tells right.
func (s *steady) decay(t *game.Turn, onReal, onFake *graph.Node) ([]game.Penalty, []game.Move) {
	if s.l2 == nil {
		return nil, nil
	}
	now := t.Get(s.l2)
	right := func(yes *graph.Node) *graph.Node { return graph.Average(graph.Cast(yes, graph.F32)) }
	zero := t.B.Const(onReal.DType, 0)
	accuracy := graph.Scale(graph.Add(right(graph.Less(zero, onReal)), right(graph.Less(onFake, zero))), .5)
	number := func(x float64) *graph.Node { return t.B.Const(graph.F32, x) }
	next := graph.Select(graph.Less(number(.8), accuracy), graph.Scale(now, 1.05), now)
	next = graph.Select(graph.Less(accuracy, number(.6)), graph.Scale(now, 1/1.05), next)
	next = graph.Min(graph.Max(next, number(config.LeastAdaptiveL2)), number(config.MostAdaptiveL2))
	t.Score("accuracy", accuracy)
	t.Score("adaptive_l2", now)
	return []game.Penalty{{Name: "l2", Of: func() *graph.Node {
		var sum *graph.Node
		for _, p := range t.Params(s.pair.d) {
			sum = plus(sum, graph.Total(graph.Square(p.Value)))
		}
		return graph.Mul(sum, graph.Cast(graph.Scale(now, .5), sum.DType))
	}}}, []game.Move{{State: s.l2, To: next}}
}

// letsD says whether the discriminator is updated at these losses, and keeps them for the
// generator; nil is always.
func (s *steady) letsD(t *game.Turn, halves [2]*graph.Node) *graph.Node {
	if len(s.gate) == 0 {
		return nil
	}
	for i, x := range halves {
		t.Set(s.half[i], graph.Cast(x, graph.F32))
	}
	d, g := s.gates(t)
	t.Score(game.GatePrefix+s.pair.optD.Name, graph.Cast(d, graph.F32))
	t.Score(game.GatePrefix+s.pair.optG.Name, graph.Cast(g, graph.F32))
	return d
}

// letsG says whether the generator is updated after the discriminator's last look.
func (s *steady) letsG(t *game.Turn) *graph.Node {
	if len(s.gate) == 0 {
		return nil
	}
	_, g := s.gates(t)
	return g
}

// gates are whether either network is updated. Where neither would be, both are.
func (s *steady) gates(t *game.Turn) (d, g *graph.Node) {
	real, fake := t.Get(s.half[0]), t.Get(s.half[1])
	low, high := t.B.Const(graph.F32, s.gate[0]), t.B.Const(graph.F32, s.gate[1])
	dWaits := graph.Or(graph.Less(real, low), graph.Less(fake, low))
	gWaits := graph.Or(graph.Less(high, real), graph.Less(high, fake))
	return graph.Or(graph.Not(dWaits), gWaits), graph.Or(graph.Not(gWaits), dWaits)
}
