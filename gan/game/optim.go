package game

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/optim"
	"ganengine/gan/config"
)

// LossSuffix and GradSuffix follow an optimiser's name in the scores that say what it
// minimises and how long its gradients are.
const LossSuffix, GradSuffix = "_loss", "_grad"

// Optimizer is an update rule over the parameters of players.
type Optimizer struct {
	Name, Section string
	params        []owned
	rule          *optim.Optimizer
}

// Players are those whose parameters it updates, one for each network.
func (o *Optimizer) Players() (out []*Player) {
	for _, x := range o.params {
		if !slices.ContainsFunc(out, func(p *Player) bool { return p.Net == x.p.Net }) {
			out = append(out, x.p)
		}
	}
	return out
}

// owned is a parameter and the player through which it is read.
type owned struct {
	p *Player
	v *graph.Variable
}

// Optimizer declares an update rule, that of the section [optim.SECTION], over the
// parameters of players, but for what Freeze holds. Parameters that several of them
// share count once.
func (s *Setup) Optimizer(name, section string, of ...*Player) *Optimizer {
	o := &Optimizer{Name: s.name("Optimizer", name), Section: section}
	seen := map[*graph.Variable]bool{}
	var vars []*graph.Variable
	for _, p := range of {
		for _, v := range p.Net.Params() {
			if !seen[v] && !s.g.Frozen(v) {
				seen[v] = true
				o.params = append(o.params, owned{p, v})
				vars = append(vars, v)
			}
		}
	}
	c := s.Config.Optim(section)
	if c == nil {
		fail("Optimizer", "there is no section [optim.%s]", section)
	}
	clocks := &clocks{g: s.g, section: "optim." + section, updates: func() *graph.Variable { return o.rule.StepVar }}
	o.rule = optim.New(s.g.Vars, "opt/"+name, optim.Options{
		Rule: clocks.rule(c), LR: clocks.over("lr", c.Rate(s.Config.Train.Steps)), Accumulate: s.Config.Train.Accumulate,
		ClipNorm: c.ClipNorm, ClipValue: c.ClipValue, L2: optim.Constant(c.L2), Decay: optim.Constant(c.Decay), Clamp: c.Clamp, MaxNorm: c.MaxNorm,
	}, vars)
	s.g.Optimizers = append(s.g.Optimizers, o)
	return o
}

// clocks turns numbers of one section that change in the course of a run into nodes.
type clocks struct {
	g       *Game
	section string
	updates func() *graph.Variable // of the section's optimiser; nil where the section has none
}

func (s *clocks) rule(c *config.Optim) optim.Rule {
	number := func(key string, n config.Number) optim.Hyper { return s.over(key, n.Course()) }
	switch c.Kind {
	case "sgd":
		return optim.SGD{Momentum: number("momentum", c.Momentum), RateInside: c.RateInside}
	case "rmsprop":
		return optim.RMSProp{Decay: number("beta2", c.Beta2), Momentum: number("momentum", c.Momentum), Eps: c.Eps}
	}
	return optim.Adam{Beta1: number("beta1", c.Beta1), Beta2: number("beta2", c.Beta2), Eps: c.Eps, EpsInside: c.EpsInside}
}

// over is a number of the section over its clock.
func (s *clocks) over(key string, c config.Schedule) optim.Hyper {
	if len(c.To) == 1 { // it stays, whatever its clock
		return optim.Constant(c.To[0])
	}
	key = s.section + "." + key
	switch {
	case c.From != "start":
		panic(&config.Error{Key: key, Msg: fmt.Sprintf("from = %q is not supported by this version; remove it", c.From)})
	case c.Unit == "updates" && s.updates == nil:
		panic(&config.Error{Key: key, Msg: "unit = \"updates\" is of an optimiser's own numbers; write steps, kimg or epochs"})
	}
	return s.g.schedule(c).Over(func(b *graph.Builder) *graph.Node {
		clock := s.g.Clock
		if c.Unit == "updates" {
			clock = s.updates()
		}
		return graph.Cast(b.Read(clock), graph.F64)
	})
}

// schedule is a course over the clock of steps, or of updates where it counts those.
func (g *Game) schedule(c config.Schedule) optim.Schedule {
	s := optim.Schedule{At: c.At, To: c.To, Shape: c.Shape}
	images := map[string]float64{"kimg": 1000, "epochs": float64(g.samples)}[c.Unit]
	if images == 0 {
		return s
	}
	s.At = make([]float64, len(c.At))
	for i, at := range c.At {
		s.At[i] = at * images / float64(g.Config.ImagesPerStep())
	}
	return s
}

// Value is a number of a section at this step, F64 []: cast it to the type of what it
// meets. section and key are for errors and clocks.
func (t *Turn) Value(section, key string, n config.Number) *graph.Node {
	return (&clocks{g: t.g, section: section}).over(key, n.Course()).Node(t.B)
}

// Weighted is a penalty of a weight that is a number of a section: a constant is
// part of the formula, a course multiplies it.
func (t *Turn) Weighted(section, key string, n config.Number, penalty func(weight float64) *graph.Node) *graph.Node {
	if n.Schedule == nil {
		return penalty(n.Value)
	}
	l := penalty(1)
	return graph.Mul(l, graph.Cast(t.Value(section, key, n), l.DType))
}

// RateKeys are the keys of the optimisers' learning rates, each once.
func (g *Game) RateKeys() (out []string) {
	for _, o := range g.Optimizers {
		if key := "optim." + o.Section + ".lr"; !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

// Rate is an optimiser's learning rate while so many steps are finished, for people.
func (g *Game) Rate(o *Optimizer, finished int64) float64 {
	course := g.Config.Optim(o.Section).Rate(g.Config.Train.Steps)
	now := finished
	if course.Unit == "updates" {
		now *= g.Sequence.updates(o)
	}
	return g.schedule(course).Value(float64(now))
}
