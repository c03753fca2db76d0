package systems

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
)

// noisy is the game of arXiv 1610.04490 with instance noise: all that D sees, real
// or not, is blurred by noise that ends as the networks learn.
var noisy = game.System{Declare: declareNoisy, Kind: config.Kind{
	Name:   "noisy",
	Doc:    "dense networks whose discriminator sees samples through noise (arXiv 1610.04490), for points",
	Keys:   &noisyKeys{},
	Optims: []string{"g", "d"},
	Check:  checkNoisy,
}}

type noisyKeys struct {
	Model struct {
		Z      int   `toml:"z" default:"8" range:"[1,4096]" doc:"length of the latent vector"`
		Hidden []int `toml:"hidden" default:"[64, 64]" range:"[1,4096]" doc:"widths of the hidden layers of either network"`
	} `toml:"model"`
	Loss struct {
		Noise config.Number `toml:"noise" default:"1" range:"[0,)" doc:"standard deviation of the noise on what D sees, in the data's units"`
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Averaging
	} `toml:"train"`
}

func checkNoisy(c *config.Config) *config.Error {
	if c.Data.Kind != "mixture" {
		return &config.Error{Key: "model.kind", Msg: "noisy makes points; use data.kind = \"mixture\""}
	}
	return nil
}

// noisyGame is what the turns of noisy share.
type noisyGame struct {
	*noisyKeys
	real       *game.Stream
	z          *game.Code
	g, d       *game.Player
	optG, optD *game.Optimizer
}

func declareNoisy(s *game.Setup) error {
	k := &noisyGame{noisyKeys: s.Config.System.(*noisyKeys)}
	k.real = s.Stream("real", game.StreamOptions{})
	k.z = s.Code("z", game.Normal, k.Model.Z)
	k.g = s.Player("g", k.dense(k.real.Shape[0]), game.Given(k.z)).Called("generator").Giving(k.real.Sample())
	k.d = s.Player("d", k.dense(1), k.real.In()).Called("discriminator").Giving("logit")
	k.optG, k.optD = s.Optimizer("g", "g", k.g), s.Optimizer("d", "d", k.d)
	if half := k.Train.EMAKimg; half > 0 {
		s.Average(game.AverageOptions{Kimg: half}, k.g)
	}
	s.Order(
		game.Entry{Turn: s.Turn("d", k.discriminator), Times: int64(k.Train.DSteps)},
		game.Entry{Turn: s.Turn("g", k.generator)},
	)
	s.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, k.real, k.fakes(t, "z", false)) })
	s.Sampler("field", func(t *game.Turn) {
		d := t.Run(k.d, t.Batch(k.real, game.Points))[0]
		t.Numbers(game.Logits, graph.Reshape(d, graph.Shape{t.Rows()}))
	})
	return nil
}

// dense is a network of hidden ReLU layers and a last one of so many numbers.
func (k *noisyGame) dense(out int) game.Body {
	return func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		h := in[0]
		for i, width := range k.Model.Hidden {
			h = graph.Relu(nn.Dense(p, "dense"+strconv.Itoa(i), h, width, nn.HeNormal(), nn.Constant(0)))
		}
		return one(nn.Dense(p, "out", h, out, nn.HeNormal(), nn.Constant(0)))
	}
}

// fakes are samples of fresh codes.
func (k *noisyGame) fakes(t *game.Turn, label string, track bool) *graph.Node {
	return t.RunAs(game.Pass{Label: label, Track: track}, k.g, t.Draw(label, 0, k.z).All())[0]
}

// blurred is x + sigma eps, eps ~ N(0, I), with the sigma of this step.
func (k *noisyGame) blurred(t *game.Turn, label string, x *graph.Node) *graph.Node {
	sigma := graph.Cast(t.Value("loss", "noise", k.Loss.Noise), x.DType)
	return graph.Add(x, graph.Mul(sigma, t.Normal(label, x.Shape)))
}

// discriminator minimises E sp(-D(x + eps)) + E sp(D(G(z) + eps)), sp(t) = log(1 + e^t).
func (k *noisyGame) discriminator(t *game.Turn) {
	real := k.blurred(t, "eps.real", t.Batch(k.real, game.Points))
	fake := k.blurred(t, "eps.fake", graph.StopGradient(k.fakes(t, "z", false)))
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, one(real), one(fake))
	onReal, onFake := d[0][0], d[1][0]
	t.Opinion("real", onReal, true)
	t.Opinion("fake", onFake, true)
	t.Score("noise", t.Value("loss", "noise", k.Loss.Noise))
	t.Minimise(game.Goal{By: k.optD, Loss: graph.Add(
		graph.Average(graph.Softplus(graph.Neg(onReal))),
		graph.Average(graph.Softplus(onFake)))})
}

// generator minimises -E D(G(z) + eps).
func (k *noisyGame) generator(t *game.Turn) {
	fake := k.blurred(t, "eps.g", k.fakes(t, "z.g", true))
	d := t.RunAs(game.Pass{Label: "g"}, k.d, fake)[0]
	t.Minimise(game.Goal{By: k.optG, Loss: graph.Neg(graph.Average(d))})
}
