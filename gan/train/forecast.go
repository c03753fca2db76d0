package train

import (
	"time"

	"ganengine/gan/config"
	"ganengine/gan/game"
)

// forecast tells how long a run takes still: what runs of each turn, pictures, checkpoints
// and evaluations take, times how often each is still to come.
type forecast struct {
	sequence *game.Sequence
	steps    int64
	every    [activities]int  // steps from one to the next; 0 for those that come at no step
	atEnd    [activities]bool // and one after the last step
	turns    []turnCost
	events   [activities]cost
}

// turnCost is what the runs of a turn take. One that has not run yet takes as much time
// for an operation as the others do.
type turnCost struct {
	turn  *game.TurnRef
	flops float64 // of a run, the mean of the turn's programs
	cost
}

// newForecast has measured nothing yet. The steps are those that the sequence numbers.
func newForecast(g *game.Game, steps []*game.Step, c *config.Config, evaluates bool) *forecast {
	f := &forecast{sequence: &g.Sequence, steps: int64(c.Train.Steps)}
	f.every[drawing], f.atEnd[drawing] = c.Sample.Every, true
	f.every[saving], f.atEnd[saving] = c.Checkpoint.Every, true
	if evaluates {
		f.every[evaluating], f.atEnd[evaluating] = c.Eval.Every, true
	}
	programs := map[*game.TurnRef]float64{}
	for _, s := range steps {
		if programs[s.Turn]++; programs[s.Turn] == 1 {
			f.turns = append(f.turns, turnCost{turn: s.Turn})
		}
		t := f.of(s.Turn)
		t.flops += (float64(s.Flops()) - t.flops) / programs[s.Turn]
	}
	return f
}

func (f *forecast) of(t *game.TurnRef) *turnCost {
	for i := range f.turns {
		if f.turns[i].turn == t {
			return &f.turns[i]
		}
	}
	panic("train: turn " + t.Name + " is in no program")
}

// ran and did take what one run and one event took.
func (f *forecast) ran(t *game.TurnRef, took time.Duration) { f.of(t).add(took) }
func (f *forecast) did(what activity, took time.Duration)   { f.events[what].add(took) }

// left is the time from the end of a step to that of the run. blind says that there are
// evaluations in it, which are not, since none was made yet.
func (f *forecast) left(step int64) (left time.Duration, blind bool) {
	if step >= f.steps {
		return 0, false
	}
	var seconds, took, flops float64
	for i := range f.turns {
		if t := &f.turns[i]; t.n > 0 {
			took, flops = took+t.mean, flops+t.flops
		}
	}
	for i := range f.turns {
		t := &f.turns[i]
		each := t.mean
		if t.n == 0 && flops > 0 {
			each = t.flops * took / flops
		}
		seconds += each * float64(f.sequence.Runs(t.turn, f.steps)-f.sequence.Runs(t.turn, step))
	}
	for i := range f.events {
		n := f.coming(activity(i), step)
		seconds += f.events[i].mean * float64(n)
		blind = blind || i == int(evaluating) && n > 0 && f.events[i].n == 0
	}
	return time.Duration(seconds * float64(time.Second)), blind
}

// coming is how often an event comes after a step before the last, that step's own counted.
func (f *forecast) coming(what activity, step int64) (n int64) {
	every := int64(f.every[what])
	if every > 0 {
		n = f.steps/every - max(0, step-1)/every
	}
	if f.atEnd[what] && (every == 0 || f.steps%every != 0) {
		n++
	}
	return n
}

// cost is what something takes each time: the mean of lately, without the first time, which
// readies what the others use.
type cost struct {
	n    int64
	mean float64 // seconds
}

// lately is how much of the past a cost remembers: a minute, and so many times at least.
const (
	lately     = 60 // seconds
	leastTimes = 8
)

func (c *cost) add(took time.Duration) {
	s := took.Seconds()
	c.n++
	if c.n <= 2 {
		c.mean = s
		return
	}
	window := float64(leastTimes)
	if c.mean > 0 {
		window = max(window, lately/c.mean)
	}
	c.mean += (s - c.mean) / min(float64(c.n-1), window)
}
