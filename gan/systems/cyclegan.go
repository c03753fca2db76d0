package systems

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// cycleganPoints is arXiv 1703.10593 with dense networks on points: two translations
// between two domains that nobody paired, each of which undoes the other.
var cycleganPoints = game.System{Declare: declareCycleGAN, Kind: config.Kind{
	Name:    "cyclegan-points",
	Doc:     "translation between the points of two mixtures, [data] and [data.b], that nobody paired (arXiv 1703.10593), with dense networks",
	Keys:    &cycleganKeys{},
	Optims:  []string{"g", "d"},
	Streams: []string{"b"},
	Complete: func(c *config.Config) {
		completeDense(c, &c.System.(*cycleganKeys).Model.mlpNetworks)
	},
	Check: checkCycleGAN,
	Batches: func(c *config.Config) int {
		if c.Train.Accumulate > 1 { // the discriminators take their own
			return 2
		}
		return 1
	},
}}

type cycleganKeys struct {
	Model struct {
		config.Weights
		mlpNetworks
	} `toml:"model"`
	Loss struct {
		cycleganLoss
	} `toml:"loss"`
	Train struct {
		config.Averaging
		Pool int `toml:"pool" default:"50" range:"[0,65536]" doc:"translations of earlier steps that each discriminator has at hand: with probability one half it sees one of them in place of a new one (arXiv 1612.07828); as many as a batch has at least, but 0 is none"`
	} `toml:"train"`
}

type cycleganLoss struct {
	Cycle    config.Number `toml:"cycle" default:"10" range:"[0,)" doc:"weight of what is lost on the way to the other domain and back, the mean of absolute differences (equation 2)"`
	Identity config.Number `toml:"identity" default:"0.5" range:"[0,)" doc:"this times loss.cycle is the weight of what a translation changes in samples that are of its domain already; 0 is none"`
}

func checkCycleGAN(c *config.Config) *config.Error {
	for i, d := range append([]*config.Data{&c.Data}, c.Stream("b")) {
		if d.Kind != "mixture" {
			return &config.Error{Key: []string{"data.kind", "data.b.kind"}[i], Msg: fmt.Sprintf("cyclegan-points translates points, and %q gives images; use \"mixture\"", d.Kind)}
		}
	}
	return checkDense(c, c.System.(*cycleganKeys).Model.mlpNetworks)
}

// domain is one of the two.
type domain struct {
	real  *game.Stream
	to    *game.Player    // translates its samples to the other domain
	d     *game.Player    // tells its samples from translations
	fakes *graph.Variable // translations to it of the step, for d's turn; nil where that makes its own
	pool  *game.Pool      // of such; nil without
}

type cyclegan struct {
	cycleganLoss
	domains    [2]*domain
	optG, optD *game.Optimizer
	loss       loss.LeastSquares
}

func declareCycleGAN(s *game.Setup) error {
	keys := s.Config.System.(*cycleganKeys)
	k := &cyclegan{cycleganLoss: keys.Loss.cycleganLoss, loss: loss.LeastSquares{A: 0, B: 1, C: 1}}
	a, b := s.Stream("a", game.StreamOptions{}), s.Stream("b", game.StreamOptions{Section: "b"})
	if !k.Identity.IsZero() && !a.Shape.Equal(b.Shape) {
		return &config.Error{Key: "loss.identity", Msg: fmt.Sprintf("samples of [data] are %s and those of [data.b] %s, and no translation leaves either as it is; set it to 0", a.Shape, b.Shape)}
	}
	for i, real := range []*game.Stream{a, b} {
		x, err := k.domain(s, keys, real, []*game.Stream{b, a}[i])
		if err != nil {
			return err
		}
		k.domains[i] = x
	}
	da, db := k.domains[0], k.domains[1]
	k.optG, k.optD = s.Optimizer("g", "g", da.to, db.to), s.Optimizer("d", "d", da.d, db.d)
	average(s, da.to, db.to)
	s.Order(game.Entry{Turn: s.Turn("g", k.generators)}, game.Entry{Turn: s.Turn("d", k.discriminators)})
	translate := func(t *game.Turn, from, to *domain) {
		t.Show(game.Samples, to.real, t.Run(from.to, t.Batch(from.real, from.real.Samples()))[0])
	}
	s.Sampler("translate.b", func(t *game.Turn) { translate(t, da, db) })
	s.Sampler("translate.a", func(t *game.Turn) { translate(t, db, da) })
	s.Sampler("field", func(t *game.Turn) { t.Numbers(game.Logits, t.Run(db.d, t.Batch(b, b.Samples()))[0]) })
	s.Sampler("reconstruct", func(t *game.Turn) {
		t.Show(game.Samples, a, t.Run(db.to, t.Run(da.to, t.Batch(a, a.Samples()))[0])[0])
	})
	return nil
}

// domain declares one of them, and what is between it and the other.
func (k *cyclegan) domain(s *game.Setup, keys *cycleganKeys, real, other *game.Stream) (*domain, error) {
	mlp := func(sample graph.Shape) (*model.Model, error) {
		return model.NewMLP(config.Latent{}, keys.Model.Weights, model.MLP(keys.Model.mlpNetworks), sample)
	}
	own, err := mlp(real.Shape)
	if err != nil {
		return nil, err
	}
	others, err := mlp(other.Shape)
	if err != nil {
		return nil, err
	}
	real.Range = own.Range
	name := real.Name
	x := &domain{real: real}
	if s.Config.Train.Accumulate == 1 { // else a turn is many batches, and the other one would see its last only
		x.fakes = s.State("fakes."+name, append(graph.Shape{real.StreamOptions.Batch}, real.Shape...), s.Float, nn.Constant(0))
	}
	x.to = s.Player("g"+name, func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(others.Generator(p, in[0])) },
		real.In()).Called("translation of " + name).Giving("translation")
	x.d = s.Player("d"+name, func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(own.Discriminator(p, in[0])) },
		real.In()).Called("discriminator of " + name).Giving("logit")
	x.to.Torch, _ = others.Torch()
	_, x.d.Torch = own.Torch()
	if n := keys.Train.Pool; n > 0 {
		x.pool = s.Pool("pool."+name, max(n, real.StreamOptions.Batch), real.Shape)
	}
	return x, nil
}

// generators is an update of both translations: each makes the other domain's
// discriminator take its samples for real (equation 1), the other one undoes it
// (equation 2), and it leaves samples of the other domain as they are (section 5.2).
func (k *cyclegan) generators(t *game.Turn) {
	var x, fake, same, back [2]*graph.Node
	for i, d := range k.domains {
		x[i] = t.Batch(d.real, d.real.Samples())
	}
	for i, d := range k.domains {
		batches := [][]*graph.Node{one(x[i])}
		if !k.Identity.IsZero() {
			batches = append(batches, one(x[1-i]))
		}
		out := t.RunEach(game.Pass{Label: d.to.Name, Track: true}, d.to, batches...)
		fake[1-i] = out[0][0]
		if len(out) > 1 {
			same[1-i] = out[1][0]
		}
	}
	var adversarial, cycle, identity *graph.Node
	for i, d := range k.domains {
		if d.fakes != nil {
			t.Set(d.fakes, fake[i])
		}
		back[i] = t.Run(k.domains[1-i].to, fake[1-i])[0]
		cycle = plus(cycle, distance(back[i], x[i]))
		if same[i] != nil {
			identity = plus(identity, distance(same[i], x[i]))
		}
		// The paper's squares have no half here, and one in the discriminators' loss.
		adversarial = plus(adversarial, graph.Scale(k.loss.Generator(t.Run(d.d, fake[i])[0]), 2))
	}
	t.Score("cycle", graph.Scale(cycle, .5))
	l := graph.Add(adversarial, t.Weighted("loss", "cycle", k.Cycle, func(weight float64) *graph.Node {
		lost := cycle
		if identity != nil {
			t.Score("identity", graph.Scale(identity, .5))
			lost = graph.Add(cycle, t.Weighted("loss", "identity", k.Identity, func(w float64) *graph.Node { return graph.Scale(identity, w) }))
		}
		return graph.Scale(lost, weight)
	}))
	t.Minimise(game.Goal{By: k.optG, Loss: l})
}

// discriminators is an update of both, on the step's samples and the translations that
// the generators made before their update, or earlier ones from the pools.
func (k *cyclegan) discriminators(t *game.Turn) {
	var l, onReal, onFake *graph.Node
	real, fake := k.seen(t)
	for i, x := range k.domains {
		if x.pool != nil {
			fake[i] = t.Swap(x.pool, fake[i])
		}
		d := t.RunEach(game.Pass{Label: x.d.Name, Track: true}, x.d, one(real[i]), one(graph.StopGradient(fake[i])))
		l = plus(l, loss.OfDiscriminator(k.loss, d[0][0], d[1][0]))
		onReal, onFake = plus(onReal, d[0][0]), plus(onFake, d[1][0])
	}
	t.Opinion("real", graph.Scale(onReal, .5), false)
	t.Opinion("fake", graph.Scale(onFake, .5), false)
	t.Minimise(game.Goal{By: k.optD, Loss: l})
}

// seen are both domains' samples and translations to them: those of the generators'
// turn, or fresh ones.
func (k *cyclegan) seen(t *game.Turn) (real, fake [2]*graph.Node) {
	for i, x := range k.domains {
		if x.fakes != nil {
			real[i], fake[i] = t.Again(x.real, x.real.Samples()), t.Get(x.fakes)
			continue
		}
		real[i] = t.Batch(x.real, x.real.Samples())
		fake[1-i] = t.Run(x.to, real[i])[0]
	}
	return real, fake
}
