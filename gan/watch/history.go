package watch

import (
	"math"
	"slices"
)

// Window is how many steps are judged together: a failure that lasts as long is told.
const Window = 300

// Sight is a look with what training said of the steps since the look before.
type Sight struct {
	Step int64 `json:"step"`
	Measures
	// G and D are what is known of the two sides.
	G Side `json:"g"`
	D Side `json:"d"`
}

// Side is what is known of one side's networks.
type Side struct {
	Loss    float64 `json:"loss"`    // mean over the steps since the look before
	Grad    float64 `json:"grad"`    // likewise, of its gradients' length
	Squares float64 `json:"squares"` // sum of its squared weights
	Updates int64   `json:"updates"` // of its weights so far, those too that a gate held back
	// Held is the share of its updates since the look before that a gate held back.
	Held float64 `json:"held,omitempty"`
}

// Finite says whether all of it are numbers.
func (s Sight) Finite() bool {
	for _, side := range []Side{s.G, s.D} {
		for _, x := range []float64{side.Loss, side.Grad, side.Squares} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
		}
	}
	return s.Measures.Finite()
}

// History is what was seen of a run, as far back as it matters. As JSON it is part of a
// checkpoint. The zero value has seen nothing.
type History struct {
	Sights []Sight `json:"sights"` // of the last Window steps, and the one before them
	// Peak is the greatest mean of diversity over a window.
	Peak float64 `json:"peak"`
	// Good is the step that the last window began with in which all was well.
	Good int64 `json:"good"`
	// Told are the failures that were told since all was well for a window, and Wrong is the
	// last step at which something was not.
	Told  []Failure `json:"told,omitempty"`
	Wrong int64     `json:"wrong"`
}

// Drift is by how much the mean losses of G and of D are higher in the later half of the
// window than in the earlier; false where it is not full.
func (h *History) Drift() (g, d float64, ok bool) {
	w, ok := h.window()
	if !ok || len(w) < 2 {
		return 0, 0, false
	}
	half := func(of func(s Sight) float64) float64 {
		middle := len(w) / 2
		return meanOf(w[len(w)-middle:], of) - meanOf(w[:middle], of)
	}
	return half(func(s Sight) float64 { return s.G.Loss }), half(func(s Sight) float64 { return s.D.Loss }), true
}

// window are the sights of the last Window steps, without the one before them; false until
// so many steps were seen.
func (h *History) window() ([]Sight, bool) {
	n := len(h.Sights)
	if n < 2 || h.Sights[n-1].Step-h.Sights[0].Step < Window {
		return nil, false
	}
	return h.Sights[1:], true
}

// Add adds a sight, and gives a failure that begins with it: one that was not told since
// all was well. What is not finite is left out; what was seen at the step or later before,
// and did not come about, is forgotten.
func (h *History) Add(s Sight) Failure {
	if !s.Finite() {
		return None
	}
	h.Sights = slices.DeleteFunc(h.Sights, func(old Sight) bool { return old.Step >= s.Step })
	h.Sights = append(h.Sights, s)
	first := 0
	for first+1 < len(h.Sights) && s.Step-h.Sights[first+1].Step >= Window {
		first++
	}
	h.Sights = append(h.Sights[:0], h.Sights[first:]...)
	w, ok := h.window()
	if !ok {
		return None
	}
	now := summarise(h.Sights[0], w)
	failure := now.failure(h.Peak)
	h.Peak = max(h.Peak, now.Diversity)
	if failure == None && now.Diversity >= wellLeft*h.Peak {
		h.Good = h.Sights[0].Step
	}
	if failure != None {
		h.Wrong = s.Step
	} else if s.Step-h.Wrong >= Window {
		h.Told = nil
	}
	if failure == None || slices.Contains(h.Told, failure) {
		return None
	}
	h.Told = append(h.Told, failure)
	return failure
}

// summary is a window in a few numbers.
type summary struct {
	Measures         // means
	most     float64 // the greatest diversity
	g, d     movement
}

// movement is what a side's weights did in a window.
type movement struct {
	updates int64
	growth  float64 // logarithm of what the sum of squared weights is, in that of before
	still   bool    // there were updates, not all of them held back, and no weight moved that could be seen
}

func summarise(before Sight, w []Sight) summary {
	last := w[len(w)-1]
	s := summary{Measures: Measures{
		Diversity: meanOf(w, func(s Sight) float64 { return s.Diversity }),
		Alike:     meanOf(w, func(s Sight) float64 { return s.Alike }),
		Real:      meanOf(w, func(s Sight) float64 { return s.Real }),
		Fake:      meanOf(w, func(s Sight) float64 { return s.Fake }),
		Above:     meanOf(w, func(s Sight) float64 { return s.Above }),
		Margin:    meanOf(w, func(s Sight) float64 { return s.Margin }),
	}, g: moved(before.G, last.G), d: moved(before.D, last.D)}
	heldG, heldD := true, true
	for _, x := range w {
		s.most = max(s.most, x.Diversity)
		heldG, heldD = heldG && x.G.Held >= 1, heldD && x.D.Held >= 1
	}
	s.g.still, s.d.still = s.g.still && !heldG, s.d.still && !heldD
	return s
}

func moved(before, now Side) movement {
	m := movement{updates: now.Updates - before.Updates}
	if before.Squares > 0 && now.Squares > 0 {
		m.growth = math.Log(now.Squares / before.Squares)
	}
	m.still = m.updates > 0 && math.Abs(m.growth) < unmoved
	return m
}

func meanOf(w []Sight, of func(s Sight) float64) (sum float64) {
	for _, s := range w {
		sum += of(s)
	}
	return sum / float64(len(w))
}
