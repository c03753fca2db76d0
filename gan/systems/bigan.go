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

// bigan and ali are one game, of arXiv 1605.09782 and arXiv 1606.00704: a discriminator
// tells samples with the codes that an encoder gives them from codes with the samples that
// a generator makes of them. At its optimum either network inverts the other.
var bigan = game.System{Declare: declareBiGAN, Kind: config.Kind{
	Name:   "bigan",
	Doc:    "BiGAN (arXiv 1605.09782): a generator and an encoder that invert each other, of dense networks for images, of 28 pixels unless data.size says otherwise",
	Keys:   newBiGANKeys(),
	Optims: []string{"g", "d"},
	Size:   28,
	Check:  checkBiGAN,
}}

// checkBiGAN refuses a discriminator that would not see codes, which its last hidden layer does.
func checkBiGAN(c *config.Config) *config.Error {
	if err := checkHidden(c.System.(*biganKeys).Model.DHidden); err != nil {
		return err
	}
	return checkImages(c)
}

// ali differs from bigan in its networks, which convolve, and in its encoder, whose codes
// are drawn.
var ali = game.System{Declare: declareALI, Kind: config.Kind{
	Name:   "ali",
	Doc:    "adversarially learned inference (arXiv 1606.00704): a generator and an encoder that draws codes, of convolutions, for images of 28 pixels unless data.size says otherwise",
	Keys:   newALIKeys(),
	Optims: []string{"g", "d"},
	Size:   28,
	Check:  checkQuarters,
}}

type inverting struct {
	Loss struct {
		config.Adversarial
	} `toml:"loss"`
	Train struct {
		config.Averaging
	} `toml:"train"`
}

type biganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		biganNetworks
	} `toml:"model"`
	inverting
}

type biganNetworks struct {
	Hidden  []int `toml:"hidden" default:"[1024, 1024]" range:"[1,65536]" doc:"widths of the hidden layers of the generator; the encoder has them the other way round"`
	DHidden []int `toml:"d_hidden" default:"[1024, 1024]" range:"[1,65536]" doc:"widths of the hidden layers of the discriminator"`
}

type aliKeys struct {
	Model struct {
		config.Latent
		config.Weights
		quarterNetworks
		DDropout float64 `toml:"d_dropout" default:"0.2" range:"[0,1)" doc:"share of what goes into each dense layer of the discriminator that is dropped"`
	} `toml:"model"`
	inverting
}

func newBiGANKeys() *biganKeys {
	k := &biganKeys{}
	k.Model.Z, k.Model.ZDist, k.Model.Init = 50, "uniform", "glorot-uniform"
	return k
}

func newALIKeys() *aliKeys {
	k := &aliKeys{}
	k.Model.Z, k.Model.Init, k.Model.Slope = 64, "glorot-uniform", .1
	return k
}

// mirrored is the game.
type mirrored struct {
	*duel
	e    *game.Player // gives codes, or their means and the logarithms of their deviations
	loss loss.Loss
}

// inverses are a generator's, an encoder's and a discriminator's functions.
type inverses interface {
	generator(p *nn.Pass, z *graph.Node) *graph.Node
	encoder(p *nn.Pass, x *graph.Node) []*graph.Node
	discriminator(p *nn.Pass, x, z *graph.Node) *graph.Node
}

// declare declares the game of three networks; all learn at once (algorithm 1 of ALI).
func (k *mirrored) declare(net inverses) (err error) {
	if k.loss, err = lossOf(k.Setup); err != nil {
		return err
	}
	k.real.Range, k.z = model.Unit, latent(k.Setup)
	x, z := k.real.In(), game.Given(k.z)
	k.g = k.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.generator(p, in[0])) }, z).Called("generator").Giving(k.real.Sample())
	k.e = k.Player("e", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return net.encoder(p, in[0]) }, x).Called("encoder").Giving(k.z.Name, "log_std")
	k.d = k.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.discriminator(p, in[0], in[1])) }, x, z).Called("discriminator").Giving("logit")
	k.optG, k.optD = k.Optimizer("g", "g", k.g, k.e), k.Optimizer("d", "d", k.d)
	average(k.Setup, k.g, k.e)
	k.Standing(k.g)
	k.Order(game.Entry{Turn: k.Turn("dg", k.step)})
	k.Sampler("sample", k.sample)
	k.Sampler("encode", func(t *game.Turn) { t.Numbers(game.Encoded, k.code(t)) })
	k.Sampler("reconstruct", func(t *game.Turn) { t.Show(game.Samples, k.real, t.Run(k.g, k.code(t))[0]) })
	return nil
}

// code is the code of samples, or its mean.
func (k *mirrored) code(t *game.Turn) *graph.Node { return t.Run(k.e, t.Batch(k.real, game.Pixels))[0] }

// step is an update of D on (x, E(x)) against (G(z), z), and one of G and E with the two
// exchanged (ALI's eq. 5 and 6, algorithm 1; with minimax BiGAN's eq. 3).
func (k *mirrored) step(t *game.Turn) {
	x, z := t.Batch(k.real, game.Pixels), t.Draw("z", 0, k.z).All()
	fake := t.RunAs(game.Pass{Label: "g", Track: true}, k.g, z)[0]
	code := t.RunAs(game.Pass{Label: "e", Track: true}, k.e, x)
	if len(code) > 1 { // drawn
		code[0] = graph.Add(code[0], graph.Mul(graph.Exp(code[1]), t.Normal("e.noise", code[0].Shape)))
	}
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, []*graph.Node{x, code[0]}, []*graph.Node{fake, z})
	onReal, onFake := d[0][0], d[1][0]
	opinions(t, k.loss, "", onReal, onFake)
	t.Minimise(
		game.Goal{By: k.optD, Loss: loss.OfDiscriminator(k.loss, onReal, onFake)},
		game.Goal{By: k.optG, Loss: loss.Exchanged(k.loss, onReal, onFake)})
}

func declareBiGAN(s *game.Setup) error {
	keys := s.Config.System.(*biganKeys).Model
	weight, err := model.Initializer(keys.Weights)
	if err != nil {
		return err
	}
	k := &mirrored{duel: newDuel(s)}
	return k.declare(&denseInverses{keys.biganNetworks, keys.Z, keys.Slope, weight, k.real.Shape})
}

// denseInverses are BiGAN's networks for MNIST without its neighbourhoods. Norms have
// neither gain nor bias.
type denseInverses struct {
	biganNetworks
	z      int
	slope  float64
	weight nn.Init
	sample graph.Shape
}

func (k *denseInverses) normed(p *nn.Pass, name string, x *graph.Node) *graph.Node {
	return nn.BatchNorm(p, name+".norm", x, nn.NormOptions{Plain: true})
}

func (k *denseInverses) generator(p *nn.Pass, z *graph.Node) *graph.Node {
	x := z
	for i, width := range k.Hidden {
		name := "dense" + strconv.Itoa(i)
		x = graph.Relu(k.normed(p, name, nn.Dense(p, name, x, width, k.weight, nil)))
	}
	x = graph.Sigmoid(nn.Dense(p, "sample", x, k.sample.Size(), k.weight, nn.Constant(0)))
	return graph.Reshape(x, append(graph.Shape{z.Shape[0]}, k.sample...))
}

// encoder has no norm after its first layer.
func (k *denseInverses) encoder(p *nn.Pass, x *graph.Node) []*graph.Node {
	x = graph.Reshape(x, graph.Shape{x.Shape[0], k.sample.Size()})
	for i := range k.Hidden {
		name := "dense" + strconv.Itoa(i)
		x = nn.Dense(p, name, x, k.Hidden[len(k.Hidden)-1-i], k.weight, nil)
		if i > 0 {
			x = k.normed(p, name, x)
		}
		x = graph.LeakyRelu(x, k.slope)
	}
	return one(nn.Dense(p, "code", x, k.z, k.weight, nn.Constant(0)))
}

// discriminator adds a linear map of the code before its last hidden layer's norm.
func (k *denseInverses) discriminator(p *nn.Pass, x, z *graph.Node) *graph.Node {
	x = graph.Reshape(x, graph.Shape{x.Shape[0], k.sample.Size()})
	for i, width := range k.DHidden {
		name := "dense" + strconv.Itoa(i)
		x = nn.Dense(p, name, x, width, k.weight, nil)
		if i == len(k.DHidden)-1 {
			x = k.normed(p, name, graph.Add(x, nn.Dense(p, "code", z, width, k.weight, nil)))
		}
		x = graph.LeakyRelu(x, k.slope)
	}
	return logit(p, x, k.weight)
}

func declareALI(s *game.Setup) error {
	keys := s.Config.System.(*aliKeys).Model
	weight, err := model.Initializer(keys.Weights)
	if err != nil {
		return err
	}
	k := &mirrored{duel: newDuel(s)}
	return k.declare(&convInverses{quarters{keys.quarterNetworks, keys.Slope, weight, k.real.Shape}, keys.Z, 1 - keys.DDropout})
}

// convInverses are networks of ALI's kind: its encoder and generator with batch norm, its
// discriminator with dropout and a part for each of sample and code.
type convInverses struct {
	quarters
	z    int
	keep float64
}

// encoder gives means and logarithms of deviations.
func (k *convInverses) encoder(p *nn.Pass, x *graph.Node) []*graph.Node {
	h := k.trunk(p, x)
	said := func(name string) *graph.Node { return nn.Dense(p, name, h, k.z, k.weight, nn.Constant(0)) }
	return []*graph.Node{said("mean"), said("deviation")}
}

func (k *convInverses) discriminator(p *nn.Pass, x, z *graph.Node) *graph.Node {
	dense := func(name string, x *graph.Node) *graph.Node {
		x = nn.Dropout(p, name+".dropout", x, k.keep)
		return graph.LeakyRelu(nn.Dense(p, name, x, k.Hidden, k.weight, nn.Constant(0)), k.slope)
	}
	h := k.convolve(p, nn.Dropout(p, "dropout", x, k.keep))
	y := dense("joint1", dense("joint0", graph.Concat(1, h, dense("code1", dense("code0", z)))))
	return logit(p, nn.Dropout(p, "logit.dropout", y, k.keep), k.weight)
}
