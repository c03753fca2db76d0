package systems

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// aae is an adversarial autoencoder, arXiv 1511.05644: a discriminator tells codes of
// images from a prior, and the encoder makes them pass for it, so that draws of the
// prior decode to images.
var aae = game.System{Declare: declareAAE, Kind: config.Kind{
	Name:   "aae",
	Doc:    "an adversarial autoencoder (arXiv 1511.05644) of dense networks for images, of 28 pixels unless data.size says otherwise: codes are held to a prior, so that it encodes and draws",
	Keys:   newAAEKeys(),
	Optims: []string{"ae", "d", "e"},
	Size:   28,
	Check:  checkAAE,
}}

type aaeKeys struct {
	Model struct {
		config.Latent
		aaeNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
	} `toml:"loss"`
}

type aaeNetworks struct {
	PriorStd float64 `toml:"prior_std" default:"5" range:"(0,)" doc:"standard deviation of the prior that codes are held to"`
	Hidden   []int   `toml:"hidden" default:"[1000, 1000]" range:"[1,65536]" doc:"widths of the hidden layers of the decoder; the encoder has them the other way round"`
	DHidden  []int   `toml:"d_hidden" default:"[1000, 1000]" range:"[1,65536]" doc:"widths of the hidden layers of the discriminator of codes"`
}

func newAAEKeys() *aaeKeys {
	k := &aaeKeys{}
	k.Model.Z = 8
	return k
}

func checkAAE(c *config.Config) *config.Error {
	if c.Data.Kind == "mixture" {
		return &config.Error{Key: "model.kind", Msg: "aae makes images; use data of images, or model.kind = \"mlp\""}
	}
	return nil
}

// held is the game: an autoencoder whose codes are held to a prior.
type held struct {
	aaeNetworks
	real              *game.Stream
	z                 *game.Code // the prior, before its deviation
	e, dec, d         *game.Player
	optAE, optD, optE *game.Optimizer
	loss              loss.Loss
}

func declareAAE(s *game.Setup) (err error) {
	keys := s.Config.System.(*aaeKeys).Model
	k := &held{aaeNetworks: keys.aaeNetworks, real: s.Stream("real", game.StreamOptions{Range: model.Unit})}
	if k.loss, err = lossOf(s); err != nil {
		return err
	}
	k.z = latent(s)
	net := autoencoder{k.Hidden, keys.Z, k.real.Shape, graph.Relu, nn.HeNormal()}
	code := game.Given(k.z)
	code.Times = k.PriorStd
	k.e = s.Player("e", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.encoder(p, in[0])) }, k.real.In()).Called("encoder").Giving(k.z.Name)
	k.dec = s.Player("dec", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.decoder(p, in[0])) }, code).Called("decoder").Giving(k.real.Sample())
	k.d = s.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(k.judge(p, in[0])) }, code).Called("discriminator").Giving("logit")
	k.e.Torch, k.dec.Torch = model.Dense(net.encode()...), model.Dense(net.decode()...)
	k.optAE, k.optD, k.optE = s.Optimizer("ae", "ae", k.e, k.dec), s.Optimizer("d", "d", k.d), s.Optimizer("e", "e", k.e)
	s.Order(game.Entry{Turn: s.Turn("aae", k.step)})
	k.samplers(s)
	return nil
}

// judge is dense layers from a code to one logit.
func (k *held) judge(p *nn.Pass, x *graph.Node) *graph.Node {
	for i, width := range k.DHidden {
		x = graph.Relu(nn.Dense(p, "dense"+strconv.Itoa(i), x, width, nn.HeNormal(), nn.Constant(0)))
	}
	return logit(p, x, nn.HeNormal())
}

// prior is draws of what codes are held to.
func (k *held) prior(t *game.Turn) *graph.Node {
	return graph.Scale(t.Draw("z", 0, k.z).All(), k.PriorStd)
}

// step is the two phases of section 2 on one batch: reconstruction, then
// regularisation, which sees the encoder that reconstruction made.
func (k *held) step(t *game.Turn) {
	x := t.Batch(k.real, game.Pixels)
	t.Minimise(game.Goal{By: k.optAE, Loss: crossEntropy(x, t.Run(k.dec, t.Run(k.e, x)[0])[0])})
	code := t.Run(k.e, x)[0]
	d := t.RunEach(game.Pass{Label: "d"}, k.d, one(k.prior(t)), one(graph.StopGradient(code)))
	onPrior, onCode := d[0][0], d[1][0]
	opinions(t, k.loss, "", onPrior, onCode)
	t.Minimise(game.Goal{By: k.optD, Loss: loss.OfDiscriminator(k.loss, onPrior, onCode)})
	t.Minimise(game.Goal{By: k.optE, Loss: k.loss.Generator(t.RunAs(game.Pass{Label: "d.e"}, k.d, code)[0])})
}

// crossEntropy of pixels x in [0, 1] with those whose logits are l, in nats an image:
// -x log p - (1-x) log(1-p) = softplus(l) - x l.
func crossEntropy(x, l *graph.Node) *graph.Node {
	return graph.Scale(graph.Average(graph.Sub(graph.Softplus(l), graph.Mul(x, l))), float64(x.Shape.Size()/x.Shape[0]))
}

// samplers speak of codes in units of the prior's deviation.
func (k *held) samplers(s *game.Setup) {
	show := func(t *game.Turn, code *graph.Node) {
		t.Show(game.Samples, k.real, graph.Sigmoid(t.Run(k.dec, code)[0]))
	}
	encode := func(t *game.Turn) *graph.Node { return t.Run(k.e, t.Batch(k.real, game.Pixels))[0] }
	s.Sampler("sample", func(t *game.Turn) { show(t, k.prior(t)) })
	s.Sampler("encode", func(t *game.Turn) { t.Numbers(game.Encoded, graph.Scale(encode(t), 1/k.PriorStd)) })
	s.Sampler("reconstruct", func(t *game.Turn) { show(t, encode(t)) })
}
