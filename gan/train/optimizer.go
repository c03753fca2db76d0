package train

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
	"ganengine/gan/config"
)

// optimizer declares the optimiser of a network, by the section of its name.
func (g *Game) optimizer(name string, net *nn.Net) (*optim.Optimizer, error) {
	c := g.Config.Optim(name)
	courses := &courses{game: g, section: "optim." + name}
	o := optim.Options{
		Rule: courses.rule(c), LR: courses.over("lr", c.Rate(g.Config.Train.Steps)),
		ClipNorm: c.ClipNorm, ClipValue: c.ClipValue, L2: optim.Constant(c.L2), Decay: optim.Constant(c.Decay), Clamp: c.Clamp, MaxNorm: c.MaxNorm,
	}
	if courses.err != nil {
		return nil, courses.err
	}
	made := optim.New(g.Vars, "opt/"+name, o, net.Params())
	courses.updates = made.StepVar
	return made, nil
}

func (s *courses) rule(c *config.Optim) optim.Rule {
	number := func(key string, n config.Number) optim.Hyper { return s.over(key, n.Course()) }
	switch c.Kind {
	case "sgd":
		return optim.SGD{Momentum: number("momentum", c.Momentum), RateInside: c.RateInside}
	case "rmsprop":
		return optim.RMSProp{Decay: number("beta2", c.Beta2), Momentum: number("momentum", c.Momentum), Eps: c.Eps}
	}
	return optim.Adam{Beta1: number("beta1", c.Beta1), Beta2: number("beta2", c.Beta2), Eps: c.Eps, EpsInside: c.EpsInside}
}

// courses turns numbers of one section that change in the course of a run into nodes.
type courses struct {
	game    *Game
	section string
	updates *graph.Variable // of the optimiser, once there is one
	err     error           // of the first number that this version has no clock for
}

// over is a number of the section over its clock.
func (s *courses) over(key string, c config.Schedule) optim.Hyper {
	if len(c.To) == 1 { // it stays, whatever its clock
		return optim.Constant(c.To[0])
	}
	if err := clocked(s.section+"."+key, c); err != nil && s.err == nil {
		s.err = err
	}
	return schedule(c, s.game.Config.ImagesPerStep()).Over(func(b *graph.Builder) *graph.Node {
		clock := s.game.Clock
		if c.Unit == "updates" {
			clock = s.updates
		}
		return graph.Cast(b.Read(clock), graph.F64)
	})
}
