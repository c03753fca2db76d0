package systems

import (
	"slices"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
)

// The turns of a pair.

// turns declares a step as d_steps updates of the discriminator, then one of the generator.
func (k *pair) turns(discriminator, generator func(t *game.Turn)) {
	k.Order(game.Entry{Turn: k.Turn("d", discriminator), Times: int64(k.rhythm.DSteps)}, game.Entry{Turn: k.Turn("g", generator)})
}

// batch is a fresh one of real samples.
func (k *pair) batch(t *game.Turn) *graph.Node { return t.Batch(k.real, k.real.Samples()) }

// both is an update of the discriminator, then one of the generator.
func (k *pair) both(t *game.Turn) {
	reuse := k.rhythm.ReuseFakes
	real, fake := k.batch(t), k.fakes(t, "z", reuse)
	k.tell(t, real, fake)
	if !reuse {
		fake = k.fakes(t, "z.g", true)
	}
	k.learn(t, real, fake)
}

// atOnce is both, at the weights as they are, by gradients of one pass.
func (k *pair) atOnce(t *game.Turn) {
	real, fake := k.batch(t), k.fakes(t, "z", true)
	goal, onReal, onFake := k.judge(t, real, fake)
	t.Minimise(goal, game.Goal{By: k.optG, Loss: loss.OfGenerator(k.loss, onFake, onReal), When: k.steady.letsG(t)})
}

// generator is an update of the generator alone.
func (k *pair) generator(t *game.Turn) {
	var real *graph.Node
	if loss.Compares(k.loss) {
		real = k.batch(t)
	}
	k.learn(t, real, k.fakes(t, "z.g", true))
}

// learn has the generator's samples pass for real ones, or for more real than those of a
// batch where the loss compares.
func (k *pair) learn(t *game.Turn, real, fake *graph.Node) {
	if !loss.Compares(k.loss) {
		k.fool(t, fake)
		return
	}
	real, fake = k.steady.blurred(t, "noise.g.real", real), k.steady.blurred(t, "noise.g", fake)
	d := t.RunEach(game.Pass{Label: "g", Track: k.tracks}, k.d, one(real), one(fake))
	onReal, onFake := d[0][0], d[1][0]
	t.Opinion("fake_after", onFake, k.loss.Probability())
	t.Minimise(game.Goal{By: k.optG, Loss: loss.OfGenerator(k.loss, onFake, onReal), When: k.steady.letsG(t)})
}

// fool has the generator's samples pass for real ones. given are the discriminator's
// operands beside them.
func (k *pair) fool(t *game.Turn, fake *graph.Node, given ...*graph.Node) {
	fake = k.steady.blurred(t, "noise.g", fake)
	d := t.RunAs(game.Pass{Label: "g", Track: k.tracks}, k.d, slices.Concat(one(fake), given)...)[0]
	t.Opinion("fake_after", d, k.loss.Probability())
	t.Minimise(game.Goal{By: k.optG, Loss: k.loss.Generator(d), When: k.steady.letsG(t)})
}

// tell has the discriminator tell real samples from generated ones. given are its
// operands beside either.
func (k *pair) tell(t *game.Turn, real, fake *graph.Node, given ...*graph.Node) {
	goal, _, _ := k.judge(t, real, k.steady.replayed(t, graph.StopGradient(fake)), given...)
	t.Minimise(goal)
}

// judge is what the discriminator minimises, and its logits of real and of generated
// samples, of one pass in which batch norm sees each batch for itself.
func (k *pair) judge(t *game.Turn, real, fake *graph.Node, given ...*graph.Node) (goal game.Goal, onReal, onFake *graph.Node) {
	real, fake = k.steady.blurred(t, "noise.real", real), k.steady.blurred(t, "noise.fake", fake)
	with := func(x *graph.Node) []*graph.Node { return slices.Concat(one(x), given) }
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, with(real), with(fake))
	onReal, onFake = d[0][0], d[1][0]
	opinions(t, k.loss, "", onReal, onFake)
	critic := func(label string) loss.Critic {
		return func(x *graph.Node) *graph.Node { return t.RunAs(game.Pass{Label: label}, k.d, with(x)...)[0] }
	}
	whole, halves := k.steady.losses(t, onReal, onFake)
	decay, decayed := k.steady.decay(t, onReal, onFake)
	apart := slices.Concat(k.penalties(t, critic, real, graph.StopGradient(fake)), decay)
	goal = game.Goal{By: k.optD, Loss: whole, Apart: apart, When: k.steady.letsD(t, halves), With: decayed}
	return goal, onReal, onFake
}

// penalties are those on the slope of the discriminator, as critic runs it under a label.
func (k *pair) penalties(t *game.Turn, critic func(label string) loss.Critic, real, fake *graph.Node) (out []game.Penalty) {
	c := k.penalty
	if len(c.Keys()) == 0 || !t.Due(k.reg) {
		return nil
	}
	add := func(name string, n config.Number, of func(d loss.Critic, weight float64) *graph.Node) {
		if n.IsZero() {
			return
		}
		out = append(out, game.Penalty{Name: name, Times: float64(c.Every), Of: func() *graph.Node {
			return t.Weighted("loss", name, n, func(weight float64) *graph.Node { return of(critic(name), weight) })
		}})
	}
	add("gp", c.GP, func(d loss.Critic, weight float64) *graph.Node {
		return loss.GradientPenalty(d, loss.Points(c.GPAt, "gp.alpha", real, fake), weight)
	})
	add("r1", c.R1, func(d loss.Critic, weight float64) *graph.Node { return loss.R1(d, real, weight) })
	add("r2", c.R2, func(d loss.Critic, weight float64) *graph.Node { return loss.R1(d, fake, weight) })
	return out
}

// plus is a + b, where nil is nothing.
func plus(a, b *graph.Node) *graph.Node {
	if a == nil {
		return b
	}
	return graph.Add(a, b)
}

// addWeighted is a loss and a term with the weight of a key of [loss]; where that is always
// 0, the loss alone.
func addWeighted(t *game.Turn, loss *graph.Node, key string, weight config.Number, term *graph.Node) *graph.Node {
	if weight.IsZero() {
		return loss
	}
	return graph.Add(loss, t.Weighted("loss", key, weight, func(weight float64) *graph.Node { return graph.Scale(term, weight) }))
}
