package game

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
)

// TurnRef is a declared turn.
type TurnRef struct {
	Name  string
	Uses  Uses
	build func(t *Turn)
}

// Entry has a turn run Times times (0: once) in each step n with From <= n < Until
// (0: for ever) and (n - Offset) % Every = 0.
type Entry struct {
	Turn                              *TurnRef
	Times, Every, Offset, From, Until int64
}

// due says whether the entry runs in a step.
func (e *Entry) due(step int64) bool {
	return step >= e.From && (e.Until == 0 || step < e.Until) && mod(step-e.Offset, e.Every) == 0
}

// before is how often the entry's turn ran in the steps before one.
func (e *Entry) before(step int64) int64 {
	if e.Until > 0 {
		step = min(step, e.Until)
	}
	first := e.From + mod(e.Offset-e.From, e.Every)
	if step <= first {
		return 0
	}
	return ((step-1-first)/e.Every + 1) * e.Times
}

// runsBefore is before, of a node F64 [].
func (e *Entry) runsBefore(step *graph.Node) *graph.Node {
	b := step.Builder()
	if e.Until > 0 {
		step = graph.Min(step, b.Const(graph.F64, float64(e.Until)))
	}
	first := e.From + mod(e.Offset-e.From, e.Every)
	runs := graph.Floor(graph.Div(graph.Shift(step, float64(e.Every-1-first)), b.Const(graph.F64, float64(e.Every))))
	return graph.Scale(graph.Max(runs, b.Const(graph.F64, 0)), float64(e.Times))
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }

// Lazy is something that happens at some runs of turns only.
type Lazy struct {
	Name          string
	Every, Offset int64
}

// variant is a program of a turn: what is due in it, and whether it ends a step.
type variant struct {
	turn *TurnRef
	due  uint64 // bits of the game's lazies
	last bool
	// adding: one of the first runs of an accumulated update.
	adding bool
}

// Sequence says which program runs when: a pure function of the step.
type Sequence struct {
	order  []Entry
	lazies []*Lazy
	// accumulate is how many runs make one of an entry's.
	accumulate int64
	variants   []variant
	step       []variant // of the last call of At
	programs   []int
}

// count is how many runs that ask for a lazy there were before a step.
func (s *Sequence) count(l *Lazy, step int64) (n int64) {
	for i := range s.order {
		if e := &s.order[i]; slices.Contains(e.Turn.Uses.Lazies, l) {
			n += e.before(step)
		}
	}
	return n
}

// runs lists a step's variants, valid until the next call.
func (s *Sequence) runs(step int64) []variant {
	s.step = s.step[:0]
	for i := range s.order {
		e := &s.order[i]
		if !e.due(step) {
			continue
		}
		for k := range e.Times * s.accumulate {
			s.step = append(s.step, variant{turn: e.Turn, adding: (k+1)%s.accumulate != 0})
		}
	}
	for bit, l := range s.lazies {
		n := s.count(l, step)
		for i := range s.step {
			v := &s.step[i]
			if !slices.Contains(v.turn.Uses.Lazies, l) {
				continue
			}
			if mod(n-l.Offset, l.Every) == 0 {
				v.due |= 1 << bit
			}
			if !v.adding {
				n++
			}
		}
	}
	if n := len(s.step); n > 0 {
		s.step[n-1].last = true
	}
	return s.step
}

// Order is what makes a step, in order.
func (s *Sequence) Order() []Entry { return s.order }

// Lazies are what happens at some runs only.
func (s *Sequence) Lazies() []*Lazy { return s.lazies }

// At lists the programs of a step, by number, valid until the next call.
func (s *Sequence) At(step int64) []int {
	s.programs = s.programs[:0]
	for _, v := range s.runs(step) {
		s.programs = append(s.programs, slices.Index(s.variants, v))
	}
	return s.programs
}

// Taken is how many samples of a stream the runs before place number place of a
// step took: its position.
func (s *Sequence) Taken(st *Stream, step int64, place int) (n int64) {
	for i := range s.order {
		if e := &s.order[i]; e.Turn.takes(st) {
			n += e.before(step) * s.accumulate
		}
	}
	for _, v := range s.runs(step)[:place] {
		if v.turn.takes(st) {
			n++
		}
	}
	return n * int64(st.Batch)
}

// Runs is how often a turn runs in the steps before one.
func (s *Sequence) Runs(of *TurnRef, step int64) (n int64) {
	for i := range s.order {
		if e := &s.order[i]; e.Turn == of {
			n += e.before(step) * s.accumulate
		}
	}
	return n
}

func (r *TurnRef) takes(st *Stream) bool { return r.Uses.takes(st) }

// single says why gradients of several runs of a turn cannot add up for one update; ""
// where they can.
func (u *Uses) single() string {
	first := slices.ContainsFunc(u.Passes, func(r Ran) bool { return r.First })
	switch {
	case first && u.minimised > 0:
		return "sets first values and makes updates, and gradients add up over one set of values"
	case first: // the last batch sets them
	case u.minimised != 1:
		return fmt.Sprintf("makes %d updates one after the other, and gradients add up over one only", u.minimised)
	}
	for _, f := range u.Fed {
		if f.Again {
			return fmt.Sprintf("takes the step's last batch of stream %s again, and gradients add up over several batches", f.Stream.Name)
		}
	}
	return ""
}

// taken is Taken before a step, F64 [], as a node.
func (s *Sequence) taken(st *Stream, step *graph.Node) *graph.Node {
	b := step.Builder()
	all := b.Const(graph.F64, 0)
	for i := range s.order {
		if e := &s.order[i]; e.Turn.takes(st) {
			all = graph.Add(all, graph.Scale(e.runsBefore(step), float64(s.accumulate)*float64(st.Batch)))
		}
	}
	return all
}

// even says whether each step takes as many samples of a stream.
func (s *Sequence) even(st *Stream) bool {
	return !slices.ContainsFunc(s.order, func(e Entry) bool {
		return e.Turn.takes(st) && (e.Every != 1 || e.From != 0 || e.Until != 0)
	})
}

// updates is how many updates an optimiser makes in the steps before one, those too
// that a gate keeps from being made.
func (s *Sequence) updates(o *Optimizer, step int64) (n int64) {
	for i := range s.order {
		for _, by := range s.order[i].Turn.Uses.Updates {
			if by == o {
				n += s.order[i].before(step)
			}
		}
	}
	return n
}

// mostSteps bounds the search for variants.
const mostSteps = 1 << 20

// Period is the number of steps after which the sequence repeats, between two
// bounds of its entries.
func (s *Sequence) Period() int64 {
	p := int64(1)
	for _, e := range s.order {
		p = lcm(p, e.Every)
	}
	lazy := int64(1) // and so many times as long until counts of lazy things are as they were
	for _, l := range s.lazies {
		lazy = lcm(lazy, l.Every)
	}
	return min(p*lazy, mostSteps)
}

func lcm(a, b int64) int64 {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return a / x * b
}

// find lists every variant that ever occurs, in the order of first runs. A step in
// which nothing runs would never end.
func (s *Sequence) find() error {
	bounds := []int64{0}
	for _, e := range s.order {
		bounds = append(bounds, e.From, e.Until)
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	for i, low := range bounds {
		high := low + s.Period()
		if i+1 < len(bounds) {
			high = min(high, bounds[i+1])
		}
		for step := low; step < high; step++ {
			runs := s.runs(step)
			if len(runs) == 0 {
				return fmt.Errorf("the order has no turn for step %d", step)
			}
			if err := again(runs, step); err != nil {
				return err
			}
			for _, v := range runs {
				if !slices.Contains(s.variants, v) {
					s.variants = append(s.variants, v)
				}
			}
		}
	}
	return nil
}

// again refuses a step of which a run takes the last batch of a stream again, and no run
// before it took one.
func again(runs []variant, step int64) error {
	for i, v := range runs {
		for _, f := range v.turn.Uses.Fed {
			if f.Again && !slices.ContainsFunc(runs[:i], func(o variant) bool { return o.turn.takes(f.Stream) }) {
				return fmt.Errorf("turn %s takes the batch of stream %s again, of which no turn before it takes a fresh one in step %d", v.turn.Name, f.Stream.Name, step)
			}
		}
	}
	return nil
}

// name of a variant's program: its turn's, what is due in it, and _end where the
// turn ends some steps and not others.
func (s *Sequence) name(v variant) string {
	name := v.turn.Name
	for bit, l := range s.lazies {
		if l.Every > 1 && v.due&(1<<bit) != 0 {
			name += "_" + l.Name
		}
	}
	if v.adding {
		name += "_add"
	}
	if v.last && slices.ContainsFunc(s.variants, func(o variant) bool { return o.turn == v.turn && !o.last && !o.adding }) {
		name += "_end"
	}
	return name
}
