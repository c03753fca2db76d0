package train

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
	"ganengine/gan/config"
	"ganengine/gan/loss"
)

// update is one program under construction: one discriminator update, and in
// program dg one generator update after it.
type update struct {
	*Game
	b      *graph.Builder
	penal  bool          // compute the penalties
	clock  *graph.Node   // steps finished before this one
	real   *graph.Node   // real samples as the networks see them
	dv, gv *nn.Values    // values of the networks' Variables at this point
	names  []string      // of the scores
	scores []*graph.Node // what the host hears of the run, f32 [1] each
	finite []*graph.Node // what must be: losses, and the lengths of gradients
}

// Step is a training program with the names of the numbers in its output
// "scores" (f32). Its output "finite" (bool []) is whether state was updated.
type Step struct {
	*graph.Program
	Scores []string
}

// DUpdate builds program d (with penalties: d_reg): one discriminator update.
func (g *Game) DUpdate(penalties bool) (*Step, error) {
	return g.program("d", penalties, func(u *update) {
		fake, _ := u.generate("z", nn.NewValues(), false)
		u.discriminator(fake)
	})
}

// DGUpdate builds program dg (with penalties: dg_reg): one discriminator
// update, then one generator update against the new discriminator.
func (g *Game) DGUpdate(penalties bool) (*Step, error) {
	return g.program("dg", penalties, func(u *update) {
		reuse := u.rhythm.ReuseFakes
		fake, params := u.generate("z", u.gv, reuse)
		u.discriminator(fake)
		if !reuse {
			fake, params = u.generate("z.g", u.gv, true)
		}
		u.generator(fake, params)
		u.b.Update(u.Clock, graph.Add(u.clock, u.b.Const(graph.I32, 1)), nil)
	})
}

// program builds a training program in the game's precision, guarded: where a
// loss or a gradient is not finite, nothing is updated.
func (g *Game) program(name string, penalties bool, f func(u *update)) (*Step, error) {
	if penalties && g.penalty.Every > 1 {
		name += "_reg"
	}
	step := &Step{}
	var err error
	step.Program, err = graph.Build(name, g.Vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: g.Seed, Run: g.Vars.ByName("run/" + name)})
		u := &update{Game: g, b: b, penal: penalties, clock: b.Read(g.Clock), dv: nn.NewValues(), gv: nn.NewValues()}
		b.WithPrecision(g.prec, func() {
			u.real = g.realInput(b)
			f(u)
		})
		u.dv.Commit(b)
		u.gv.Commit(b)
		b.Output("finite", b.GuardUpdates(g.Finite, u.finite...))
		b.Output("scores", graph.Concat(0, u.scores...))
		step.Scores = u.names
	})
	return step, err
}

// realInput declares the batch that the loader fills: pixels u8 [n, h, w, c],
// or points f32 [n, dim].
func (g *Game) realInput(b *graph.Builder) *graph.Node {
	s := append(graph.Shape{g.Config.Train.Batch}, g.Model.Sample...)
	if len(g.Model.Sample) == 1 {
		return graph.Cast(b.Input("real", graph.F32, s), g.float)
	}
	return g.Model.FromPixels(b.Input("real", graph.U8, s), g.float)
}

// generate runs G on fresh latents. Only the pass that the generator learns
// from moves G's running statistics.
func (u *update) generate(stream string, values *nn.Values, track bool) (fake *graph.Node, params []*graph.Node) {
	z := u.Model.Latents(u.b, stream, u.float, u.Config.Train.Batch)
	for _, v := range u.G.Params() {
		params = append(params, values.Get(u.b, v))
	}
	pass := u.G.Pass(u.b, nn.Mode{Label: stream, Train: true, Track: track, Values: values})
	fake = pass.Scoped(func(p *nn.Pass) *graph.Node { return u.Model.Generator(p, z) })
	return fake, params
}

// judge runs D on one batch. D's statistics do not follow it.
func (u *update) judge(label string, x *graph.Node) *graph.Node {
	return u.logits(nn.Mode{Label: label, Train: true, Values: u.dv}, x)
}

// compare runs D on real and generated samples in one pass, in which batch norm
// sees each batch for itself: products twice as large, and half as many kernels.
func (u *update) compare(fake *graph.Node) (real, generated *graph.Node) {
	d := u.logits(nn.Mode{Label: "d", Train: true, Track: true, Batches: 2, Values: u.dv}, graph.Concat(0, u.real, fake))
	n := []int{u.Config.Train.Batch}
	return graph.Slice(d, []int{0}, nil, n), graph.Slice(d, n, nil, n)
}

func (u *update) logits(m nn.Mode, x *graph.Node) *graph.Node {
	pass := u.D.Pass(u.b, m)
	return pass.Scoped(func(p *nn.Pass) *graph.Node { return u.Model.Discriminator(p, x) })
}

// discriminator builds D's update. The penalties are differentiated by themselves,
// so that activations are gone when they need memory. The fakes are data here: D's
// new weights, which G's update is made against, must be no path of G's gradient,
// or G would learn to steer D's update.
func (u *update) discriminator(fake *graph.Node) {
	fake = graph.StopGradient(fake)
	var params []*graph.Node
	for _, v := range u.D.Params() {
		params = append(params, u.dv.Get(u.b, v))
	}
	dReal, dFake := u.compare(fake)
	total := graph.Add(u.loss.Real(dReal), u.loss.Fake(dFake))
	grads := graph.Gradients(total, nil, params...)
	add := func(l *graph.Node) {
		for i, g := range graph.Gradients(l, nil, params...) {
			grads[i] = graph.Add(grads[i], g)
		}
	}
	u.score("d_loss", total)
	u.judged("real", dReal)
	u.judged("fake", dFake)
	u.penalties(fake, add)
	length := optim.Norm(grads)
	u.score("d_grad", length)
	for i, x := range u.OptD.Step(u.b, params, grads, nil) {
		u.dv.Set(u.D.Params()[i], x)
	}
	u.finite = append(u.finite, total, length)
}

// penalties adds the configured penalties on D's slope. They run in full
// precision; D's statistics do not follow them.
func (u *update) penalties(fake *graph.Node, add func(l *graph.Node)) {
	c := &u.penalty
	if !u.penal {
		return
	}
	u.b.WithPrecision(min(u.prec, graph.TF32), func() {
		critic := func(label string) loss.Critic {
			return func(x *graph.Node) *graph.Node { return u.judge(label, x) }
		}
		if !c.GP.IsZero() {
			l := u.weighted(c.GP, u.gp, func(weight float64) *graph.Node {
				return loss.GradientPenalty(critic("gp"), u.penaltyPoints(fake), weight)
			})
			u.score("gp", l)
			u.finite = append(u.finite, l)
			add(graph.Scale(l, float64(c.Every)))
		}
		if !c.R1.IsZero() {
			l := u.weighted(c.R1, u.r1, func(weight float64) *graph.Node { return loss.R1(critic("r1"), u.real, weight) })
			u.score("r1", l)
			u.finite = append(u.finite, l)
			add(graph.Scale(l, float64(c.Every)))
		}
	})
}

// weighted is a penalty of the configured weight, a constant or a number of the moment.
func (u *update) weighted(n config.Number, now optim.Hyper, penalty func(weight float64) *graph.Node) *graph.Node {
	if n.Schedule == nil {
		return penalty(n.Value)
	}
	l := penalty(1)
	return graph.Mul(l, graph.Cast(now.Node(u.b), l.DType))
}

// penaltyPoints are the samples at which the gradient penalty is taken.
func (u *update) penaltyPoints(fake *graph.Node) *graph.Node {
	switch u.penalty.GPAt {
	case "fake":
		return fake
	case "real":
		return u.real
	case "dragan":
		return loss.Around("gp.alpha", u.real)
	}
	return loss.Between("gp.alpha", fake, u.real)
}

// generator builds G's update against the discriminator as it is after its own.
func (u *update) generator(fake *graph.Node, params []*graph.Node) {
	d := u.judge("g", fake)
	l := u.loss.Generator(d)
	grads := graph.Gradients(l, nil, params...)
	u.score("g_loss", l)
	u.judged("fake_after", d)
	length := optim.Norm(grads)
	u.score("g_grad", length)
	for i, x := range u.OptG.Step(u.b, params, grads, nil) {
		u.gv.Set(u.G.Params()[i], x)
	}
	if u.Avg != nil {
		u.Avg.Follow(u.b, u.gv, nn.AverageRule{Decay: u.decay()}, u.clock)
	}
	u.finite = append(u.finite, l, length)
}

// score tells the host a number of the run.
func (u *update) score(name string, x *graph.Node) {
	u.names = append(u.names, name)
	u.scores = append(u.scores, graph.Reshape(graph.Cast(x, graph.F32), graph.Shape{1}))
}

// judged tells the host D's mean logit, and the mean probability of being real
// where the logit means one.
func (u *update) judged(name string, d *graph.Node) {
	u.score("d_"+name, graph.Average(d))
	if u.loss.Probability() {
		u.score("p_"+name, graph.Average(graph.Sigmoid(d)))
	}
}
