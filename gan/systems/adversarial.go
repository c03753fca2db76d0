package systems

import (
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// rivals are the keys besides those of the networks that a generator and one
// discriminator have.
type rivals struct {
	Loss struct {
		config.Adversarial
		config.Relativity
		config.Labels
		config.AdaptiveL2
		config.Penalties
	} `toml:"loss"`
	Train struct {
		config.Rhythm
		config.Steadying
		config.Replay
		config.Averaging
		config.FreezeD
		config.Augmentation
	} `toml:"train"`
}

// rivalBatches is how many batches of [data] a step takes: a generator whose loss compares
// takes one of its own where it has a turn of its own.
func rivalBatches(c *config.Config) int {
	r := part[config.Rhythm](c)
	if !part[config.Relativity](c).Relativistic {
		return r.DSteps
	}
	if c.Train.Accumulate > 1 && !r.Simultaneous {
		return r.DSteps + r.GSteps
	}
	return r.DSteps + r.GSteps - 1
}

func checkRivals(c *config.Config) *config.Error {
	if part[config.Relativity](c).Relativistic && part[config.Adversarial](c).Kind == "maximum-likelihood" {
		return &config.Error{Key: "loss.kind", Msg: "maximum-likelihood goes by the logit of a sample as a ratio of densities, and with loss.relativistic = true logits are compared; use non-saturating, or remove loss.relativistic"}
	}
	if r := part[config.Rhythm](c); r.DBoost > 0 && r.DBoost < r.DSteps {
		return &config.Error{Key: "train.d_boost", Msg: fmt.Sprintf("%d is less than train.d_steps = %d, in place of which it stands; give more, or 0 for none", r.DBoost, r.DSteps)}
	}
	return nil
}

// duel is a generator and a discriminator, with the latent of the one and what trains them.
type duel struct {
	*game.Setup
	real       *game.Stream
	z          *game.Code
	told       []string // layers of the discriminator that see classes alone
	g, d       *game.Player
	optG, optD *game.Optimizer
}

// newDuel declares what a duel begins with: its data.
func newDuel(s *game.Setup) *duel {
	return &duel{Setup: s, real: s.Stream("real", game.StreamOptions{})}
}

// play declares the latent, and the players with what trains them. given are the
// operands of both beside latents and samples.
func (k *duel) play(g, d game.Body, given ...game.In) {
	k.z = latent(k.Setup)
	with := func(in game.In) []game.In { return slices.Concat([]game.In{in}, given) }
	k.g = k.Player("g", g, with(game.Given(k.z))...).Called("generator").Giving(k.real.Sample())
	k.d = k.Player("d", d, with(k.real.In())...).Called("discriminator").Giving("logit")
	k.optimise()
}

// optimise declares what trains the players; the discriminator's optimiser moves others with it.
func (k *duel) optimise(with ...*game.Player) {
	k.freeze(part[config.FreezeD](k.Config).Layers)
	k.optG, k.optD = k.Optimizer("g", "g", k.g), k.Optimizer("d", "d", append([]*game.Player{k.d}, with...)...)
	average(k.Setup, k.g)
	k.Standing(k.g)
}

// average keeps averages of players' weights, where keys ask for them.
func average(s *game.Setup, of ...*game.Player) {
	if kimg := part[config.Averaging](s.Config).EMAKimg; kimg > 0 {
		s.Average(game.AverageOptions{Kimg: kimg}, of...)
	}
}

// freeze leaves the first layers of the discriminator, nearest to the image, as they begin
// (arXiv 2002.10964).
func (k *duel) freeze(layers int) {
	all := slices.DeleteFunc(k.d.Layers(), func(name string) bool { return slices.Contains(k.told, name) })
	if layers >= len(all) {
		panic(&config.Error{Key: "train.freeze_d", Msg: fmt.Sprintf("the discriminator has %d layers (%s), and one at least is to be trained; write %d at most", len(all), strings.Join(all, ", "), len(all)-1)})
	}
	k.d.Freeze(all[:layers]...)
}

// latent declares the code z of [model].
func latent(s *game.Setup) *game.Code {
	return s.Code("z", codeKind(s), part[config.Latent](s.Config).Z)
}

// codeKind is how model.z_dist has codes drawn.
func codeKind(s *game.Setup) game.CodeKind {
	if part[config.Latent](s.Config).ZDist == "uniform" {
		return game.Uniform
	}
	return game.Normal
}

// fakes are samples of fresh latents. Only the pass that the generator learns from
// moves its running statistics.
func (k *duel) fakes(t *game.Turn, label string, track bool) *graph.Node {
	z := t.Draw(label, 0, k.z)
	return t.RunAs(game.Pass{Label: label, Track: track}, k.g, z.All())[0]
}

// sample is a latent and what the generator makes of it.
func (k *duel) sample(t *game.Turn) {
	t.Show(game.Samples, k.real, t.Run(k.g, t.Draw("z", 0, k.z).All())[0])
}

// pair is the game of Goodfellow et al. 2014: a generator against a discriminator that
// tells real samples from generated ones. A step is d_steps updates of the
// discriminator, then one of the generator against what it has become.
type pair struct {
	*duel
	loss    loss.Loss
	reg     *game.Lazy // the penalties
	penalty config.Penalties
	rhythm  config.Rhythm
	steady  *steady
	tracks  bool // the discriminator's statistics follow the generator's updates too
}

// newPair declares what a pair begins with: its loss, penalties and data.
func newPair(s *game.Setup) (*pair, error) {
	k := &pair{duel: newDuel(s), penalty: part[config.Penalties](s.Config), rhythm: part[config.Rhythm](s.Config)}
	k.rhythm.Updates = part[config.Updates](s.Config) // which kinds have that fix the rest
	k.reg = s.Lazy("reg", int64(k.penalty.Every), int64(k.penalty.Every)-1)
	var err error
	if k.loss, err = lossOf(s); part[config.Relativity](s.Config).Relativistic {
		k.loss = loss.Relative{Loss: k.loss}
	}
	k.steady = newSteady(k)
	return k, err
}

// adversarial declares a pair of networks: kinds dcgan and mlp.
func adversarial(s *game.Setup) error {
	k, err := newPair(s)
	if err != nil {
		return err
	}
	m, err := s.Config.System.(networks).networks(k.real.Shape)
	if err != nil {
		return err
	}
	k.real.Range = m.Range
	k.play(func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(m.Generator(p, in[0])) },
		func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(m.Discriminator(p, in[0])) })
	k.g.Torch, k.d.Torch = m.Torch()
	apart := s.Config.Train.Accumulate > 1
	if apart && k.rhythm.ReuseFakes && !k.rhythm.Simultaneous {
		return &config.Error{Key: "train.accumulate", Msg: "with train.reuse_fakes = true both networks are updated on one batch of fakes, and gradients that add up come from several; set reuse_fakes to false, or accumulate to 1"}
	}
	k.order(apart)
	k.samplers()
	return nil
}

// order declares the turns of a step. Its last update of the discriminator and the first
// of the generator are one program, unless each is made of several runs, apart.
func (k *pair) order(apart bool) {
	last := k.both
	if k.rhythm.Simultaneous {
		apart, last = false, k.atOnce
	}
	times := int64(k.rhythm.DSteps)
	if !apart {
		times--
	}
	if entries := k.entries(times); len(entries) > 0 {
		d := k.Turn("d", func(t *game.Turn) { k.tell(t, k.batch(t), k.fakes(t, "z", false)) })
		for _, e := range entries {
			e.Turn = d
			k.Order(e)
		}
	}
	alone := int64(max(k.rhythm.GSteps, 1))
	if !apart {
		k.Order(game.Entry{Turn: k.Turn("dg", last)})
		alone--
	}
	if alone > 0 {
		k.Order(game.Entry{Turn: k.Turn("g", k.generator), Times: alone})
	}
}

// entries are when the discriminator has updates of its own: so many in each step, and
// more where they are boosted.
func (k *pair) entries(times int64) (out []game.Entry) {
	r := k.rhythm
	if times > 0 {
		out = append(out, game.Entry{Times: times})
	}
	more, until, every := int64(r.DBoost-r.DSteps), int64(r.DBoostUntil), int64(r.DBoostEvery)
	if more > 0 && until > 0 {
		out = append(out, game.Entry{Times: more, Until: until})
	}
	if more > 0 && every > 0 {
		out = append(out, game.Entry{Times: more, Every: every, From: until})
	}
	return out
}

// networks is what the keys of a kind give for samples of one shape.
type networks interface {
	networks(sample graph.Shape) (*model.Model, error)
}

// part is a configuration's keys of one sort; zero where its kind has none.
func part[T any](c *config.Config) (keys T) {
	if p, ok := config.Part[T](c); ok {
		keys = *p
	}
	return keys
}

func one(x *graph.Node) []*graph.Node { return []*graph.Node{x} }

// columns are n columns of x from one on, [rows, n].
func columns(x *graph.Node, from, n int) *graph.Node {
	return graph.Slice(x, []int{0, from}, nil, []int{x.Shape[0], n})
}

// lossOf is the configured pair of losses.
func lossOf(s *game.Setup) (loss.Loss, error) {
	c := part[config.Adversarial](s.Config)
	o := loss.Options{SmoothReal: c.SmoothReal}
	copy(o.Targets[:], c.Targets)
	l, err := loss.New(c.Kind, o)
	if err != nil {
		return nil, fmt.Errorf("loss.kind: %w", err)
	}
	return l, nil
}

// opinions tells what a discriminator thinks of real and of generated samples. level is what
// tells it from others of the system; "" where there is one.
func opinions(t *game.Turn, l loss.Loss, level string, onReal, onFake *graph.Node) {
	t.Opinion("real"+level, onReal, l.Probability())
	t.Opinion("fake"+level, onFake, l.Probability())
}

// samplers are for people: samples, what the discriminator thinks of points, and what is
// watched.
func (k *pair) samplers() {
	k.Sampler("sample", k.sample)
	k.Sampler("field", func(t *game.Turn) { k.opinion(t) })
	k.features()
}

// features is what the discriminator sees in samples, by which training is watched. given
// are its operands beside them.
func (k *pair) features(given ...game.Field) {
	k.Sampler(game.FeaturesKind, func(t *game.Turn) { k.opinion(t, given...) })
}

// opinion is what the discriminator thinks of a batch.
func (k *pair) opinion(t *game.Turn, given ...game.Field) {
	in := one(t.Batch(k.real, k.real.Samples()))
	for _, f := range given {
		in = append(in, t.Batch(k.real, f))
	}
	says(t, k.loss, t.Run(k.d, in...)[0])
}

// says tells people what the discriminator thinks, and the probability that means.
func says(t *game.Turn, l loss.Loss, d *graph.Node) {
	t.Numbers(game.Logits, d)
	if l.Probability() {
		t.Numbers(game.Probability, graph.Sigmoid(d))
	}
}
