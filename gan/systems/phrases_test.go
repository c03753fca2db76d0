package systems

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
)

// phrases is a system of what noisy does not need: docs/adding-a-system.md quotes it.
var phrases = game.System{Declare: declarePhrases, Kind: config.Kind{
	Name: "phrases", Doc: "for docs/adding-a-system.md", Keys: &struct{}{}, Optims: []string{"g", "d"}, Streams: []string{"b"}, Labels: true,
}}

type phrasesGame struct {
	real, other *game.Stream
	z, y        *game.Code
	g, d        *game.Player
	features    *game.Player
	optG, optD  *game.Optimizer
	reg         *game.Lazy
	mean        *graph.Variable
}

func declarePhrases(s *game.Setup) error {
	k := &phrasesGame{}
	k.real = s.Stream("real", game.StreamOptions{})
	k.other = s.Stream("other", game.StreamOptions{Section: "b", Batch: 16, Cycle: true})
	classes := len(k.real.Classes)
	k.z, k.y = s.Code("z", game.Uniform, 4), s.Code("y", game.Class, classes)

	point, label := game.In{Shape: k.real.Shape}, game.In{DType: graph.I32}
	hidden := func(p *nn.Pass, x *graph.Node) *graph.Node {
		return graph.Relu(nn.Dense(p, "hidden", x, 16, nn.HeNormal(), nn.Constant(0), nn.SpectralNorm{}))
	}
	k.g = s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		joined := graph.Concat(1, in[0], nn.Embedding(p, "label", in[1], classes, 4, nn.Normal(0, 1)))
		h := nn.BatchNorm(p, "norm", hidden(p, joined), nn.NormOptions{})
		return one(nn.Dense(p, "out", h, 2, nn.HeNormal(), nn.Constant(0), nn.WeightNorm{}))
	}, game.In{Shape: graph.Shape{4}}, label)
	k.d = s.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		h := hidden(p, in[0])
		logit := nn.Dense(p, "out", h, 1, nn.HeNormal(), nn.Constant(0))
		return one(graph.Add(logit, nn.Projection(p, "class", h, in[1], classes, nn.HeNormal())))
	}, point, label)
	k.features = k.d.Part("features", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(hidden(p, in[0])) }, point)

	k.optG, k.optD = s.Optimizer("g", "g", k.g), s.Optimizer("d", "d", k.d)
	k.reg = s.Lazy("reg", 4, 3)
	k.mean = s.State("d_loss", nil, graph.F32, nn.Constant(1))
	s.Average(game.AverageOptions{Mean: true, Start: 10}, k.g)

	begin := s.Turn("begin", func(t *game.Turn) {
		drawn := t.Draw("begin", 0, k.z, k.y)
		t.RunAs(game.Pass{Label: "begin", First: true}, k.g, drawn.All(), drawn.Of(k.y))
	})
	s.Order(game.Entry{Turn: begin, Until: 1})

	match, d, g := s.Turn("match", k.match), s.Turn("d", k.critic), s.Turn("g", k.generator)
	both := s.Turn("both", k.both)
	s.Order(
		game.Entry{Turn: both, Until: 4},
		game.Entry{Turn: d, From: 4, Times: 2},
		game.Entry{Turn: g, From: 4},
		game.Entry{Turn: match, From: 4, Every: 3, Offset: 2},
	)
	s.Sampler("sample", func(t *game.Turn) {
		drawn := t.Draw("z", 0, k.z, k.y)
		t.Show(game.Samples, k.real, t.Run(k.g, drawn.All(), drawn.Of(k.y))[0])
	})
	return nil
}

// critic has a lazy penalty, apart from the loss, and waits while it wins.
func (k *phrasesGame) critic(t *game.Turn) {
	x, y := t.Batch(k.real, game.Points), t.Batch(k.real, game.Label)
	fake := t.Run(k.g, t.Draw("z", 0, k.z).All(), y)[0]
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, []*graph.Node{x, y}, []*graph.Node{graph.StopGradient(fake), y})
	goal := game.Goal{By: k.optD, Loss: graph.Add(loss.Hinge{}.Real(d[0][0]), loss.Hinge{}.Fake(d[1][0]))}
	if t.Due(k.reg) {
		goal.Apart = append(goal.Apart, game.Penalty{Name: "r1", Times: 4, Of: func() *graph.Node {
			critic := func(x *graph.Node) *graph.Node { return t.RunAs(game.Pass{Label: "r1"}, k.d, x, y)[0] }
			return loss.R1(critic, x, 10)
		}})
	}
	before := t.Get(k.mean)
	goal.When = graph.Less(t.B.Const(graph.F32, .3), before)
	t.Minimise(goal)
	t.Set(k.mean, graph.Add(graph.Scale(before, .9), graph.Scale(graph.Cast(goal.Loss, graph.F32), .1)))
}

// generator makes samples of classes that it draws.
func (k *phrasesGame) generator(t *game.Turn) {
	drawn := t.Draw("g", 0, k.z, k.y)
	fake := t.RunAs(game.Pass{Label: "g", Track: true}, k.g, drawn.All(), drawn.Of(k.y))[0]
	t.Minimise(game.Goal{By: k.optG, Loss: loss.Hinge{}.Generator(t.Run(k.d, fake, drawn.Of(k.y))[0])})
}

// both updates both networks at the weights as they are, from one pass of each.
func (k *phrasesGame) both(t *game.Turn) {
	x, y := t.Batch(k.real, game.Points), t.Batch(k.real, game.Label)
	fake := t.RunAs(game.Pass{Label: "z", Track: true}, k.g, t.Draw("z", 0, k.z).All(), y)[0]
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, []*graph.Node{x, y}, []*graph.Node{fake, y})
	t.Minimise(
		game.Goal{By: k.optD, Loss: graph.Add(loss.Hinge{}.Real(d[0][0]), loss.Hinge{}.Fake(d[1][0]))},
		game.Goal{By: k.optG, Loss: loss.Hinge{}.Generator(d[1][0])})
}

// match is feature matching against samples of [data.b], with weights kept small.
func (k *phrasesGame) match(t *game.Turn) {
	drawn := t.Draw("match", 16, k.z, k.y)
	fake := t.Run(k.g, drawn.All(), drawn.Of(k.y))[0]
	f := t.RunEach(game.Pass{Label: "features"}, k.features, one(t.Batch(k.other, game.Points)), one(fake))
	apart := graph.Sub(graph.Mean(f[0][0], 0), graph.Mean(f[1][0], 0))
	l := graph.Average(graph.Square(apart))
	for _, p := range t.Params(k.g) {
		l = graph.Add(l, graph.Scale(graph.Total(graph.Square(p.Value)), 1e-4))
	}
	t.Minimise(game.Goal{By: k.optG, Loss: l})
}
