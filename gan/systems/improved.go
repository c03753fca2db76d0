package systems

import (
	"math"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
	"ganengine/gan/loss"
	"ganengine/gan/model"
)

// improved is the techniques of arXiv 1606.03498, each by a key, on a pair of dense
// networks.
var improved = game.System{Declare: declareImproved, Kind: config.Kind{
	Name:     "improved",
	Doc:      "the improved techniques (arXiv 1606.03498) on dense networks, each by a key: feature matching, minibatch discrimination, historical averaging, label smoothing, virtual batch norm; with data.labels = true also classes, of few labels",
	Keys:     &improvedKeys{},
	Optims:   []string{"g", "d"},
	Size:     28,
	Labels:   true,
	Vectors:  true,
	Complete: func(c *config.Config) { completeDense(c, &c.System.(*improvedKeys).Model.mlpNetworks) },
	Check:    checkImproved,
	Batches: func(c *config.Config) int { // feature matching takes real samples of its own
		k := c.System.(*improvedKeys)
		if k.Loss.FeatureMatching {
			return k.Train.DSteps + k.Train.GSteps
		}
		return k.Train.DSteps
	},
}}

type improvedKeys struct {
	Model struct {
		config.Latent
		config.Weights
		mlpNetworks
		improvedNetworks
	} `toml:"model"`
	Loss struct {
		config.Adversarial
		config.Labels
		config.AdaptiveL2
		improvedLoss
	} `toml:"loss"`
	Train struct {
		config.Updates
		config.GeneratorUpdates
		config.Steadying
		config.Replay
		config.Averaging
		config.FewLabels
	} `toml:"train"`
}

type improvedNetworks struct {
	GNorm         string  `toml:"g_norm" default:"none" values:"none|batch|virtual" doc:"normalisation of the generator's hidden layers; virtual is by a batch of latents that stays (section 3.5)"`
	WeightNorm    bool    `toml:"weight_norm" default:"false" doc:"lengths of the weights of the discriminator's layers, and of the generator's last one, apart from their directions (arXiv 1602.07868); the discriminator's first ones are taken from data"`
	DNoiseIn      float64 `toml:"d_noise_in" default:"0" range:"[0,)" doc:"standard deviation of the noise on the discriminator's inputs, in the networks' units"`
	DNoise        float64 `toml:"d_noise" default:"0" range:"[0,)" doc:"standard deviation of the noise on the discriminator's hidden units"`
	MinibatchRows int     `toml:"minibatch_rows" default:"0" range:"[0,4096]" doc:"numbers by which the discriminator compares a sample with the others of its batch (section 3.2); 0 is none"`
	MinibatchDims int     `toml:"minibatch_dims" default:"8" range:"[1,4096]" doc:"dimensions in which each of them is a distance"`
}

type improvedLoss struct {
	FeatureMatching bool          `toml:"feature_matching" default:"false" doc:"the generator is to have the mean features of the discriminator's last hidden layer that real samples have, in place of loss.kind's loss (section 3.1)"`
	Historical      config.Number `toml:"historical" default:"0" range:"[0,)" doc:"weight of the squared distance of either network's parameters to the mean of all that they have been (section 3.3)"`
	Unlabelled      float64       `toml:"unlabelled" default:"1" range:"[0,)" doc:"with data.labels = true, weight of what the discriminator learns from samples without labels and from generated ones (section 5); 0 leaves it the labels alone"`
}

func checkImproved(c *config.Config) *config.Error {
	k := c.System.(*improvedKeys)
	if err := checkFewLabels(c, k.Loss.Unlabelled); err != nil {
		return err
	}
	if k.Model.MinibatchRows > 0 && c.Train.Batch < 2 {
		return &config.Error{Key: "model.minibatch_rows", Msg: "compares a sample with the others of its batch, and train.batch is 1; write 0, or a larger batch"}
	}
	if k.Model.WeightNorm && c.Train.Batch < 2 {
		return &config.Error{Key: "model.weight_norm", Msg: "takes first lengths from the deviation over a batch, and train.batch is 1, which has none; write false, or a larger batch"}
	}
	if err := checkHidden(k.Model.DHidden); err != nil {
		return err
	}
	return checkDense(c, k.Model.mlpNetworks)
}

// checkHidden refuses a discriminator without the hidden layer that its game is about.
func checkHidden(widths []int) *config.Error {
	if len(widths) > 0 {
		return nil
	}
	return &config.Error{Key: "model.d_hidden", Msg: "the discriminator has no hidden layer, and this kind needs its last one; write a width at least, such as [64]"}
}

// improvement is the game: a pair with techniques.
type improvement struct {
	*pair
	improvedLoss
	classes   int             // 0 without
	labelled  *game.Stream    // what has labels; nil without classes
	reference *graph.Variable // latents of virtual batch norm; nil else
	past      [2]*past        // of the generator and the discriminator; nil without
	gSteps    int
}

func declareImproved(s *game.Setup) error {
	keys := s.Config.System.(*improvedKeys)
	base, err := newPair(s)
	if err != nil {
		return err
	}
	k := &improvement{pair: base, improvedLoss: keys.Loss.improvedLoss, classes: len(base.real.Classes), gSteps: keys.Train.GSteps}
	o := keys.Model.improvedNetworks
	net, err := model.NewImproved(keys.Model.Weights, model.MLP(keys.Model.mlpNetworks), model.Improved(o), max(k.classes, 1), k.real.Shape)
	if err != nil {
		return err
	}
	k.real.Range = net.Range
	if k.classes > 0 {
		k.labelled = s.Stream("labelled", game.StreamOptions{Range: net.Range, PerClass: keys.Train.Labelled, Cycle: true})
	}
	k.z = latent(s)
	z := game.Given(k.z)
	operands := []game.In{z}
	if o.GNorm == "virtual" {
		first := nn.Normal(0, 1)
		if k.z.Kind == game.Uniform {
			first = nn.Uniform(math.Sqrt(3))
		}
		k.reference = s.State("reference", graph.Shape{s.Config.Train.Batch, k.z.Size}, s.Float, first)
		operands = append(operands, game.In{Name: "reference", Shape: z.Shape, Held: k.reference})
	}
	k.g = s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return one(net.Generate(p, in[0], in[len(in)-1]))
	}, operands...).Called("generator").Giving(k.real.Sample())
	k.d = s.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		logits, features := net.Judge(p, in[0])
		return []*graph.Node{logits, features}
	}, k.real.In()).Called("discriminator").Giving("logit", "features")
	k.g.Torch, k.d.Torch = net.Torch()
	k.optimise()
	average(s, k.d)
	if !k.Historical.IsZero() {
		k.past = [2]*past{newPast(s, k.g), newPast(s, k.d)}
	}
	if o.WeightNorm {
		begin := s.Turn("begin", func(t *game.Turn) {
			t.RunAs(game.Pass{Label: "begin", First: true}, k.d, t.Batch(k.real, k.real.Samples()))
		})
		s.Order(game.Entry{Turn: begin, Until: 1})
	}
	s.Order(game.Entry{Turn: s.Turn("d", k.discriminator), Times: int64(k.rhythm.DSteps)},
		game.Entry{Turn: s.Turn("g", k.generator), Times: int64(k.gSteps)})
	k.samplers(o.MinibatchRows > 0)
	return nil
}

// made is samples of fresh latents.
func (k *improvement) made(t *game.Turn, label string, track bool) *graph.Node {
	in := one(t.Draw(label, 0, k.z).All())
	if k.reference != nil {
		in = append(in, t.Get(k.reference))
	}
	return t.RunAs(game.Pass{Label: label, Track: track}, k.g, in...)[0]
}

// logit is how real samples are, [n], by their logits: with K classes and the generated
// ones as one more, whose logit is 0, D = Z/(Z+1) of Z = Σ exp, so that it is log Z
// (section 5).
func (k *improvement) logit(logits *graph.Node) *graph.Node {
	if k.classes > 0 {
		logits = logSumExp(logits)
	}
	return graph.Reshape(logits, graph.Shape{logits.Shape[0]})
}

// discriminator tells real samples from generated ones and, with classes, the class of
// those that have labels: -log p(y|x) + ½ (-log D(x) - log(1 - D(G(z)))).
func (k *improvement) discriminator(t *game.Turn) {
	real, fake := k.batch(t), k.steady.replayed(t, graph.StopGradient(k.made(t, "z", false)))
	batches := [][]*graph.Node{one(k.steady.blurred(t, "noise.real", real)), one(k.steady.blurred(t, "noise.fake", fake))}
	if k.classes > 0 {
		batches = append(batches, one(k.steady.blurred(t, "noise.labelled", t.Batch(k.labelled, k.labelled.Samples()))))
	}
	d := t.RunEach(game.Pass{Label: "d", Track: true}, k.d, batches...)
	onReal, onFake := k.logit(d[0][0]), k.logit(d[1][0])
	opinions(t, k.loss, "", onReal, onFake)
	whole, halves := k.steady.losses(t, onReal, onFake)
	if k.classes > 0 {
		told := classLoss(d[2][0], t.Batch(k.labelled, game.Label))
		t.Score("class_loss", told)
		whole = graph.Add(told, graph.Scale(whole, .5*k.Unlabelled))
	}
	decay, decayed := k.steady.decay(t, onReal, onFake)
	apart, past := k.historical(t, k.past[1])
	t.Minimise(game.Goal{By: k.optD, Loss: whole, Apart: append(decay, apart...), When: k.steady.letsD(t, halves), With: append(decayed, past...)})
}

// generator has samples pass for real ones, or their mean features be those of real ones.
func (k *improvement) generator(t *game.Turn) {
	fake := k.steady.blurred(t, "noise.g", k.made(t, "z.g", true))
	goal := game.Goal{By: k.optG, When: k.steady.letsG(t)}
	goal.Apart, goal.With = k.historical(t, k.past[0])
	var onFake *graph.Node
	if k.FeatureMatching {
		d := t.RunEach(game.Pass{Label: "g"}, k.d, one(k.steady.blurred(t, "noise.g.real", k.batch(t))), one(fake))
		onFake, goal.Loss = d[1][0], loss.FeatureMatching(d[0][1], d[1][1])
	} else {
		onFake = t.RunAs(game.Pass{Label: "g"}, k.d, fake)[0]
		goal.Loss = k.loss.Generator(k.logit(onFake))
	}
	t.Opinion("fake_after", k.logit(onFake), k.loss.Probability())
	t.Minimise(goal)
}

// historical is the weighted distance of a network to its past, and what that becomes with
// the update.
func (k *improvement) historical(t *game.Turn, p *past) ([]game.Penalty, []game.Move) {
	if p == nil {
		return nil, nil
	}
	term, with := p.distance(t)
	return []game.Penalty{{Name: p.of.Name + "_historical", Of: func() *graph.Node {
		return t.Weighted("loss", "historical", k.Historical, func(weight float64) *graph.Node { return graph.Scale(term, weight) })
	}}}, with
}

// samplers are for people. What compares samples of a batch judges none by itself.
func (k *improvement) samplers(compares bool) {
	k.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, k.real, k.made(t, "z", false)) })
	if compares {
		return
	}
	judged := func(t *game.Turn) *graph.Node { return t.Run(k.d, t.Batch(k.real, k.real.Samples()))[0] }
	for _, kind := range []string{"field", game.FeaturesKind} {
		k.Sampler(kind, func(t *game.Turn) { says(t, k.loss, k.logit(judged(t))) })
	}
	if k.classes > 0 {
		k.Sampler("classify", func(t *game.Turn) { t.Numbers("class_logits", judged(t)) })
	}
}

// past is the mean of what a player's parameters have been before each of its updates.
type past struct {
	of    *game.Player
	mean  []*graph.Variable // of each parameter
	count *graph.Variable
}

func newPast(s *game.Setup, of *game.Player) *past {
	p := &past{of: of, count: s.State("past/"+of.Name, nil, graph.F32, nn.Constant(0))}
	for _, v := range of.Net.Params() {
		p.mean = append(p.mean, s.State("past/"+v.Name, v.Shape, v.DType, nn.Constant(0)))
	}
	return p
}

// distance is |θ - (1/t) Σ θ_i|² of section 3.3, [], with the present among the t, and the
// past with the present. The mean is data.
func (p *past) distance(t *game.Turn) (sum *graph.Node, with []game.Move) {
	n := graph.Shift(t.Get(p.count), 1)
	with = append(with, game.Move{State: p.count, To: n})
	for i, x := range t.Params(p.of) {
		was := t.Get(p.mean[i])
		mean := graph.Add(was, graph.Div(graph.Sub(x.Value, was), graph.Cast(n, was.DType)))
		with = append(with, game.Move{State: p.mean[i], To: mean})
		sum = plus(sum, graph.Total(graph.Square(graph.Sub(x.Value, graph.StopGradient(mean)))))
	}
	return sum, with
}
