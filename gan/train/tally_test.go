package train

import (
	"slices"
	"testing"
)

// A score's mean is over the runs that had it: programs without penalties do not
// make the penalty smaller.
func TestTally(t *testing.T) {
	ta := newTally()
	d, dg := ta.slots([]string{"loss"}), ta.slots([]string{"gp", "loss"})
	for _, x := range []float32{1, 2, 3} {
		ta.add(d, []float32{x})
	}
	ta.add(dg, []float32{10, 6})
	for name, want := range map[string]float64{"loss": 3, "gp": 10} {
		if got, ok := ta.mean(name); !ok || got != want {
			t.Errorf("the mean of %s is %g, %t, want %g", name, got, ok, want)
		}
	}
	if _, ok := ta.mean("r1"); ok {
		t.Error("there is a mean of what nobody told")
	}
	ta.reset()
	ta.add(d, []float32{5})
	if got, ok := ta.mean("loss"); !ok || got != 5 {
		t.Errorf("after a reset the mean is %g, %t, want 5", got, ok)
	}
	if _, ok := ta.mean("gp"); ok {
		t.Error("after a reset there is a mean of what no run had")
	}
}

// Progress has the losses of optimisers that made updates since it was told last: one whose
// turns wait for another phase of the training is not said to have lost nothing.
func TestLossesAreOfTurnsThatRan(t *testing.T) {
	tr := &trainer{tally: newTally()}
	first, second := tr.tally.slots([]string{"a_loss", "a_grad"}), tr.tally.slots([]string{"b_loss"})
	tr.tally.add(first, []float32{2, 1})
	if got, want := tr.losses(nil), []Loss{{"a", 2}}; !slices.Equal(got, want) {
		t.Errorf("losses %v, want %v", got, want)
	}
	tr.tally.reset()
	tr.tally.add(second, []float32{3})
	if got, want := tr.losses(nil), []Loss{{"b", 3}}; !slices.Equal(got, want) {
		t.Errorf("losses %v, want %v", got, want)
	}
}
