package systems

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/model"
)

// gran is generative recurrent adversarial networks, arXiv 1602.05110: the generator draws
// on a canvas in steps, each of which sees what the one before it has drawn.
var gran = game.System{Declare: declareGRAN, Kind: config.Kind{
	Name:   "gran",
	Doc:    "GRAN (arXiv 1602.05110): a recurrent generator, of convolutions, draws on a canvas in steps; images of 32 pixels unless data.size says otherwise",
	Keys:   &granKeys{},
	Optims: []string{"g", "d"},
	Size:   32,
	Check:  func(c *config.Config) *config.Error { return checkDoubling(c, 8) },
}}

type granKeys struct {
	Model struct {
		config.Latent
		granNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		L2 config.Number `toml:"l2" default:"5e-6" range:"[0,)" doc:"λ of (λ/2)|W|² over the weights of the discriminator's two dense layers; 0 is none"`
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Averaging
	} `toml:"train"`
}

type granNetworks struct {
	Steps     int `toml:"steps" default:"5" range:"[1,64]" doc:"T, how often the generator draws on its canvas; 1 is a generator that sees nothing of its own"`
	GChannels int `toml:"g_channels" default:"256" range:"[1,4096]" doc:"channels of the generator's last hidden map and of its encoder's first; towards 4x4 each map has twice those of the next larger one"`
	DChannels int `toml:"d_channels" default:"256" range:"[1,4096]" doc:"channels of the discriminator's last map; each before it has twice as many"`
	DWidth    int `toml:"d_width" default:"100" range:"[1,65536]" doc:"width of the discriminator's dense layer"`
}

// recurrent is the game.
type recurrent struct {
	*pair
	l2 config.Number
}

// declareGRAN declares a step as d_steps updates of the discriminator, then one of the
// generator, through all that it has drawn.
func declareGRAN(s *game.Setup) error {
	keys := s.Config.System.(*granKeys)
	base, err := newPair(s)
	if err != nil {
		return err
	}
	k := &recurrent{base, keys.Loss.L2}
	k.real.Range = model.Unit
	net := &canvas{keys.Model.granNetworks, keys.Model.Z, nn.GlorotUniform(), k.real.Shape}
	k.play(net.generator, net.discriminator)
	gives := []string{k.real.Sample()}
	for i := range net.Steps {
		gives = append(gives, "step"+strconv.Itoa(i+1))
	}
	k.g.Giving(gives...)
	k.turns(k.discriminator, k.generator)
	k.samplers()
	s.Sampler("steps", k.drawn)
	return nil
}

// discriminator tells real samples from generated ones, with its dense weights kept small.
func (k *recurrent) discriminator(t *game.Turn) {
	goal, _, _ := k.judge(t, k.batch(t), graph.StopGradient(k.fakes(t, "z", false)))
	if !k.l2.IsZero() {
		goal.Apart = append(goal.Apart, game.Penalty{Name: "l2", Of: func() *graph.Node {
			return t.Weighted("loss", "l2", k.l2, func(weight float64) *graph.Node { return graph.Scale(k.squares(t), weight/2) })
		}})
	}
	t.Minimise(goal)
}

// squares is |W|² over the discriminator's dense layers.
func (k *recurrent) squares(t *game.Turn) *graph.Node {
	sum := t.B.Const(k.Float, 0)
	for _, p := range t.Params(k.d) {
		if p.Name == "d/hidden/w" || p.Name == "d/logit/w" {
			sum = graph.Add(sum, graph.Total(graph.Square(p.Value)))
		}
	}
	return sum
}

// generator has its samples pass for real ones. The mean squares of what each of its steps
// draws tell which of them do.
func (k *recurrent) generator(t *game.Turn) {
	made := t.RunAs(game.Pass{Label: "z.g", Track: true}, k.g, t.Draw("z.g", 0, k.z).All())
	for i, step := range made[1:] {
		t.Score("step"+strconv.Itoa(i+1), graph.Average(graph.Square(step)))
	}
	k.fool(t, made[0])
}

// drawn is what each step draws, [n, T, h, w, c], which samples are the sigmoid of the sum of.
func (k *recurrent) drawn(t *game.Turn) {
	steps := t.Run(k.g, t.Draw("z", 0, k.z).All())[1:]
	for i, x := range steps {
		steps[i] = graph.Reshape(x, append(graph.Shape{x.Shape[0], 1}, x.Shape[1:]...))
	}
	t.Numbers("steps", graph.Concat(1, steps...))
}

// canvas is the networks of section 3.1, for square images whose sides are 4 doubled.
type canvas struct {
	granNetworks
	z      int
	weight nn.Init
	sample graph.Shape // [h, w, c]
}

// generator is a latent z [n, z] to an image and the steps that it is drawn in, before the
// nonlinearity:
//
//	h_z = tanh(W z),  h_1 = 0,  h_t = encode(ΔC_{t-1}),  ΔC_t = decode([h_z, h_t])
//	x = sigmoid(ΔC_1 + ... + ΔC_T)
func (k *canvas) generator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	hz := graph.Tanh(nn.BatchNorm(p, "z.norm", nn.Dense(p, "z", in[0], k.z, k.weight, nil), nn.NormOptions{}))
	h := graph.Broadcast(p.B.Const(hz.DType, 0), hz.Shape)
	out := make([]*graph.Node, 1+k.Steps)
	for t := range k.Steps {
		if t > 0 {
			h = k.encode(p, t, out[t])
		}
		out[t+1] = k.decode(p, t, graph.Concat(1, hz, h))
		if t == 0 {
			out[0] = out[1]
		} else {
			out[0] = graph.Add(out[0], out[t+1])
		}
	}
	out[0] = graph.Sigmoid(out[0])
	return out
}

// decode is what step t draws, [n, h, w, c], of what it knows, [n, 2 z].
func (k *canvas) decode(p *nn.Pass, t int, r *graph.Node) *graph.Node {
	first, last := k.GChannels<<(doublings(k.sample)-1), doublings(k.sample)-1
	x := graph.Relu(k.norm(p, "decode", t, nn.Dense(p, "decode", r, 16*first, k.weight, nil)))
	x = graph.Reshape(x, graph.Shape{r.Shape[0], 4, 4, first})
	for i := range last {
		x = graph.Relu(nn.ConvTranspose(p, "up"+strconv.Itoa(i), x, first>>(i+1), double, k.weight, nn.Constant(0)))
	}
	return nn.ConvTranspose(p, "up"+strconv.Itoa(last), x, k.sample[2], double, k.weight, nn.Constant(0))
}

// encode is what step t knows of what the one before it has drawn, [n, z]. The last
// convolution has no norm.
func (k *canvas) encode(p *nn.Pass, t int, x *graph.Node) *graph.Node {
	for i := range doublings(k.sample) {
		name, channels := "down"+strconv.Itoa(i), k.GChannels<<i
		if i < doublings(k.sample)-1 {
			x = k.norm(p, name, t, nn.Conv(p, name, x, channels, halve, k.weight, nil))
		} else {
			x = nn.Conv(p, name, x, channels, halve, k.weight, nn.Constant(0))
		}
		x = graph.Relu(x)
	}
	return graph.Tanh(k.norm(p, "encode", t, nn.Dense(p, "encode", nn.Flatten(x), k.z, k.weight, nil)))
}

// norm is batch norm whose gain and bias all steps share, as they do weights, and whose
// running statistics are each step's own: the first one sees no canvas.
func (k *canvas) norm(p *nn.Pass, name string, t int, x *graph.Node) (y *graph.Node) {
	p.In(name+".norm", func() {
		channels := x.Shape[len(x.Shape)-1:]
		y = nn.BatchNorm(p, "step"+strconv.Itoa(t+1), x, nn.NormOptions{Plain: true})
		y = graph.Add(graph.Mul(y, p.Param("gain", channels, nn.Constant(1))), p.Param("bias", channels, nn.Constant(0)))
	})
	return y
}

// discriminator is images to logits.
func (k *canvas) discriminator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	x := in[0]
	for i := range doublings(k.sample) {
		name := "down" + strconv.Itoa(i)
		x = normed(p, name, nn.Conv(p, name, x, k.DChannels<<(doublings(k.sample)-1-i), halve, k.weight, nil))
	}
	h := graph.Tanh(nn.Dense(p, "hidden", nn.Flatten(x), k.DWidth, k.weight, nn.Constant(0)))
	return one(graph.Reshape(nn.Dense(p, "logit", h, 1, k.weight, nil), graph.Shape{h.Shape[0]}))
}
