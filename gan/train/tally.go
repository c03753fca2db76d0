package train

import (
	"math"
	"slices"
)

// tally holds sums of the programs' scores since the last reset.
type tally struct {
	names []string // in order of first appearance
	sums  []float64
	runs  []int64
}

func newTally() *tally { return &tally{} }

// slots finds or makes the places of named scores.
func (t *tally) slots(names []string) []int {
	out := make([]int, len(names))
	for i, name := range names {
		at := slices.Index(t.names, name)
		if at < 0 {
			at = len(t.names)
			t.names, t.sums, t.runs = append(t.names, name), append(t.sums, 0), append(t.runs, 0)
		}
		out[i] = at
	}
	return out
}

// add counts one run's scores.
func (t *tally) add(slots []int, scores []float32) {
	for i, at := range slots {
		t.sums[at] += float64(scores[i])
		t.runs[at]++
	}
}

// mean is the mean of a score over the runs that had it; false where none had.
func (t *tally) mean(name string) (float64, bool) {
	at := slices.Index(t.names, name)
	if at < 0 || t.runs[at] == 0 {
		return 0, false
	}
	return t.sums[at] / float64(t.runs[at]), true
}

// reset starts again from nothing.
func (t *tally) reset() {
	clear(t.sums)
	clear(t.runs)
}

// scores are the sums of an interval that is not over, by name: a checkpoint
// holds them, so that the row of an interval within which a run was stopped is
// of all its steps.
type scores map[string]partial

type partial struct {
	Sum  float64 `json:"sum"`
	Runs int64   `json:"runs"`
}

// save gives the sums of what was added since the last reset. Those that are
// not finite have no text: the row is of what comes after.
func (t *tally) save() scores {
	s := scores{}
	for i, name := range t.names {
		if sum := t.sums[i]; t.runs[i] > 0 && !math.IsNaN(sum) && !math.IsInf(sum, 0) {
			s[name] = partial{sum, t.runs[i]}
		}
	}
	return s
}

// restore is save's inverse.
func (t *tally) restore(s scores) {
	t.reset()
	for i, name := range t.names {
		t.sums[i], t.runs[i] = s[name].Sum, s[name].Runs
	}
}
