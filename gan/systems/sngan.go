package systems

import (
	"math"
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// sngan is spectral normalisation, arXiv 1802.05957, with the projection of
// arXiv 1802.05637 where the data have labels.
var sngan = game.System{Declare: declareSNGAN, Kind: config.Kind{
	Name: "sngan",
	Doc:  "convolutions or residual blocks, spectral norm on every weight of the discriminator (arXiv 1802.05957); with data.labels = true the generator's batch norm is told the class and the discriminator projects on it (arXiv 1802.05637); images of 32 pixels unless data.size says otherwise",
	Keys: func() *snganKeys {
		k := &snganKeys{}
		k.Model.Slope, k.Model.Init, k.Loss.Kind, k.Train.DSteps = .1, "glorot-uniform", "hinge", 5
		return k
	}(),
	Optims: []string{"g", "d"},
	Size:   32,
	Labels: true,
	Check:  checkSNGAN,
}}

type snganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		snganNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		config.Labels
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Steadying
		config.Averaging
		config.FreezeD
	} `toml:"train"`
}

type snganNetworks struct {
	Blocks    string `toml:"blocks" default:"plain" values:"plain|residual" doc:"what networks are made of: plain is the convolutions of arXiv 1802.05957's Table 3, residual the blocks of its Table 4, all of one width"`
	GChannels int    `toml:"g_channels" default:"64" range:"[1,4096]" doc:"channels of the generator's last hidden layer; each earlier one doubles them, but in residual blocks all have so many"`
	DChannels int    `toml:"d_channels" default:"64" range:"[1,4096]" doc:"channels of the discriminator's first layer; each halving of the image doubles them, but in residual blocks all have so many"`
}

func checkSNGAN(c *config.Config) *config.Error { return checkDoubling(c, 16) }

// spectral is networks whose discriminator has a Lipschitz constant of 1 per layer.
type spectral struct {
	snganNetworks
	slope   float64
	weight  nn.Init
	sample  graph.Shape // [h, w, c]
	classes int         // 0 without labels
}

// declareSNGAN declares a step as d_steps updates of the discriminator, then one of
// the generator against what it has become; the authors' code has the generator first.
// Power iterations take one step in each update, of either network, as they do there in
// each pass.
func declareSNGAN(s *game.Setup) error {
	k, err := newPair(s)
	if err != nil {
		return err
	}
	k.tracks, k.told = true, []string{"embed"}
	m := s.Config.System.(*snganKeys).Model
	weight, err := model.Initializer(m.Weights)
	if err != nil {
		return err
	}
	plain := spectral{m.snganNetworks, m.Slope, weight, k.real.Shape, len(k.real.Classes)}
	if m.Blocks == "plain" {
		k.project(plain.generator, plain.discriminator)
		return nil
	}
	m.Weights.InitScale *= math.Sqrt2
	inner, err := model.Initializer(m.Weights)
	if err != nil {
		return err
	}
	net := &residual{plain, inner}
	k.project(net.generator, net.discriminator)
	k.g.Torch = net.torch()
	return nil
}

// project declares what is played, with classes where the data have some.
func (k *pair) project(g, d game.Body) {
	if len(k.real.Classes) > 0 {
		(&conditional{pair: k}).meet(g, d)
		return
	}
	k.play(g, d)
	k.order(true)
	k.Sampler("sample", k.sample)
	k.features()
}

var (
	same   = nn.Window{Kernel: 3, Stride: 1, Pad: 1}
	resize = nn.Window{Kernel: 4, Stride: 2, Pad: 1}
)

// generator is 1802.05957's Table 3a: a 4x4 map of z that transposed convolutions
// double, and an image of the last. in is z [n, z] and perhaps classes i32 [n].
func (k *spectral) generator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	n := in[0].Shape[0]
	norm := func(x *graph.Node) *graph.Node {
		if k.classes == 0 {
			return nn.BatchNorm(p, "norm", x, nn.NormOptions{})
		}
		return nn.ConditionalBatchNorm(p, "norm", x, in[1], k.classes, nn.NormOptions{})
	}
	var x *graph.Node
	for i := range doublings(k.sample) + 1 {
		p.In("up"+strconv.Itoa(i), func() {
			channels := k.GChannels << (doublings(k.sample) - i)
			if i == 0 {
				x = nn.Dense(p, "dense", in[0], 16*channels, k.weight, nil)
				x = graph.Reshape(x, graph.Shape{n, 4, 4, channels})
			} else {
				x = nn.ConvTranspose(p, "conv", x, channels, resize, k.weight, nil)
			}
			x = graph.Relu(norm(x))
		})
	}
	return one(graph.Tanh(nn.Conv(p, "image", x, k.sample[2], same, k.weight, nn.Constant(0))))
}

// discriminator is Table 3b down to a 4x4 map, and its logit. in is samples and perhaps
// classes i32 [n].
func (k *spectral) discriminator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	x, sn := in[0], nn.SpectralNorm{}
	conv := func(name string, channels int, w nn.Window) {
		x = graph.LeakyRelu(nn.Conv(p, name, x, channels, w, k.weight, nn.Constant(0), sn), k.slope)
	}
	for i := range doublings(k.sample) {
		p.In("down"+strconv.Itoa(i), func() {
			conv("same", k.DChannels<<i, same)
			conv("halve", k.DChannels<<i, resize)
		})
	}
	conv("last", k.DChannels<<doublings(k.sample), same)
	return one(k.judge(p, x, in[1:]))
}

// judge is the logit of a last map, [n], of whose sums h over pixels it is v'h + b, with
// classes y that of embed(y)'h + v'h + b (1802.05637, eq. 3).
func (k *spectral) judge(p *nn.Pass, x *graph.Node, class []*graph.Node) *graph.Node {
	n, c, sn := x.Shape[0], x.Shape[3], nn.SpectralNorm{}
	h := graph.Reshape(graph.ReduceSum(x, 1, 2), graph.Shape{n, c})
	y := nn.Dense(p, "logit", h, 1, k.weight, nn.Constant(0), sn)
	if len(class) > 0 {
		y = graph.Add(y, nn.Projection(p, "embed", h, class[0], k.classes, k.weight, sn))
	}
	return graph.Reshape(y, graph.Shape{n})
}
