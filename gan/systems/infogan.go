package systems

import (
	"math"
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// infogan is arXiv 1606.03657: a part of the latent are codes, and Q, which shares layers
// with the discriminator, is to tell them from the image. What it tells is a bound of
// the information that images have on their codes.
var infogan = game.System{Declare: declareInfoGAN, Kind: config.Kind{
	Name:   "infogan",
	Doc:    "InfoGAN (arXiv 1606.03657): images, of 28 pixels unless data.size says otherwise, whose categories and directions it finds without labels",
	Keys:   newInfoGANKeys(),
	Optims: []string{"g", "d"},
	Size:   28,
	Check:  checkInfoGAN,
}}

type infoganKeys struct {
	Model struct {
		config.Latent
		config.Weights
		quarterNetworks
		infoganCodes
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		Info config.Number `toml:"info" default:"1" range:"[0,)" doc:"λ: weight of the information on the codes; 0 leaves them to chance"`
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.Averaging
	} `toml:"train"`
}

type infoganCodes struct {
	Categories []int `toml:"categories" default:"[10]" range:"[2,65536]" doc:"how many categories each categorical code has"`
	Continuous int   `toml:"continuous" default:"2" range:"[0,65536]" doc:"how many codes are numbers, U(-√3, √3)"`
	QHidden    int   `toml:"q_width" default:"128" range:"[1,65536]" doc:"width of Q's own hidden layer"`
}

func newInfoGANKeys() *infoganKeys {
	k := &infoganKeys{}
	k.Model.Z, k.Model.ZDist, k.Model.Slope, k.Model.Init = 62, "uniform", .1, "glorot-uniform"
	return k
}

func checkInfoGAN(c *config.Config) *config.Error {
	if k := c.System.(*infoganKeys).Model; len(k.Categories) == 0 && k.Continuous == 0 {
		return &config.Error{Key: "model.categories", Msg: "there are no codes, neither categories nor continuous ones; write some, or use model.kind = \"dcgan\""}
	}
	return checkQuarters(c)
}

// informed is the game: a pair with codes, and Q.
type informed struct {
	*pair
	info       config.Number
	categories []*game.Code
	numbers    *game.Code // nil without any
	q          *game.Player
}

func declareInfoGAN(s *game.Setup) error {
	keys := s.Config.System.(*infoganKeys)
	base, err := newPair(s)
	if err != nil {
		return err
	}
	k := &informed{pair: base, info: keys.Loss.Info}
	weight, err := model.Initializer(keys.Model.Weights)
	if err != nil {
		return err
	}
	k.real.Range = model.Unit
	all := 0 // numbers that say what the codes are
	for i, n := range keys.Model.Categories {
		k.categories = append(k.categories, s.Code("c"+strconv.Itoa(i+1), game.Categorical, n))
		all += n
	}
	if n := keys.Model.Continuous; n > 0 {
		k.numbers = s.Code("c", game.Uniform, n)
		all += n
	}
	net := &quarters{keys.Model.quarterNetworks, keys.Model.Slope, weight, k.real.Shape}
	k.z = latent(s)
	k.g = s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(net.generator(p, in[0])) }, game.Given(k.codes()...)).Called("generator").Giving(k.real.Sample())
	k.d = s.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		h := net.trunk(p, in[0])
		return []*graph.Node{logit(p, h, weight), h}
	}, k.real.In()).Called("discriminator").Giving("logit", "hidden")
	k.q = s.Player("aux", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		h := net.leaky(p, "dense", nn.Dense(p, "dense", in[0], keys.Model.QHidden, weight, nil))
		return one(nn.Dense(p, "codes", h, all, weight, nn.Constant(0)))
	}, game.In{Name: "hidden", Shape: graph.Shape{net.Hidden}}).Called("Q, which tells codes").Giving("codes")
	k.optimise(k.q)
	k.turns(k.discriminator, k.generator)
	k.samplers()
	return nil
}

// codes are all that the generator is given, the latent first.
func (k *informed) codes() []*game.Code {
	codes := append([]*game.Code{k.z}, k.categories...)
	if k.numbers != nil {
		codes = append(codes, k.numbers)
	}
	return codes
}

// draw draws them.
func (k *informed) draw(t *game.Turn, label string) *game.Drawn {
	return t.Draw(label, 0, k.codes()...)
}

// untold is -E log Q(c|x) of eq. 5 but for a constant, of codes that were drawn and what
// Q says of the samples made of them. Its deviation of numbers is fixed at √3, which is 1 for
// the paper's U(-1, 1): less would have them outweigh the categories. information is log n - (-E log Q), in nats, over the categorical codes.
func (k *informed) untold(t *game.Turn, drawn *game.Drawn, said *graph.Node) *graph.Node {
	lost, most := said.Builder().Const(said.DType, 0), 0.
	at := 0
	part := func(c *game.Code) *graph.Node {
		x := columns(said, at, c.Size)
		at += c.Size
		return x
	}
	for _, c := range k.categories {
		lost = graph.Add(lost, categoricalLoss(part(c), drawn.Of(c)))
		most += math.Log(float64(c.Size))
	}
	if len(k.categories) > 0 {
		t.Score("information", graph.Shift(graph.Neg(lost), most))
	}
	if k.numbers == nil {
		return lost
	}
	off := graph.Average(graph.Square(graph.Sub(part(k.numbers), drawn.Of(k.numbers))))
	t.Score("code_error", off)
	return graph.Add(lost, graph.Scale(off, .5*float64(k.numbers.Size)/3))
}

// minus is a loss less λ times the information, eq. 6.
func (k *informed) minus(t *game.Turn, loss, untold *graph.Node) *graph.Node {
	return addWeighted(t, loss, "info", k.info, untold)
}

// discriminator tells real samples from generated ones, and Q the codes of the latter.
func (k *informed) discriminator(t *game.Turn) {
	drawn := k.draw(t, "d")
	fake := graph.StopGradient(t.RunAs(game.Pass{Label: "z"}, k.g, drawn.All())[0])
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, one(t.Batch(k.real, game.Pixels)), one(fake))
	opinions(t, k.loss, "", d[0][0], d[1][0])
	untold := k.untold(t, drawn, t.RunAs(game.Pass{Label: "q", Track: true}, k.q, d[1][1])[0])
	t.Minimise(game.Goal{By: k.optD, Loss: k.minus(t, loss.OfDiscriminator(k.loss, d[0][0], d[1][0]), untold)})
}

// generator has its samples pass for real ones, and tell their codes.
func (k *informed) generator(t *game.Turn) {
	drawn := k.draw(t, "g")
	fake := t.RunAs(game.Pass{Label: "z.g", Track: true}, k.g, drawn.All())[0]
	d := t.RunAs(game.Pass{Label: "g"}, k.d, fake)
	t.Opinion("fake_after", d[0], k.loss.Probability())
	untold := k.untold(t, drawn, t.RunAs(game.Pass{Label: "q.g"}, k.q, d[1])[0])
	t.Minimise(game.Goal{By: k.optG, Loss: k.minus(t, k.loss.Generator(d[0]), untold)})
}

// samplers are samples of codes, and the first code's categories of images.
func (k *informed) samplers() {
	k.features()
	k.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, k.real, t.Run(k.g, k.draw(t, "z").All())[0]) })
	if len(k.categories) == 0 {
		return
	}
	k.Sampler("classify", func(t *game.Turn) {
		said := t.Run(k.q, t.Run(k.d, t.Batch(k.real, game.Pixels))[1])[0]
		t.Numbers("classes", softmax(columns(said, 0, k.categories[0].Size)))
	})
}
