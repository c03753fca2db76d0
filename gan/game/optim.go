package game

import (
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
)

// LossSuffix and GradSuffix follow an optimiser's name in the scores that say what it
// minimises and how long its gradients are.
const LossSuffix, GradSuffix = "_loss", "_grad"

// GatePrefix precedes an optimiser's name in the score that says whether a gate lets its
// update be made: 1, or 0.
const GatePrefix = "gate_"

// Optimizer is an update rule over the parameters of players.
type Optimizer struct {
	Name, Section string
	params        []owned
	rule          *optim.Optimizer
}

// AdamState is what an optimiser of kind adam knows of its parameters: where their moments
// are, and the count of updates (i32 []).
type AdamState struct {
	Count         *graph.Variable
	First, Second map[*graph.Variable]*graph.Variable
}

// Adam is the optimiser's state; false where it is of another kind.
func (o *Optimizer) Adam() (s AdamState, ok bool) {
	s = AdamState{o.rule.StepVar, map[*graph.Variable]*graph.Variable{}, map[*graph.Variable]*graph.Variable{}}
	for i, moments := range o.rule.Adam() {
		v := o.rule.Params()[i]
		s.First[v], s.Second[v], ok = moments[0], moments[1], true
	}
	return s, ok
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

// moves says whether it has any of a network's parameters.
func (o *Optimizer) moves(n *nn.Net) bool {
	return slices.ContainsFunc(o.params, func(x owned) bool { return x.p.Net == n })
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
		if p.frozen() {
			fail("Optimizer", "optimiser %s is over player %s, which is frozen", name, p.Name)
		}
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
	clocks := &clocks{g: s.g, section: "optim." + section, of: o}
	o.rule = optim.New(s.g.Vars, "opt/"+name, optim.Options{
		Rule: clocks.rule(c), LR: s.g.slowed(clocks.over("lr", c.Rate(s.Config.Train.Steps))), Accumulate: s.Config.Train.Accumulate,
		ClipNorm: c.ClipNorm, ClipValue: c.ClipValue, L2: optim.Constant(c.L2), Decay: optim.Constant(c.Decay), Clamp: c.Clamp, MaxNorm: c.MaxNorm,
	}, vars)
	s.g.Optimizers = append(s.g.Optimizers, o)
	return o
}

// slowed is a learning rate times what a run that was rolled back multiplies it by.
func (g *Game) slowed(rate optim.Hyper) optim.Hyper {
	if g.Slower == nil {
		return rate
	}
	return optim.Computed(func(b *graph.Builder) *graph.Node {
		return graph.Mul(rate.Node(b), graph.Cast(b.Read(g.Slower), graph.F64))
	})
}

// Updates is how many updates an optimiser makes in so many steps, those too that a gate
// keeps from being made.
func (g *Game) Updates(o *Optimizer, finished int64) int64 { return g.Sequence.updates(o, finished) }

// RateKeys are the keys of the optimisers' learning rates, each once.
func (g *Game) RateKeys() (out []string) {
	for _, o := range g.Optimizers {
		if key := "optim." + o.Section + ".lr"; !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}
