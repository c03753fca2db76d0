package systems

import (
	"fmt"
	"slices"
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// lapgan is arXiv 1506.05751: one generator draws a small image, and each further one adds
// the detail that an image of twice the size has beyond the smaller one.
var lapgan = game.System{Declare: declareLAPGAN, Kind: config.Kind{
	Name:   "lapgan",
	Doc:    "LAPGAN (arXiv 1506.05751): generators that draw a small image and double it, each adding detail; images of 32 pixels unless data.size says otherwise",
	Keys:   newLAPGANKeys(),
	Optims: []string{"g", "d"},
	Size:   32,
	Check:  checkLAPGAN,
	Doubts: doubtLAPGAN,
	Batches: func(c *config.Config) int { // one for each level that learns
		k := c.System.(*lapganKeys)
		if k.Train.Phase > 0 {
			return 1
		}
		return k.Model.Levels
	},
}}

type lapganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		lapganNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
	} `toml:"loss"`
	Train struct {
		config.Averaging
		Phase int `toml:"phase" default:"0" range:"[0,)" doc:"steps that each level learns for, the coarsest first and each alone; the finest goes on to the end. 0: all learn in each step"`
	} `toml:"train"`
}

type lapganNetworks struct {
	Levels    int     `toml:"levels" default:"3" range:"[1,8]" doc:"sizes of the pyramid, each half of the next: of 32 pixels, 3 are 8, 16 and 32"`
	GHidden   []int   `toml:"g_hidden" default:"[1200, 1200]" range:"[1,65536]" doc:"widths of the hidden layers of the coarsest generator"`
	DHidden   []int   `toml:"d_hidden" default:"[1200, 1200]" range:"[1,65536]" doc:"widths of the hidden layers of the coarsest discriminator"`
	GChannels int     `toml:"g_channels" default:"64" range:"[1,4096]" doc:"channels of either hidden layer of the other generators"`
	DChannels int     `toml:"d_channels" default:"64" range:"[1,4096]" doc:"channels of either hidden layer of the other discriminators"`
	DDropout  float64 `toml:"d_dropout" default:"0.5" range:"[0,1)" doc:"share of the discriminators' last hidden units dropped, of the coarsest one's in each layer"`
}

func newLAPGANKeys() *lapganKeys {
	k := &lapganKeys{}
	k.Model.ZDist, k.Model.Init = "uniform", "glorot-uniform"
	return k
}

func checkLAPGAN(c *config.Config) *config.Error {
	if err := checkImages(c); err != nil {
		return err
	}
	d, levels := &c.Data, c.System.(*lapganKeys).Model.Levels
	for k := range levels - 1 {
		if d.Height>>k%2 != 0 || d.Width>>k%2 != 0 {
			return &config.Error{Key: "model.levels", Msg: fmt.Sprintf("%d levels halve images %d times, and %d by %d can be halved %d times; write %d at most, or change data.size", levels, levels-1, d.Height, d.Width, k, k+1)}
		}
	}
	return nil
}

func doubtLAPGAN(c *config.Config) []string {
	k := c.System.(*lapganKeys)
	if steps := k.Train.Phase * (k.Model.Levels - 1); c.Train.Steps > 0 && steps >= c.Train.Steps {
		return []string{fmt.Sprintf("train.phase: the finest level learns from step %d on, and the training ends at %d", steps, c.Train.Steps)}
	}
	return nil
}

// level is a size of the pyramid, with what draws it and tells it from real images.
type level struct {
	name       string       // of what is this level's: the height of its images; "" for the finest
	shape      graph.Shape  // [h, w, c]
	noise      *game.Code   // z of the coarsest level, a plane of the others
	g, d       *game.Player // of another level than the coarsest, g is of noise and a smaller image that was doubled
	optG, optD *game.Optimizer
}

type laplacian struct {
	lapganNetworks
	real   *game.Stream
	loss   loss.Loss
	slope  float64
	weight nn.Init
	levels []*level // the coarsest first
}

func declareLAPGAN(s *game.Setup) (err error) {
	keys := s.Config.System.(*lapganKeys)
	k := &laplacian{lapganNetworks: keys.Model.lapganNetworks, real: s.Stream("real", game.StreamOptions{}), slope: keys.Model.Slope}
	if k.loss, err = lossOf(s); err != nil {
		return err
	}
	if k.weight, err = model.Initializer(keys.Model.Weights); err != nil {
		return err
	}
	phase := int64(keys.Train.Phase)
	for i := range k.Levels {
		l := k.level(s, i)
		k.levels = append(k.levels, l)
		average(s, l.g)
		e := game.Entry{Turn: s.Turn("dg"+l.name, func(t *game.Turn) { k.learn(t, i) }), From: phase * int64(i)}
		if i < k.Levels-1 {
			e.Until = phase * int64(i+1)
		}
		s.Order(e)
	}
	s.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, k.real, k.draw(t, k.Levels)) })
	s.Sampler("coarse", func(t *game.Turn) { t.Show(game.Samples, k.real, k.draw(t, 1)) })
	s.Sampler(game.FeaturesKind, func(t *game.Turn) {
		says(t, k.loss, t.Run(k.levels[k.Levels-1].d, t.Batch(k.real, game.Pixels))[0])
	})
	return nil
}

// level declares number i, from the coarsest on.
func (k *laplacian) level(s *game.Setup, i int) *level {
	halvings := k.Levels - 1 - i
	h, w, c := k.real.Shape[0]>>halvings, k.real.Shape[1]>>halvings, k.real.Shape[2]
	l := &level{shape: graph.Shape{h, w, c}}
	if halvings > 0 {
		l.name = strconv.Itoa(h)
	}
	gives := "detail"
	g, d, of := k.refiner, k.judge, []game.In{{}, {Name: "coarse", Shape: l.shape}}
	if i == 0 {
		l.noise = latent(s)
		gives = k.real.Sample()
		g, d, of = k.generator(l.shape), k.critic, []game.In{{}}
	} else {
		l.noise = s.Code("plane"+l.name, codeKind(s), h*w)
	}
	of[0] = game.Given(l.noise)
	called := fmt.Sprintf(" of %d by %d", h, w)
	l.g = s.Player("g"+l.name, g, of...).Called("generator" + called).Giving(gives)
	l.d = s.Player("d"+l.name, d, game.In{Name: k.real.Sample(), Shape: l.shape}).Called("discriminator" + called).Giving("logit")
	l.optG, l.optD = s.Optimizer("g"+l.name, "g", l.g), s.Optimizer("d"+l.name, "d", l.d)
	return l
}

// halved is d of section 2.2: the mean of each 2 by 2 pixels.
func halved(x *graph.Node) *graph.Node { return nn.MeanPool(x, 2) }

// doubled is u: bilinear interpolation, beyond whose edge pixels are as on it.
func doubled(x *graph.Node) *graph.Node {
	for _, axis := range []int{1, 2} {
		x = doubledAlong(x, axis)
	}
	return x
}

// doubledAlong makes two pixels of each one, a quarter of the way to either neighbour.
func doubledAlong(x *graph.Node, axis int) *graph.Node {
	n, s := x.Shape[axis], x.Shape
	part := func(from, size int) *graph.Node {
		start, sizes := make([]int, len(s)), slices.Clone(s)
		start[axis], sizes[axis] = from, size
		return graph.Slice(x, start, nil, sizes)
	}
	before, after := x, x
	if n > 1 {
		before = graph.Concat(axis, part(0, 1), part(0, n-1))
		after = graph.Concat(axis, part(1, n-1), part(n-1, 1))
	}
	apart := slices.Insert(slices.Clone(s), axis+1, 1)
	toward := func(y *graph.Node) *graph.Node {
		return graph.Reshape(graph.Add(graph.Scale(x, .75), graph.Scale(y, .25)), apart)
	}
	out := slices.Clone(s)
	out[axis] = 2 * n
	return graph.Reshape(graph.Concat(axis+1, toward(before), toward(after)), out)
}

// detail is what an image has beyond the smaller one that was doubled: h = I - u(d(I))
// (eq. 3), and that one.
func detail(x *graph.Node) (h, low *graph.Node) {
	low = doubled(halved(x))
	return graph.Sub(x, low), low
}

// refined is the image with a detail: u(I) + h (eq. 4 and 5).
func refined(low, h *graph.Node) *graph.Node { return graph.Add(low, h) }

// learn is an update of level i's discriminator, then of its generator against what it
// has become, on images of the data at that size (section 3.1).
func (k *laplacian) learn(t *game.Turn, i int) {
	l, x := k.levels[i], t.Batch(k.real, game.Pixels)
	for range k.Levels - 1 - i {
		x = halved(x)
	}
	in := one(t.Draw("z", 0, l.noise).All())
	pass := game.Pass{Label: "g", Track: true}
	var fake *graph.Node
	if i == 0 {
		fake = t.RunAs(pass, l.g, in...)[0]
	} else {
		_, low := detail(x)
		fake = refined(low, t.RunAs(pass, l.g, append(in, low)...)[0])
	}
	d := t.RunEach(game.Pass{Label: "d", Track: true}, l.d, one(x), one(graph.StopGradient(fake)))
	onReal, onFake := d[0][0], d[1][0]
	opinions(t, k.loss, l.name, onReal, onFake)
	t.Minimise(game.Goal{By: l.optD, Loss: loss.OfDiscriminator(k.loss, onReal, onFake)})
	after := t.RunAs(game.Pass{Label: "d.g"}, l.d, fake)[0]
	t.Minimise(game.Goal{By: l.optG, Loss: k.loss.Generator(after)})
}

// draw is images that so many levels drew, from the coarsest on (section 2.3), doubled to
// the full size by those that are left.
func (k *laplacian) draw(t *game.Turn, levels int) *graph.Node {
	var codes []*game.Code
	for _, l := range k.levels[:levels] {
		codes = append(codes, l.noise)
	}
	z := t.Draw("z", 0, codes...)
	x := t.Run(k.levels[0].g, z.Of(k.levels[0].noise))[0]
	for i, l := range k.levels[1:] {
		x = doubled(x)
		if i+1 < levels {
			x = refined(x, t.Run(l.g, z.Of(l.noise), x)[0])
		}
	}
	return x
}

// generator is dense layers that draw images of the coarsest level.
func (k *laplacian) generator(shape graph.Shape) game.Body {
	return func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		x := in[0]
		for i, width := range k.GHidden {
			x = graph.Relu(nn.Dense(p, "dense"+strconv.Itoa(i), x, width, k.weight, nn.Constant(0)))
		}
		x = graph.Tanh(nn.Dense(p, "image", x, shape.Size(), k.weight, nn.Constant(0)))
		return one(graph.Reshape(x, append(graph.Shape{x.Shape[0]}, shape...)))
	}
}

// critic is dense layers that judge them.
func (k *laplacian) critic(p *nn.Pass, in []*graph.Node) []*graph.Node {
	x := nn.Flatten(in[0])
	for i, width := range k.DHidden {
		name := "dense" + strconv.Itoa(i)
		x = graph.LeakyRelu(nn.Dense(p, name, x, width, k.weight, nn.Constant(0)), k.slope)
		x = nn.Dropout(p, name+".dropout", x, 1-k.DDropout)
	}
	return one(logit(p, x, k.weight))
}

// refiner is convolutions of a plane of noise [n, h w] beside an image [n, h, w, c] that
// was doubled, which give the detail it lacks.
func (k *laplacian) refiner(p *nn.Pass, in []*graph.Node) []*graph.Node {
	low := in[1]
	plane := graph.Reshape(in[0], graph.Shape{low.Shape[0], low.Shape[1], low.Shape[2], 1})
	x := graph.Concat(3, low, plane)
	for i := range 2 {
		x = graph.Relu(nn.Conv(p, "conv"+strconv.Itoa(i), x, k.GChannels, nn.Window{Kernel: 7, Stride: 1, Pad: 3}, k.weight, nn.Constant(0)))
	}
	// At stride 1 a transposed convolution is a convolution, and there are kernels for few channels.
	return one(nn.ConvTranspose(p, "detail", x, low.Shape[3], nn.Window{Kernel: 5, Stride: 1, Pad: 2}, k.weight, nn.Constant(0)))
}

// judge is convolutions of an image, the sum of its detail and what that was added to.
func (k *laplacian) judge(p *nn.Pass, in []*graph.Node) []*graph.Node {
	x := in[0]
	for i := range 2 {
		x = graph.LeakyRelu(nn.Conv(p, "conv"+strconv.Itoa(i), x, k.DChannels, nn.Window{Kernel: 5, Stride: 1 + i, Pad: 2}, k.weight, nn.Constant(0)), k.slope)
	}
	x = nn.Dropout(p, "dropout", nn.Flatten(x), 1-k.DDropout)
	return one(logit(p, x, k.weight))
}
