package game

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/optim"
	"ganengine/gan/config"
)

// clocks turns numbers of one section that change in the course of a run into nodes.
// The device counts steps and each optimiser's updates; how many samples were taken, and
// where a phase began, are functions of the step.
type clocks struct {
	g       *Game
	section string
	of      *Optimizer // whose section it is; nil where it is of none
	turn    *TurnRef   // that the number stands in, where there is no optimiser
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
	case c.Unit != "updates":
	case s.of == nil:
		panic(&config.Error{Key: key, Msg: "unit = \"updates\" is of an optimiser's own numbers; write steps, kimg or epochs"})
	case c.From == "phase":
		panic(&config.Error{Key: key, Msg: "from = \"phase\" counts steps, kimg or epochs; write one of these for unit, or from = \"start\""})
	}
	return optim.Computed(func(b *graph.Builder) *graph.Node { return s.g.schedule(c).Node(b, s.now(b, c)) })
}

// now is what the clock of a course shows, F64 [].
func (s *clocks) now(b *graph.Builder, c config.Schedule) *graph.Node {
	if c.Unit == "updates" {
		return graph.Cast(b.Read(s.of.rule.StepVar), graph.F64)
	}
	step := graph.Cast(b.Read(s.g.Clock), graph.F64)
	shown := func(step *graph.Node) *graph.Node {
		if s.g.unit(c) == 0 || s.g.Sequence.even(s.g.first()) {
			return step
		}
		return s.g.Sequence.taken(s.g.first(), step)
	}
	var start *graph.Node
	for _, from := range s.phases(c) {
		x := b.Const(graph.F64, float64(from))
		if start != nil {
			x = graph.Select(graph.Less(step, x), start, x)
		}
		start = x
	}
	if start == nil {
		return shown(step)
	}
	return graph.Sub(shown(step), shown(start))
}

// phases are the steps from which the number's turn runs in one phase and the next, in
// order; none where the course counts from the run's start. The turn is the one whose
// program is built; for people, who see an optimiser's rate of all its turns, each of these.
func (s *clocks) phases(c config.Schedule) (froms []int64) {
	if c.From != "phase" {
		return nil
	}
	turn := s.turn
	if s.of != nil {
		turn = s.g.building
	}
	ours := func(e Entry) bool {
		return e.Turn == turn || turn == nil && s.of != nil && slices.Contains(e.Turn.Uses.Updates, s.of)
	}
	for _, e := range s.g.Sequence.order {
		goesOn := func(o Entry) bool { return o.Turn == e.Turn && o.From < e.From && (o.Until == 0 || o.Until > e.From) }
		if ours(e) && !slices.ContainsFunc(s.g.Sequence.order, goesOn) {
			froms = append(froms, e.From)
		}
	}
	slices.Sort(froms)
	if froms = slices.Compact(froms); slices.Equal(froms, []int64{0}) {
		return nil
	}
	return froms
}

// shown is what the clock of a course shows after so many steps, for people.
func (s *clocks) shown(c config.Schedule, finished int64) float64 {
	if c.Unit == "updates" {
		return float64(s.g.Sequence.updates(s.of, finished))
	}
	start := int64(0)
	for i, from := range s.phases(c) {
		if i == 0 || from <= finished {
			start = from
		}
	}
	if q := &s.g.Sequence; s.g.unit(c) != 0 && !q.even(s.g.first()) {
		return float64(q.Taken(s.g.first(), finished, 0) - q.Taken(s.g.first(), start, 0))
	}
	return float64(finished - start)
}

// unit is how many samples of the first stream a course's unit is; 0 where it does not
// count these.
func (g *Game) unit(c config.Schedule) float64 {
	return map[string]float64{"kimg": 1000, "epochs": float64(g.samples)}[c.Unit]
}

// schedule is a course over what its clock shows: updates, or steps, into which samples
// are turned where each step takes as many, or samples.
func (g *Game) schedule(c config.Schedule) optim.Schedule {
	s := optim.Schedule{At: c.At, To: c.To, Shape: c.Shape}
	unit := g.unit(c)
	if unit == 0 {
		return s
	}
	perStep := 1.
	if g.Sequence.even(g.first()) {
		perStep = g.ImagesPerStep()
		g.counted(perStep)
	}
	s.At = make([]float64, len(c.At))
	for i, at := range c.At {
		s.At[i] = at * unit / perStep
	}
	return s
}

// counted refuses a number that is over images of which a step takes none.
func (g *Game) counted(perStep float64) {
	if perStep == 0 {
		fail("Stream", "no turn takes fresh batches of stream %s, in whose samples images and epochs are counted", g.first().Name)
	}
}

// first is the stream that images and epochs are counted in.
func (g *Game) first() *Stream { return g.Streams[0] }

// ImagesPerStep is how many fresh samples of the first stream a step takes, on
// average over those that repeat.
func (g *Game) ImagesPerStep() float64 {
	if g.Sequence.even(g.first()) {
		return float64(g.Sequence.Taken(g.first(), 1, 0))
	}
	start, period := int64(0), g.Sequence.Period()
	for _, e := range g.Sequence.order {
		start = max(start, e.From, e.Until)
	}
	return float64(g.Sequence.Taken(g.first(), start+period, 0)-g.Sequence.Taken(g.first(), start, 0)) / float64(period)
}

// StepsOf is how many steps it takes until so many fresh samples of the first stream were
// taken, at least; false where they never are. Where each step takes as many, the
// configuration knows.
func (g *Game) StepsOf(images int64) (steps int64, ok bool) {
	if g.Sequence.even(g.first()) {
		return int64(g.Config.Train.Steps), true
	}
	taken := func(step int64) int64 { return g.Sequence.Taken(g.first(), step, 0) }
	settled := int64(0) // from then on, what comes at all comes within so many steps
	for _, e := range g.Sequence.order {
		settled = max(settled, e.From, e.Until, e.Every)
	}
	high := int64(1)
	for ; taken(high) < images; high *= 2 {
		if high > settled && taken(2*high) == taken(high) {
			return 0, false
		}
	}
	low := high / 2 // takes too few, or is no step at all
	for high-low > 1 {
		if middle := low + (high-low)/2; taken(middle) < images {
			low = middle
		} else {
			high = middle
		}
	}
	return high, true
}

// checkBatches holds the order to what the kind says of a step, by which lengths in
// images and epochs become steps. Where steps differ StepsOf counts them.
func (g *Game) checkBatches() error {
	if !g.Sequence.even(g.first()) {
		return nil
	}
	if is, says := g.ImagesPerStep(), float64(g.Config.ImagesPerStep()); is != says && is != 0 {
		return fmt.Errorf("a step takes %v samples of [data], and the kind says %v; set Batches of its config.Kind", is, says)
	}
	return nil
}

// Value is a number of a section at this step, F64 [].
func (t *Turn) Value(section, key string, n config.Number) *graph.Node {
	x := (&clocks{g: t.g, section: section, turn: t.of}).over(key, n.Course())
	if t.looking { // what steps take is not known before all turns were looked at
		return t.B.Const(graph.F64, 0)
	}
	return x.Node(t.B)
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

// Rate is an optimiser's learning rate while so many steps are finished, for people, where
// no run was rolled back.
func (g *Game) Rate(o *Optimizer, finished int64) float64 {
	course := g.Config.Optim(o.Section).Rate(g.Config.Train.Steps)
	clock := &clocks{g: g, of: o}
	return g.schedule(course).Value(clock.shown(course, finished))
}
