package systems

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
)

// acgan is arXiv 1610.09585: only the generator is told the class, and the discriminator
// says of which class a sample is, real or generated.
var acgan = game.System{Declare: declareACGAN, Kind: config.Kind{
	Name: "acgan",
	Doc:  "a discriminator that also classifies (AC-GAN, arXiv 1610.09585), of convolutions, for images with data.labels = true, of 28 pixels unless data.size says otherwise",
	Keys: func() *acganKeys {
		k := &acganKeys{}
		k.Model.Init = "glorot-uniform"
		return k
	}(),
	Optims: []string{"g", "d"},
	Size:   28,
	Labels: true,
	Check:  checkTold,
}}

type acganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		quarterNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		Classes config.Number `toml:"classes" default:"1" range:"[0,)" doc:"weight of the error of classes in either network's loss"`
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Averaging
	} `toml:"train"`
}

// classified is the game of a pair whose discriminator classifies.
type classified struct {
	*conditional
	weight config.Number
}

func declareACGAN(s *game.Setup) error {
	keys := s.Config.System.(*acganKeys)
	base, net, err := newTold(s, keys.Model.Weights, keys.Model.quarterNetworks)
	if err != nil {
		return err
	}
	k := &classified{base, keys.Loss.Classes}
	k.z, k.y = latent(s), s.Code("y", game.Class, net.classes)
	k.g = s.Player("g", net.generator, game.Given(k.z), game.Given(k.y)).Called("generator").Giving(k.real.Sample())
	k.d = s.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		h := net.trunk(p, in[0])
		return []*graph.Node{logit(p, h, net.weight), nn.Dense(p, "classes", h, net.classes, net.weight, nn.Constant(0))}
	}, k.real.In()).Called("discriminator").Giving("logit", "classes")
	k.optimise()
	k.turns(k.discriminator, k.generator)
	s.Sampler("sample", k.sample)
	s.Sampler("classify", func(t *game.Turn) { t.Numbers("classes", softmax(t.Run(k.d, t.Batch(k.real, game.Pixels))[1])) })
	k.features()
	return nil
}

// with is a loss and the weighted error of classes, -L_C of section 3.
func (k *classified) with(t *game.Turn, loss, wrong *graph.Node) *graph.Node {
	return addWeighted(t, loss, "classes", k.weight, wrong)
}

// discriminator tells real samples from generated ones, and the classes of both.
func (k *classified) discriminator(t *game.Turn) {
	fake, y := k.made(t, "d", game.Pass{Label: "z"})
	fake = graph.StopGradient(fake)
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, one(t.Batch(k.real, game.Pixels)), one(fake))
	onReal, onFake := d[0][0], d[1][0]
	opinions(t, k.loss, "", onReal, onFake)
	real, made := classLoss(d[0][1], t.Batch(k.real, game.Label)), classLoss(d[1][1], y)
	t.Score("class_loss_real", real)
	t.Score("class_loss_fake", made)
	t.Minimise(game.Goal{By: k.optD, Loss: k.with(t, loss.OfDiscriminator(k.loss, onReal, onFake), graph.Add(real, made))})
}

// generator has its samples pass for real ones of the classes that they were made for.
func (k *classified) generator(t *game.Turn) {
	fake, y := k.made(t, "g", game.Pass{Label: "z.g", Track: true})
	d := t.RunAs(game.Pass{Label: "g"}, k.d, fake)
	t.Opinion("fake_after", d[0], k.loss.Probability())
	t.Minimise(game.Goal{By: k.optG, Loss: k.with(t, k.loss.Generator(d[0]), classLoss(d[1], y))})
}
