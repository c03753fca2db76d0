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
// prior decode to images. With labels a part of the code is the class (section 5).
var aae = game.System{Declare: declareAAE, Kind: config.Kind{
	Name:   "aae",
	Doc:    "an adversarial autoencoder (arXiv 1511.05644) of dense networks for images, of 28 pixels unless data.size says otherwise: codes are held to a prior, so that it encodes and draws; with data.labels = true a part of the code is the class, learnt from few labels",
	Keys:   newAAEKeys(),
	Optims: []string{"ae", "d", "e"},
	Size:   28,
	Labels: true,
	Check:  checkAAE,
}}

type aaeKeys struct {
	Model struct {
		config.Latent
		aaeNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		Unlabelled float64 `toml:"unlabelled" default:"1" range:"[0,)" doc:"with data.labels = true, weight of what the autoencoder learns from samples without labels; 0 leaves it the labels alone"`
	} `toml:"loss"`
	Train struct {
		config.FewLabels
	} `toml:"train"`
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
	if err := checkImages(c); err != nil {
		return err
	}
	return checkFewLabels(c, c.System.(*aaeKeys).Loss.Unlabelled)
}

// held is the game: an autoencoder whose codes are held to a prior. What is of classes is
// nil without them.
type held struct {
	aaeNetworks
	real              *game.Stream
	z                 *game.Code // the prior, before its deviation
	e, dec            *game.Player
	judges            []*game.Player // tell each part of the prior from what the encoder says
	optAE, optD, optE *game.Optimizer
	loss              loss.Loss
	unlabelled        float64

	labelled *game.Stream
	y        *game.Code // the prior of classes
	optY     *game.Optimizer
}

func declareAAE(s *game.Setup) (err error) {
	all := s.Config.System.(*aaeKeys)
	keys := all.Model
	k := &held{aaeNetworks: keys.aaeNetworks, unlabelled: all.Loss.Unlabelled, real: s.Stream("real", game.StreamOptions{Range: model.Unit})}
	if k.loss, err = lossOf(s); err != nil {
		return err
	}
	k.z = latent(s)
	classes := len(k.real.Classes)
	net := autoencoder{k.Hidden, keys.Z + classes, k.real.Shape, graph.Relu, nn.HeNormal()}
	code := []game.In{game.Given(k.z)}
	code[0].Times = k.PriorStd
	gives := []string{k.z.Name}
	if classes > 0 {
		code = append(code, game.In{Name: "classes", Shape: graph.Shape{classes}})
		gives = append(gives, "class_logits")
	}
	k.e = s.Player("e", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return parts(net.encoder(p, in[0]), keys.Z) }, k.real.In()).Called("encoder").Giving(gives...)
	k.dec = s.Player("dec", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return one(net.decoder(p, graph.Concat(1, in...)))
	}, code...).Called("decoder").Giving(k.real.Sample())
	k.judges = append(k.judges, s.Player("d", k.judge, code[0]).Called("discriminator").Giving("logit"))
	k.e.Torch, k.dec.Torch = model.Dense(net.encode()...), model.Dense(net.decode()...)
	if classes > 0 {
		k.labelled = s.Stream("labelled", game.StreamOptions{Range: model.Unit, PerClass: all.Train.Labelled, Cycle: true})
		k.y = s.Code("y", game.Class, classes)
		k.judges = append(k.judges, s.Player("dy", k.judge, code[1]).Called("discriminator of classes").Giving("logit"))
	}
	k.optAE, k.optD, k.optE = s.Optimizer("ae", "ae", k.e, k.dec), s.Optimizer("d", "d", k.judges...), s.Optimizer("e", "e", k.e)
	if classes > 0 {
		k.optY = s.Optimizer("y", "ae", k.e)
	}
	s.Order(game.Entry{Turn: s.Turn("aae", k.step)})
	k.samplers(s)
	return nil
}

// parts are the first n columns of x and, where there are more, the rest.
func parts(x *graph.Node, n int) []*graph.Node {
	if x.Shape[1] == n {
		return one(x)
	}
	return []*graph.Node{columns(x, 0, n), columns(x, n, x.Shape[1]-n)}
}

// judge is dense layers from a part of the code to one logit.
func (k *held) judge(p *nn.Pass, in []*graph.Node) []*graph.Node {
	x := in[0]
	for i, width := range k.DHidden {
		x = graph.Relu(nn.Dense(p, "dense"+strconv.Itoa(i), x, width, nn.HeNormal(), nn.Constant(0)))
	}
	return one(logit(p, x, nn.HeNormal()))
}

// prior is draws of what codes are held to: numbers and, with classes, one of them.
func (k *held) prior(t *game.Turn) []*graph.Node {
	if k.y == nil {
		return one(graph.Scale(t.Draw("z", 0, k.z).All(), k.PriorStd))
	}
	drawn := t.Draw("z", 0, k.z, k.y)
	z := graph.Scale(drawn.All(), k.PriorStd)
	return []*graph.Node{z, game.OneHot(drawn.Of(k.y), k.y.Size, z.DType)}
}

// encoded is the code of x: numbers and, with classes, their probabilities.
func (k *held) encoded(t *game.Turn, x *graph.Node) []*graph.Node {
	code := t.Run(k.e, x)
	if k.y != nil {
		code[1] = softmax(code[1])
	}
	return code
}

// decoded is logits of the pixels that a code is of.
func (k *held) decoded(t *game.Turn, code []*graph.Node) *graph.Node {
	return t.Run(k.dec, code...)[0]
}

// step is the two phases of section 2 on one batch: reconstruction, then
// regularisation, which sees the encoder that reconstruction made. With classes each part
// of the code is held to its prior, and a third phase has some labels told (section 5).
func (k *held) step(t *game.Turn) {
	x := t.Batch(k.real, game.Pixels)
	weighted := func(x *graph.Node) *graph.Node {
		if k.unlabelled == 1 {
			return x
		}
		return graph.Scale(x, k.unlabelled)
	}
	t.Minimise(game.Goal{By: k.optAE, Loss: weighted(crossEntropy(x, k.decoded(t, k.encoded(t, x))))})
	code, prior := k.encoded(t, x), k.prior(t)
	var told, passing *graph.Node
	for i, d := range k.judges {
		both := t.RunEach(game.Pass{Label: d.Name}, d, one(prior[i]), one(graph.StopGradient(code[i])))
		opinions(t, k.loss, []string{"", "_class"}[i], both[0][0], both[1][0])
		told = plus(told, loss.OfDiscriminator(k.loss, both[0][0], both[1][0]))
	}
	t.Minimise(game.Goal{By: k.optD, Loss: told})
	for i, d := range k.judges {
		passing = plus(passing, k.loss.Generator(t.RunAs(game.Pass{Label: d.Name + ".e"}, d, code[i])[0]))
	}
	t.Minimise(game.Goal{By: k.optE, Loss: weighted(passing)})
	if k.y != nil {
		said := t.Run(k.e, t.Batch(k.labelled, game.Pixels))[1]
		t.Minimise(game.Goal{By: k.optY, Loss: classLoss(said, t.Batch(k.labelled, game.Label))})
	}
}

// crossEntropy of pixels x in [0, 1] with those whose logits are l, in nats an image:
// -x log p - (1-x) log(1-p) = softplus(l) - x l.
func crossEntropy(x, l *graph.Node) *graph.Node {
	return graph.Scale(graph.Average(graph.Sub(graph.Softplus(l), graph.Mul(x, l))), float64(x.Shape.Size()/x.Shape[0]))
}

// samplers speak of codes in units of the prior's deviation.
func (k *held) samplers(s *game.Setup) {
	show := func(t *game.Turn, code []*graph.Node) {
		t.Show(game.Samples, k.real, graph.Sigmoid(k.decoded(t, code)))
	}
	encode := func(t *game.Turn) []*graph.Node { return k.encoded(t, t.Batch(k.real, game.Pixels)) }
	s.Sampler("sample", func(t *game.Turn) { show(t, k.prior(t)) })
	s.Sampler("encode", func(t *game.Turn) { t.Numbers(game.Encoded, graph.Scale(encode(t)[0], 1/k.PriorStd)) })
	s.Sampler("reconstruct", func(t *game.Turn) { show(t, encode(t)) })
	if k.y != nil {
		s.Sampler("classify", func(t *game.Turn) {
			t.Numbers("class_logits", t.Run(k.e, t.Batch(k.real, game.Pixels))[1])
		})
	}
}
