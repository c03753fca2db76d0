package nn

import "ganengine/engine/graph"

// Standing is a second set of networks' running statistics, for use alone: those
// of the networks as they are now (or as their average is), over examples drawn for
// the purpose (BigGAN's standing statistics). Training neither reads nor moves them.
type Standing struct {
	nets []*Net
	of   map[*graph.Variable]*graph.Variable
}

// NewStanding declares a Variable name/... for each statistic of the networks,
// which must all be declared; the network's name comes between where there are
// several. A program that runs some times before they are used fills them, as Gather
// says.
func NewStanding(name string, nets ...*Net) *Standing {
	return &Standing{nets, seconds(name, nets, (*Net).Stats)}
}

// Values reads these statistics, and all else as weights does: NewValues() for the
// networks' own, or an Average's Values.
func (s *Standing) Values(weights *Values) *Values {
	v := NewValues()
	v.alias = func(v *graph.Variable) *graph.Variable {
		if standing := s.of[v]; standing != nil {
			return standing
		}
		return weights.stored(v)
	}
	return v
}

// Variable is the standing statistic in place of v; nil where there is none.
func (s *Standing) Variable(v *graph.Variable) *graph.Variable { return s.of[v] }

// External leaves the statistics out of first values and checkpoints: whoever uses
// them fills them.
func (s *Standing) External() {
	for _, v := range s.of {
		v.External = true
	}
}

// Gathering is the values of a program that fills standing statistics.
type Gathering struct {
	Values  *Values // of every pass of the program
	s       *Standing
	weights *Values
	rate    *graph.Node
	begun   map[*graph.Variable]*graph.Node // what the program found
}

// Gather has a program fill the statistics: after its runs 0, 1, ... (run, i32 []) they
// are the plain mean over those runs' batches, with nothing of what they were before run
// 0. Weights are as in Values.
func (s *Standing) Gather(b *graph.Builder, weights *Values, run *graph.Node) *Gathering {
	g := &Gathering{s: s, weights: weights, Values: s.Values(weights), begun: map[*graph.Variable]*graph.Node{}}
	g.rate = graph.Div(b.Const(graph.F64, 1), graph.Shift(graph.Cast(run, graph.F64), 1))
	first := graph.Equal(run, b.Const(graph.I32, 0))
	g.each(func(v *graph.Variable) {
		g.begun[v] = graph.Select(first, b.Const(v.DType, 0), b.Read(s.of[v]))
		g.Values.Set(v, g.begun[v])
	})
	return g
}

// each visits the networks' statistics in order of declaration.
func (g *Gathering) each(f func(v *graph.Variable)) {
	for _, n := range g.s.nets {
		for _, v := range n.stats {
			f(v)
		}
	}
}

// Mode is that of a pass whose batch the statistics follow, one in each run.
func (g *Gathering) Mode(label string) Mode {
	return Mode{Label: label, Stats: StatsBatch, Track: true, Rate: g.rate, Values: g.Values}
}

// Commit stores what was gathered, and the running statistics of layers that no pass went
// through.
func (g *Gathering) Commit(b *graph.Builder) {
	g.each(func(v *graph.Variable) {
		if g.Values.Get(b, v) == g.begun[v] {
			g.Values.Set(v, g.weights.Get(b, v))
		}
	})
	g.Values.Commit(b)
}
