package systems

import (
	"fmt"
	"math"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// mmdgan is MMD GAN, arXiv 1705.08584: the distance that a generator makes small is one
// of kernels, on codes that an encoder learns so that it is large.
var mmdgan = game.System{Declare: declareMMDGAN, Kind: config.Kind{
	Name:   "mmdgan",
	Doc:    "MMD GAN (arXiv 1705.08584) of dense networks: the distance of real and generated codes by Gaussian kernels, for points or images, of 28 pixels unless data.size says otherwise",
	Keys:   newMMDGANKeys(),
	Optims: []string{"g", "d", "decoder"},
	Size:   28,
	Check:  checkMMDGAN,
	// The generator's update has a batch of its own.
	Batches: func(c *config.Config) int { return c.System.(*mmdganKeys).Train.DSteps + 1 },
}}

type mmdganKeys struct {
	Model struct {
		config.Latent
		mmdganNetworks
	} `toml:"model"`
	Loss struct {
		mmdganLoss
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Averaging
	} `toml:"train"`
}

type mmdganNetworks struct {
	Code    int   `toml:"code" default:"16" range:"[1,4096]" doc:"length of the critic's codes"`
	GHidden []int `toml:"g_hidden" default:"[256, 256]" range:"[1,65536]" doc:"widths of the generator's hidden layers"`
	DHidden []int `toml:"d_hidden" default:"[256, 256]" range:"[1,65536]" doc:"widths of the decoder's hidden layers; the critic has them the other way round"`
}

type mmdganLoss struct {
	Bandwidths []float64     `toml:"bandwidths" default:"[1, 2, 4, 8, 16]" range:"(0,)" doc:"deviations of the Gaussian kernels, in units of codes; they are added up"`
	Autoencode config.Number `toml:"autoencode" default:"8" range:"[0,)" doc:"λ: weight of the squared error a number with which codes decode to samples, real and generated; 0 is none"`
}

func newMMDGANKeys() *mmdganKeys {
	k := &mmdganKeys{}
	k.Train.DSteps = 5
	return k
}

func checkMMDGAN(c *config.Config) *config.Error {
	const key = "loss.bandwidths"
	all := c.System.(*mmdganKeys).Loss.Bandwidths
	if len(all) == 0 {
		return &config.Error{Key: key, Msg: "there is none, and without a kernel there is no distance; write one at least, such as [1, 2, 4]"}
	}
	if least := slices.Min(all); .5/(least*least) > math.MaxFloat32 {
		return &config.Error{Key: key, Msg: fmt.Sprintf("%g is so small that numbers of 32 bits cannot hold its kernel; write larger ones", least)}
	}
	return nil
}

// matched is the game: a generator against the kernels of a critic, which is an encoder
// with a decoder that keeps it from forgetting samples.
type matched struct {
	*duel
	mmdganLoss
	dec  *game.Player // the critic's decoder
	optR *game.Optimizer
}

func declareMMDGAN(s *game.Setup) error {
	keys := s.Config.System.(*mmdganKeys)
	k := &matched{duel: newDuel(s), mmdganLoss: keys.Loss.mmdganLoss}
	slope := func(x *graph.Node) *graph.Node { return graph.LeakyRelu(x, .2) }
	of := autoencoder{keys.Model.GHidden, keys.Model.Z, k.real.Shape, graph.Relu, nn.HeNormal()}
	critic := autoencoder{keys.Model.DHidden, keys.Model.Code, k.real.Shape, slope, nn.HeNormal()}
	k.play(func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(k.bounded(of.decoder(p, in[0]))) },
		func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(critic.encoder(p, in[0])) })
	k.d.Called("critic").Giving("code")
	k.dec = s.Player("dec", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(k.bounded(critic.decoder(p, in[0]))) }, game.In{Name: "code", Shape: graph.Shape{critic.z}}).Called("decoder").Giving(k.real.Sample())
	k.g.Torch, k.d.Torch, k.dec.Torch = model.Dense(of.decode()...), model.Dense(critic.encode()...), model.Dense(critic.decode()...)
	k.optR = s.Optimizer("decoder", "decoder", k.dec)
	s.Order(
		game.Entry{Turn: s.Turn("d", k.critic), Times: int64(keys.Train.DSteps)},
		game.Entry{Turn: s.Turn("g", k.generator)},
	)
	s.Sampler("sample", k.sample)
	s.Sampler("reconstruct", func(t *game.Turn) {
		t.Show(game.Samples, k.real, t.Run(k.dec, t.Run(k.d, t.Batch(k.real, k.real.Samples()))[0])[0])
	})
	return nil
}

// bounded is samples: pixels are within [-1, 1].
func (k *matched) bounded(x *graph.Node) *graph.Node {
	if k.real.Samples() == game.Pixels {
		return graph.Tanh(x)
	}
	return x
}

// critic is the inner maximum of algorithm 1: with e the encoder, it minimises
// -M(e(x), e(G(z))) + λ E|y - dec(e(y))|^2 over y of both batches.
func (k *matched) critic(t *game.Turn) {
	real, fake := t.Batch(k.real, k.real.Samples()), graph.StopGradient(k.fakes(t, "z", false))
	code := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, one(real), one(fake))
	m := kernelDistance(code[0][0], code[1][0], k.Bandwidths)
	t.Score("mmd", m)
	if k.Autoencode.IsZero() {
		t.Minimise(game.Goal{By: k.optD, Loss: graph.Neg(m)})
		return
	}
	back := t.RunEach(game.Pass{Label: "dec", Track: true}, k.dec, code[0], code[1])
	lost := graph.Add(graph.Average(graph.Square(graph.Sub(real, back[0][0]))), graph.Average(graph.Square(graph.Sub(fake, back[1][0]))))
	t.Score("lost", lost)
	lost = t.Weighted("loss", "autoencode", k.Autoencode, func(weight float64) *graph.Node { return graph.Scale(lost, weight) })
	t.Minimise(game.Goal{By: k.optD, Loss: graph.Sub(lost, m)}, game.Goal{By: k.optR, Loss: lost})
}

// generator minimises M(e(x), e(G(z))) on fresh batches.
func (k *matched) generator(t *game.Turn) {
	code := t.RunEach(game.Pass{Label: "g"}, k.d, one(t.Batch(k.real, k.real.Samples())), one(k.fakes(t, "z.g", true)))
	t.Minimise(game.Goal{By: k.optG, Loss: kernelDistance(code[0][0], code[1][0], k.Bandwidths)})
}

// kernelDistance is the biased estimate of M = E k(x, x') - 2 E k(x, y) + E k(y, y') from
// batches [n, c] of two distributions, where k is the sum of exp(-|a - b|^2 / 2s^2) over
// the deviations s: the squared length of the difference of two means, of what k maps
// either batch to, and so never below zero.
func kernelDistance(x, y *graph.Node, deviations []float64) *graph.Node {
	mean := func(a, b *graph.Node) *graph.Node {
		square := func(v *graph.Node) *graph.Node { return graph.ReduceSum(graph.Square(v), 1) }
		squares := graph.Sub(graph.Add(square(a), graph.Transpose(square(b), 1, 0)), graph.Scale(graph.MatMulT(a, b, false, true), 2))
		k := graph.Exp(graph.Scale(squares, -.5/(deviations[0]*deviations[0])))
		for _, s := range deviations[1:] {
			k = graph.Add(k, graph.Exp(graph.Scale(squares, -.5/(s*s))))
		}
		return graph.Average(k)
	}
	return graph.Sub(graph.Add(mean(x, x), mean(y, y)), graph.Scale(mean(x, y), 2))
}
