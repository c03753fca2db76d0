package systems

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// cgan is arXiv 1411.1784: both networks are told the class, so that the game is
// min max E log D(x|y) + E log(1 - D(G(z|y)|y)), its equation 2.
var cgan = game.System{Declare: declareCGAN, Kind: config.Kind{
	Name:     "cgan",
	Doc:      "dense networks that are told the class of a sample (arXiv 1411.1784), for points or images with data.labels = true, of 28 pixels unless data.size says otherwise",
	Keys:     &cganKeys{},
	Optims:   []string{"g", "d"},
	Size:     28,
	Labels:   true,
	Vectors:  true,
	Complete: func(c *config.Config) { completeDense(c, &c.System.(*cganKeys).Model.mlpNetworks) },
	Check:    checkCGAN,
}}

type cganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		mlpNetworks
		LabelDim int `toml:"label_dim" default:"0" range:"[0,65536]" doc:"length of the row that each network learns for each class; 0 gives them the class as it is, a row of zeros with a one"`
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		config.Labels
		config.AdaptiveL2
		config.Penalties
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Steadying
		config.Averaging
		config.FreezeD
	} `toml:"train"`
}

func checkCGAN(c *config.Config) *config.Error {
	if !c.Data.Labels {
		return &config.Error{Key: "data.labels", Msg: "model.kind = \"cgan\" learns classes; set it to true, with data that have labels, or use model.kind = \"mlp\""}
	}
	return checkDense(c, c.System.(*cganKeys).Model.mlpNetworks)
}

// conditional is the game of a pair that sees classes. In an update of D the fakes
// have the classes of the batch, so that reals and fakes are judged under the same
// conditions; in one of G they have classes of their own.
type conditional struct {
	*pair
	y *game.Code
}

func declareCGAN(s *game.Setup) error {
	keys := s.Config.System.(*cganKeys)
	base, err := newPair(s)
	if err != nil {
		return err
	}
	k := &conditional{pair: base}
	classes := len(k.real.Classes)
	if classes == 0 {
		return &config.Error{Key: "data.labels", Msg: "these data have no labels, and model.kind = \"cgan\" learns classes; use data that have them, or model.kind = \"mlp\""}
	}
	m, err := model.NewMLP(keys.Model.Latent, keys.Model.Weights, model.MLP(keys.Model.mlpNetworks), k.real.Shape)
	if err != nil {
		return err
	}
	// joined is x, flattened, beside what stands for the class.
	joined := func(p *nn.Pass, x, y *graph.Node) *graph.Node {
		n := x.Shape[0]
		row := game.OneHot(y, classes, s.Float)
		if dim := keys.Model.LabelDim; dim > 0 {
			row = nn.Embedding(p, "label", y, classes, dim, nn.Normal(0, 1))
		}
		return graph.Concat(1, graph.Reshape(x, graph.Shape{n, x.Shape.Size() / n}), row)
	}
	k.real.Range = m.Range
	k.told = []string{"label"}
	k.meet(func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(m.Generator(p, joined(p, in[0], in[1]))) },
		func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return one(m.Discriminator(p, joined(p, in[0], in[1])))
		})
	if keys.Model.LabelDim == 0 { // dense layers of the joined numbers and nothing else
		k.g.Torch, k.d.Torch = m.Torch()
	}
	return nil
}

// meet declares classes, networks that are told them beside latents and samples, and
// what is played.
func (k *conditional) meet(g, d game.Body) {
	k.y = k.Code("y", game.Class, len(k.real.Classes))
	k.play(g, d, game.In{DType: graph.I32})
	k.Order(game.Entry{Turn: k.Turn("d", k.discriminator), Times: int64(k.rhythm.DSteps)}, game.Entry{Turn: k.Turn("g", k.generator)})
	k.Sampler("sample", func(t *game.Turn) {
		drawn := t.Draw("z", 0, k.z, k.y)
		t.Show(game.Samples, k.real, t.Run(k.g, drawn.All(), drawn.Of(k.y))[0])
	})
	k.features(game.Label)
}

// discriminator tells real samples of classes from generated ones of the same.
func (k *conditional) discriminator(t *game.Turn) {
	real, y := t.Batch(k.real, k.real.Samples()), t.Batch(k.real, game.Label)
	z := t.Draw("z", 0, k.z).All()
	k.tell(t, real, t.RunAs(game.Pass{Label: "z"}, k.g, z, y)[0], y)
}

// generator makes samples of classes that it draws pass for real ones of these.
func (k *conditional) generator(t *game.Turn) {
	drawn := t.Draw("g", 0, k.z, k.y)
	fake := t.RunAs(game.Pass{Label: "z.g", Track: true}, k.g, drawn.All(), drawn.Of(k.y))[0]
	k.fool(t, fake, drawn.Of(k.y))
}
