package game

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// Preparation is the name of the program that fills standing statistics.
const Preparation = "prepare"

// standing is what samplers of a game with standing statistics normalise with.
type standing struct {
	of    map[*nn.Net]*nn.Standing
	runs  *graph.Variable // i32 []: of the program that fills them, since the host wrote 0
	count int             // how often it runs before samples are drawn
}

// Standing lets samplers run players with standing statistics (BigGAN's, arXiv 1809.11096):
// where sample.standing says a number of batches, batch norm of these players uses the mean
// over so many batches of samples drawn with the weights that people see, in place of what
// ran along while training. They lie outside of checkpoints. Players without batch norm
// are as they were.
func (s *Setup) Standing(of ...*Player) {
	for _, p := range of {
		switch {
		case p.frozen():
			fail("Standing", "player %s is frozen, and runs with the statistics of its file", p.Name)
		case s.Config.Sample.Standing == 0 || len(p.Net.Stats()) == 0 || s.g.standing.of[p.Net] != nil:
			continue
		case s.g.standing.of == nil:
			runs := s.g.Vars.Add(&graph.Variable{Name: "standing/runs", DType: graph.I32, Group: "standing", Init: graph.Fill(graph.I32, 0), External: true})
			s.g.standing = standing{map[*nn.Net]*nn.Standing{}, runs, s.Config.Sample.Standing}
		}
		st := nn.NewStanding(p.Net.Name+"_standing", p.Net)
		st.External()
		s.g.standing.of[p.Net] = st
	}
}

// checkStanding refuses standing statistics where none can be had.
func (g *Game) checkStanding() error {
	if g.Config.Sample.Standing == 0 {
		return nil
	}
	refuse := func(why string) error {
		return &config.Error{Key: "sample.standing", Msg: fmt.Sprintf("model %s %s; set it to 0", g.Config.Model.Kind, why)}
	}
	if g.standing.of == nil {
		return refuse("has no batch norm in what makes its samples")
	}
	s := g.Sampler("sample")
	if s == nil {
		return refuse("draws no samples to take statistics of")
	}
	u, err := s.Uses()
	switch {
	case err != nil:
		return err
	case len(u.Fed) > 0:
		return refuse("makes its samples of real ones")
	}
	ran := map[*nn.Net]bool{}
	for _, r := range u.Passes {
		if g.standing.of[r.Player.Net] != nil && ran[r.Player.Net] {
			return refuse(fmt.Sprintf("runs %s twice for a sample, and statistics are of one pass", r.Player.Title()))
		}
		ran[r.Player.Net] = true
	}
	return nil
}

// Prepare builds the program Preparation: run as often as StandingRuns says, from 0 in
// StandingCounter on, it fills the statistics that samplers use. It draws train.batch
// samples at each run. nil where samplers use running statistics. trained is as in
// Sampler.Program.
func (g *Game) Prepare(trained bool) (*graph.Program, error) {
	if g.standing.of == nil {
		return nil, nil
	}
	return graph.Build(Preparation, g.Vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: g.Seed, Run: g.standing.runs})
		b.WithPrecision(g.prec, func() {
			t := g.Sampler("sample").turn(b, people{rows: g.Config.Train.Batch, trained: trained, run: b.Read(g.standing.runs), gathered: map[*nn.Net]*nn.Gathering{}})
			for _, net := range t.nets {
				if of := t.gathered[net]; of != nil {
					of.Commit(b)
				}
			}
		})
	})
}

// StandingRuns is how often the program of Prepare runs before samples are drawn, and the
// Variable, i32 [], that counts its runs: the host writes 0 to it before the first.
func (g *Game) StandingRuns() (runs int, counter *graph.Variable) {
	return g.standing.count, g.standing.runs
}

// Standing are the players that samplers run with standing statistics.
func (g *Game) Standing() (out []*Player) {
	for _, p := range g.Players {
		if g.standing.of[p.Net] != nil && p.PartOf() == nil {
			out = append(out, p)
		}
	}
	return out
}

// InUse is the Variable that people see a player's Variable by: see inUse, whose counterpart
// on the host it is.
func (g *Game) InUse(p *Player, v *graph.Variable, trained bool) *graph.Variable {
	if st := g.standing.of[p.Net]; st != nil && st.Variable(v) != nil {
		return st.Variable(v)
	}
	if avg := p.Average(); avg != nil && !trained {
		return avg.Variable(v)
	}
	return v
}

// inUse are the values of a player's Variables for people: of its average where one
// follows, with standing statistics where it has them.
func (t *Turn) inUse(p *Player) *nn.Values {
	v := nn.NewValues()
	if avg := p.Average(); avg != nil && !t.trained {
		v = avg.Values()
	}
	st := t.g.standing.of[p.Net]
	switch {
	case st == nil:
		return v
	case t.run == nil:
		return st.Values(v)
	}
	of := st.Gather(t.B, v, t.run)
	t.gathered[p.Net] = of
	return of.Values
}
