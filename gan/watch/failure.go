package watch

import (
	"fmt"
	"math"
)

// Failure is what is wrong with a training.
type Failure string

// The failures, in the order in which they are looked for: a cause before its effects.
const (
	None   Failure = ""
	GStill Failure = "g-still" // G's weights do not move
	DStill Failure = "d-still" // D's
	One    Failure = "one"     // all generated samples are one
	GWins  Failure = "g-wins"  // D takes generated samples for more real than real ones
	Few    Failure = "few"     // generated samples are copies of few
	DWins  Failure = "d-wins"  // D tells all samples apart, and G does not catch up
)

// The limits, of means over a window. Those of healthy trainings, and of failures, are in
// docs/watching.md.
const (
	unmoved   = 1e-6 // relative change of the sum of squared weights
	oneMost   = .05  // diversity of a single example, in each look
	fooled    = .25  // Above, where D prefers generated samples
	fewAlike  = .5   // Alike of few examples
	fewLeft   = .65  // and what is left of the greatest diversity
	wellLeft  = .85  // what is left of it where all is well
	tells     = .75  // Above of a D that tells samples apart: what the one whose weights race has, or lacks
	races     = .35  // growth of weights that is too fast
	ahead     = 4    // how many times the other side's it is
	certain   = .97  // Real, Fake and Above of a D that is sure
	farMargin = 8    // and the margin of logits that mean probabilities
)

// failure says what is wrong in a window; peak is the greatest diversity before it.
func (s summary) failure(peak float64) Failure {
	switch {
	case s.g.still:
		return GStill
	case s.d.still:
		return DStill
	case s.most < oneMost:
		return One
	case s.Above < fooled:
		return GWins
	case s.Alike > fewAlike && s.Diversity < fewLeft*peak:
		return Few
	case s.Above > tells && s.d.races(s.g):
		return DWins
	case s.Above < tells && s.g.races(s.d):
		return GWins
	case s.Margin > farMargin && min(s.Real, s.Fake, s.Above) > certain:
		return DWins
	}
	return None
}

// races says whether a side's weights grow much faster than the other's.
func (m movement) races(other movement) bool {
	return m.growth > races && m.growth > ahead*math.Abs(other.growth)
}

// Rate is a side's learning rate, and the key that sets it.
type Rate struct {
	Key   string
	Value float64
}

// Switches are what a warning may name.
type Switches struct {
	G, D    Rate
	Penalty string // key of a penalty on D's slope; "" where there is none
}

// Sentence is a failure in one sentence, which names the likely cause and what to try.
func (f Failure) Sentence(k Switches) string {
	penalty := ""
	if k.Penalty != "" {
		penalty = fmt.Sprintf(", or raise %s", k.Penalty)
	}
	switch f {
	case GStill:
		return fmt.Sprintf("G's weights do not move, so that D alone learns: raise %s, which is %.3g", k.G.Key, k.G.Value)
	case DStill:
		return fmt.Sprintf("D's weights do not move, so that G learns to please a judge that learns nothing: raise %s, which is %.3g", k.D.Key, k.D.Value)
	case One:
		return fmt.Sprintf("G has collapsed to one example, all that it makes is alike to D: begin again with another seed or a lower %s, which is %.3g%s", k.G.Key, k.G.Value, penalty)
	case GWins:
		return fmt.Sprintf("G wins by too much, D finds what it makes more real than the data: raise %s, which is %.3g%s, or lower %s", k.D.Key, k.D.Value, k.compared(k.D, k.G), k.G.Key)
	case Few:
		return fmt.Sprintf("G is collapsing to few examples, what it makes was more varied before: lower %s, which is %.3g%s", k.G.Key, k.G.Value, penalty)
	case DWins:
		return fmt.Sprintf("D wins by too much, it tells real samples from generated ones and leaves G behind: lower %s, which is %.3g%s%s", k.D.Key, k.D.Value, k.compared(k.D, k.G), penalty)
	}
	return ""
}

// compared says how many times the other rate one is, where it is much more or less.
func (k Switches) compared(one, other Rate) string {
	if r := one.Value / other.Value; r >= 2 || r <= .5 {
		return fmt.Sprintf(" and %.3g times %s", r, other.Key)
	}
	return ""
}
