package systems

import (
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// began is boundary equilibrium GAN, arXiv 1703.10717, with dense networks: the
// discriminator is an autoencoder, judged by how well it gives back what it is shown.
var began = game.System{Declare: declareBEGAN, Kind: config.Kind{
	Name:    "began",
	Doc:     "boundary equilibrium (arXiv 1703.10717): the discriminator is an autoencoder, of dense layers, held in balance by a state k; images of 16 pixels unless data.size says otherwise",
	Keys:    &beganKeys{},
	Optims:  []string{"g", "d"},
	Size:    16,
	Vectors: true,
}}

type beganKeys struct {
	Model struct {
		config.Latent
		beganNetworks
	} `toml:"model"`
	Loss struct {
		equilibrium
	} `toml:"loss"`
	Train struct {
		config.Averaging
		config.FreezeD
	} `toml:"train"`
}

type beganNetworks struct {
	Hidden []int `toml:"hidden" default:"[256, 256]" range:"[1,65536]" doc:"widths of the hidden layers of the generator and the decoder; the encoder has them the other way round, and its code is as long as z"`
}

type equilibrium struct {
	Gamma  float64 `toml:"gamma" default:"0.5" range:"[0,1]" doc:"γ, what the error on generated samples is held to, as a share of that on real ones; less is less diverse and sharper"`
	Lambda float64 `toml:"lambda" default:"0.001" range:"(0,1]" doc:"λ, how far k moves at each step"`
	K      float64 `toml:"k" default:"0" range:"[0,1]" doc:"k before the first step"`
}

// elu is x above zero and exp(x) - 1 below.
func elu(x *graph.Node) *graph.Node {
	below := graph.Shift(graph.Exp(graph.Min(x, x.Builder().Const(x.DType, 0))), -1)
	return graph.Add(graph.Relu(x), below)
}

// balanced is the game of a pair that k holds in balance.
type balanced struct {
	*duel
	equilibrium
	balance *graph.Variable // k
}

func declareBEGAN(s *game.Setup) error {
	keys := s.Config.System.(*beganKeys)
	k := &balanced{duel: newDuel(s), equilibrium: keys.Loss.equilibrium}
	net := autoencoder{keys.Model.Hidden, keys.Model.Z, k.real.Shape, elu, nn.GlorotUniform()}
	// The generator is a decoder, as is half of the discriminator (section 3.4). Pixels
	// are not bounded.
	k.play(func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.decoder(p, in[0])) },
		func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.decoder(p, net.encoder(p, in[0]))) })
	k.g.Torch, k.d.Torch = model.Dense(net.decode()...), model.Dense(slices.Concat(net.encode(), net.decode())...)
	k.d.Giving("reconstruction")
	k.balance = s.State("k", nil, graph.F32, nn.Constant(k.K))
	s.Order(game.Entry{Turn: s.Turn("dg", k.both)})
	s.Sampler("sample", k.sample)
	return nil
}

// both updates both networks at once, and then k (section 3.4).
func (k *balanced) both(t *game.Turn) {
	x := t.Batch(k.real, k.real.Samples())
	fake := k.fakes(t, "z", true)
	back := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, one(x), one(fake))
	onReal, onFake := distance(x, back[0][0]), distance(fake, back[1][0])
	now := t.Get(k.balance)
	surplus := graph.Sub(graph.Scale(onReal, k.Gamma), onFake) // γL(x) - L(G(z))
	t.Score("error_real", onReal)
	t.Score("error_fake", onFake)
	t.Score("k", now)
	t.Score("convergence", graph.Add(onReal, graph.Abs(surplus))) // M, section 3.4.1
	t.Minimise(
		game.Goal{By: k.optD, Loss: graph.Sub(onReal, graph.Mul(graph.Cast(now, onFake.DType), onFake))},
		game.Goal{By: k.optG, Loss: onFake})
	next := graph.Add(now, graph.Cast(graph.Scale(surplus, k.Lambda), graph.F32))
	t.Set(k.balance, graph.Min(graph.Max(next, t.B.Const(graph.F32, 0)), t.B.Const(graph.F32, 1)))
}

// distance is L of eq. 1 with η = 1, the mean over all numbers of a batch.
func distance(x, back *graph.Node) *graph.Node { return graph.Average(graph.Abs(graph.Sub(x, back))) }
