package systems

import (
	"fmt"
	"strconv"

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
		apartNetworks
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

// apartNetworks are the first layers of section 4.1.
type apartNetworks struct {
	GApart []int `toml:"g_apart" default:"[]" range:"[1,65536]" doc:"widths of two ReLU layers, one that the latent goes through and one for the class, before the generator's hidden layers; arXiv 1411.1784 has [200, 1000]; none: both go in as they are"`
	DApart []int `toml:"d_apart" default:"[]" range:"[1,65536]" doc:"units of two maxout layers, one that the sample goes through and one for the class, before the discriminator's hidden layers; arXiv 1411.1784 has [240, 50]; none: both go in as they are"`
	Pieces int   `toml:"d_apart_pieces" default:"5" range:"[2,1000]" doc:"sums of which each unit of d_apart is the largest"`
}

func checkCGAN(c *config.Config) *config.Error {
	if err := checkLabels(c, "mlp"); err != nil {
		return err
	}
	apart := c.System.(*cganKeys).Model.apartNetworks
	for _, k := range []struct {
		key    string
		widths []int
	}{{"model.g_apart", apart.GApart}, {"model.d_apart", apart.DApart}} {
		if n := len(k.widths); n != 0 && n != 2 {
			return &config.Error{Key: k.key, Msg: fmt.Sprintf("there are %d widths; write two, of the layer for what comes first and of that for the class, or [] for none", n)}
		}
	}
	return checkDense(c, c.System.(*cganKeys).Model.mlpNetworks)
}

// cdcgan is the same with convolutions: the networks of arXiv 1511.06434's authors for
// MNIST, in which the class stands beside what goes into each layer.
var cdcgan = game.System{Declare: declareCDCGAN, Kind: config.Kind{
	Name: "cdcgan",
	Doc:  "convolutions that are told the class of a sample in each layer (the code of arXiv 1511.06434), for images with data.labels = true, of 28 pixels unless data.size says otherwise",
	Keys: func() *cdcganKeys {
		k := &cdcganKeys{}
		k.Model.Init = "glorot-uniform"
		return k
	}(),
	Optims: []string{"g", "d"},
	Size:   28,
	Labels: true,
	Check:  checkTold,
}}

type cdcganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		quarterNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		config.Labels
		config.AdaptiveL2
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Steadying
		config.Averaging
		config.FreezeD
	} `toml:"train"`
}

// checkTold refuses what told networks cannot make, or not by class.
func checkTold(c *config.Config) *config.Error {
	if err := checkLabels(c, "dcgan"); err != nil {
		return err
	}
	return checkQuarters(c)
}

func declareCDCGAN(s *game.Setup) error {
	keys := s.Config.System.(*cdcganKeys)
	k, net, err := newTold(s, keys.Model.Weights, keys.Model.quarterNetworks)
	if err != nil {
		return err
	}
	k.meet(net.generator, net.discriminator)
	return nil
}

// newTold declares what a game of images by class begins with, and gives its networks.
func newTold(s *game.Setup, weights config.Weights, n quarterNetworks) (*conditional, *told, error) {
	k, err := newPair(s)
	if err != nil {
		return nil, nil, err
	}
	weight, err := model.Initializer(weights)
	if err != nil {
		return nil, nil, err
	}
	classes, err := classesOf(s, k.real, "dcgan")
	if err != nil {
		return nil, nil, err
	}
	k.real.Range = model.Unit
	return &conditional{pair: k}, &told{quarters{n, weights.Slope, weight, k.real.Shape}, classes}, nil
}

// told is cdcgan's networks.
type told struct {
	quarters
	classes int
}

// beside is x [n, c], or each pixel of x [n, h, w, c], with a row of zeros and a one for
// the class.
func (k *told) beside(p *nn.Pass, x, y *graph.Node) *graph.Node {
	row := game.OneHot(y, k.classes, p.Float())
	if len(x.Shape) == 4 {
		n := x.Shape[0]
		row = graph.Broadcast(graph.Reshape(row, graph.Shape{n, 1, 1, k.classes}), graph.Shape{n, x.Shape[1], x.Shape[2], k.classes})
	}
	return graph.Concat(len(x.Shape)-1, x, row)
}

// generator is latents and classes to images in [0, 1].
func (k *told) generator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	n, h, w, c := in[0].Shape[0], k.sample[0]/4, k.sample[1]/4, 2*k.GChannels
	with := func(x *graph.Node) *graph.Node { return k.beside(p, x, in[1]) }
	x := normed(p, "dense0", nn.Dense(p, "dense0", with(in[0]), k.Hidden, k.weight, nil))
	x = normed(p, "dense1", nn.Dense(p, "dense1", with(x), h*w*c, k.weight, nil))
	x = graph.Reshape(x, graph.Shape{n, h, w, c})
	x = normed(p, "up", nn.ConvTranspose(p, "up", with(x), k.GChannels, double, k.weight, nil))
	return one(graph.Sigmoid(nn.ConvTranspose(p, "image", with(x), k.sample[2], double, k.weight, nn.Constant(0))))
}

// discriminator is images and classes to logits.
func (k *told) discriminator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	with := func(x *graph.Node) *graph.Node { return k.beside(p, x, in[1]) }
	x := graph.LeakyRelu(nn.Conv(p, "down0", with(in[0]), k.DChannels, halve, k.weight, nn.Constant(0)), k.slope)
	x = k.leaky(p, "down1", nn.Conv(p, "down1", with(x), 2*k.DChannels, halve, k.weight, nil))
	x = with(nn.Flatten(x))
	x = with(k.leaky(p, "dense", nn.Dense(p, "dense", x, k.Hidden, k.weight, nil)))
	return one(logit(p, x, k.weight))
}

func declareCGAN(s *game.Setup) error {
	keys := s.Config.System.(*cganKeys)
	base, err := newPair(s)
	if err != nil {
		return err
	}
	k := &conditional{pair: base}
	classes, err := classesOf(s, k.real, "mlp")
	if err != nil {
		return err
	}
	m, err := model.NewMLP(keys.Model.Latent, keys.Model.Weights, model.MLP(keys.Model.mlpNetworks), k.real.Shape)
	if err != nil {
		return err
	}
	first, err := newApart(s, keys, classes)
	if err != nil {
		return err
	}
	k.real.Range = m.Range
	k.told = []string{"label", "apart1"}
	k.meet(func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(m.Generator(p, first.generator(p, in))) },
		func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return one(m.Discriminator(p, first.discriminator(p, in)))
		})
	if keys.Model.LabelDim == 0 && len(first.GApart)+len(first.DApart) == 0 { // dense layers of the joined numbers and nothing else
		k.g.Torch, k.d.Torch = m.Torch()
	}
	return nil
}

// apart is what latents or samples and classes go through before they meet.
type apart struct {
	apartNetworks
	classes, dim    int
	keep            float64 // share of the discriminator's units
	weight, dWeight nn.Init
}

func newApart(s *game.Setup, keys *cganKeys, classes int) (*apart, error) {
	m := &keys.Model
	k := &apart{apartNetworks: m.apartNetworks, classes: classes, dim: m.LabelDim, keep: 1 - m.DDropout}
	weights := m.Weights
	var err error
	if k.weight, err = model.Initializer(weights); err != nil {
		return nil, err
	}
	weights.InitScale = m.DInitScale
	k.dWeight, err = model.Initializer(weights)
	return k, err
}

// joined is x, flattened, and what stands for the class, each through a layer of its own
// where there are widths.
func (k *apart) joined(p *nn.Pass, in []*graph.Node, widths []int, layer func(name string, x *graph.Node, width int) *graph.Node) *graph.Node {
	row := game.OneHot(in[1], k.classes, p.Float())
	if k.dim > 0 {
		row = nn.Embedding(p, "label", in[1], k.classes, k.dim, nn.Normal(0, 1))
	}
	parts := []*graph.Node{nn.Flatten(in[0]), row}
	for i, width := range widths {
		parts[i] = layer("apart"+strconv.Itoa(i), parts[i], width)
	}
	return graph.Concat(1, parts...)
}

func (k *apart) generator(p *nn.Pass, in []*graph.Node) *graph.Node {
	return k.joined(p, in, k.GApart, func(name string, x *graph.Node, width int) *graph.Node {
		return graph.Relu(nn.Dense(p, name, x, width, k.weight, nn.Constant(0)))
	})
}

func (k *apart) discriminator(p *nn.Pass, in []*graph.Node) *graph.Node {
	return k.joined(p, in, k.DApart, func(name string, x *graph.Node, width int) *graph.Node {
		x = nn.Maxout(nn.Dense(p, name, x, width*k.Pieces, k.dWeight, nn.Constant(0)), k.Pieces)
		return nn.Dropout(p, name+".dropout", x, k.keep)
	})
}
