package watch

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
)

// healthy is what a training looks like that goes well, after so many steps: weights grow
// alike, D is right more often than not, and samples become as varied as the data.
func healthy(step int64) Sight {
	at := float64(step)
	return Sight{Step: step,
		Measures: Measures{Diversity: 1 - .8*math.Exp(-at/200), Alike: .1 + .9*math.Exp(-at/200), Real: .9, Fake: .8, Above: .95, Margin: 2},
		G:        Side{Loss: 1, Grad: 2, Squares: 10 + at/3000, Updates: step},
		D:        Side{Loss: .9, Grad: 3, Squares: 5 + at/3000, Updates: step}}
}

// told are the failures of a run of looks each 25 steps, with the steps.
func told(h *History, from, to int64, change func(s *Sight)) map[Failure]int64 {
	out := map[Failure]int64{}
	for step := from; step <= to; step += 25 {
		s := healthy(step)
		change(&s)
		if f := h.Add(s); f != None {
			out[f] = step
		}
	}
	return out
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *Sight)
		want   Failure
	}{
		"a healthy run":       {func(s *Sight) {}, None},
		"G frozen":            {func(s *Sight) { s.G.Squares, s.Above, s.Real, s.Fake, s.Margin = 10, 1, 1, 1, 12 }, GStill},
		"D frozen":            {func(s *Sight) { s.D.Squares, s.Above = 5, 0 }, DStill},
		"D not to be trained": {func(s *Sight) { s.D.Squares, s.D.Updates = 5, 0 }, None},
		"G held by a gate":    {func(s *Sight) { s.G.Squares, s.G.Held = 10, 1 }, None},
		"D held by a gate":    {func(s *Sight) { s.D.Squares, s.D.Held = 5, 1 }, None},
		"held now and then": {func(s *Sight) {
			if s.D.Squares = 5; s.Step%100 != 0 {
				s.D.Held = 1
			}
		}, DStill},
		"a constant G":   {func(s *Sight) { s.Diversity, s.Alike = .01, 1 }, One},
		"D falls behind": {func(s *Sight) { s.Above = .1 }, GWins},
		"G races":        {func(s *Sight) { s.G.Squares, s.Above = 10*math.Exp(float64(s.Step)/600), .5 }, GWins},
		"D races":        {func(s *Sight) { s.D.Squares = 5 * math.Exp(float64(s.Step)/600) }, DWins},
		"both race": {func(s *Sight) {
			s.D.Squares, s.G.Squares = 5*math.Exp(float64(s.Step)/600), 10*math.Exp(float64(s.Step)/700)
		}, None},
		"D is sure":        {func(s *Sight) { s.Real, s.Fake, s.Above, s.Margin = 1, 1, 1, 10 }, DWins},
		"a critic is sure": {func(s *Sight) { s.Real, s.Fake, s.Above, s.Margin = 1, 1, 1, 0 }, None},
		"never as varied":  {func(s *Sight) { s.Diversity, s.Alike = .3, 1 }, None},
		"not a number":     {func(s *Sight) { s.Diversity, s.Margin = math.NaN(), math.Inf(1) }, None},
	} {
		t.Run(name, func(t *testing.T) {
			got := told(&History{}, 25, 1000, c.change)
			want := map[Failure]int64{}
			if c.want != None {
				want[c.want] = 25 + Window
			}
			if len(got) != len(want) || got[c.want] != want[c.want] {
				t.Errorf("told %v, want %v", got, want)
			}
		})
	}
}

// Samples that were varied become alike: it is told once a window is mostly of these, once
// for all while it lasts, and again after all was well for a window.
func TestCollapse(t *testing.T) {
	var h History
	from := func(first, last int64) func(s *Sight) {
		return func(s *Sight) {
			if s.Step >= first && s.Step < last {
				s.Diversity, s.Alike = .3, .9
			}
		}
	}
	told(&h, 25, 1475, from(1000, 1500))
	if h.Good < 600 || h.Good > 800 {
		t.Errorf("all was well from step %d on for a window, want one between 600 and 800", h.Good)
	}
	h = History{}
	if got := told(&h, 25, 2000, from(1000, 1500)); len(got) != 1 || got[Few] < 1100 || got[Few] > 1275 {
		t.Errorf("told %v, want few examples between steps 1100 and 1275", got)
	}
	if got := told(&h, 2025, 4000, from(3000, 4000)); got[Few] < 3100 || got[Few] > 3275 {
		t.Errorf("told %v, want few examples between steps 3100 and 3275", got)
	}
}

// A run that goes on says what it would have said: what was seen passes through JSON, and
// what was seen past the step that it goes on from is forgotten.
func TestHistoryGoesOn(t *testing.T) {
	collapse := func(s *Sight) {
		if s.Step >= 1000 {
			s.Diversity, s.Alike = .3, .9
		}
	}
	var whole History
	want := told(&whole, 25, 1500, collapse)
	var h, other History
	told(&h, 25, 1100, collapse)
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &other); err != nil {
		t.Fatal(err)
	}
	late := healthy(1200)
	other.Sights = append(other.Sights, late)
	got := told(&other, 1125, 1500, collapse)
	if len(got) != 1 || got[Few] != want[Few] {
		t.Errorf("told %v, want %v", got, want)
	}
	if !slices.Equal(other.Sights, whole.Sights) || other.Peak != whole.Peak {
		t.Error("what was seen differs")
	}
	if n := len(whole.Sights); n > Window/25+1 {
		t.Errorf("%d sights are kept", n)
	}
}

// G's loss rises by 1 in 300 steps, which is .5 from the first half of a window to the
// second; D's falls by half as much.
func TestDrift(t *testing.T) {
	var h History
	if _, _, ok := h.Drift(); ok {
		t.Error("there is a drift of nothing")
	}
	told(&h, 25, 600, func(s *Sight) { s.G.Loss, s.D.Loss = float64(s.Step)/300, -float64(s.Step)/600 })
	if g, d, ok := h.Drift(); !ok || math.Abs(g-.5) > 1e-9 || math.Abs(d+.25) > 1e-9 {
		t.Errorf("drifts %v and %v, %t", g, d, ok)
	}
}

// A warning is one sentence that names keys that there are, and how far apart rates are.
func TestSentences(t *testing.T) {
	k := Switches{G: Rate{"optim.g.lr", 2e-4}, D: Rate{"optim.d.lr", 2e-2}, Penalty: "loss.r1"}
	for f, parts := range map[Failure][]string{
		GStill: {"G's weights do not move", "optim.g.lr, which is 0.0002"},
		DStill: {"D's weights do not move", "optim.d.lr, which is 0.02"},
		One:    {"one example", "optim.g.lr", "loss.r1"},
		GWins:  {"G wins by too much", "raise optim.d.lr", "lower optim.g.lr"},
		Few:    {"few examples", "optim.g.lr", "loss.r1"},
		DWins:  {"D wins by too much", "lower optim.d.lr, which is 0.02 and 100 times optim.g.lr", "loss.r1"},
	} {
		got := f.Sentence(k)
		for _, part := range parts {
			if !strings.Contains(got, part) {
				t.Errorf("%s: %q lacks %q", f, got, part)
			}
		}
		if strings.ContainsAny(got, "\n;") || strings.Contains(got, ". ") {
			t.Errorf("%s: %q is not one plain sentence", f, got)
		}
		if got := f.Sentence(Switches{G: k.G, D: k.G}); strings.Contains(got, "loss.") || strings.Contains(got, "times") {
			t.Errorf("%s: %q names what there is not", f, got)
		}
	}
}
