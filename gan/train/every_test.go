package train

import (
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
)

// Every system goes on exactly: from a checkpoint between two steps, and from one in the
// middle of a step of several runs, past the end of the data, with what adds up for one
// update and without.
func TestResumeOfEverySystem(t *testing.T) {
	configtest.EachTiny(t, func(t *testing.T, name string, c *config.Config) {
		t.Run("plain", func(t *testing.T) { goesOn(t, c) })
		if c, ok := configtest.Accumulated(t, name, 3); ok {
			t.Run("accumulated", func(t *testing.T) { goesOn(t, c) })
		}
	})
}

// goesOn stops a run after some steps and in the middle of the next, and compares what
// goes on from there with the run itself.
func goesOn(t *testing.T, c *config.Config) {
	t.Helper()
	tr := beginTraining(t, c, systems.Table()).trainer
	// Two more steps begin a second pass through the data, where these are few.
	stop := int64(2)
	if first := tr.game.Streams[0]; first.Len <= 64 {
		stop = int64(float64(first.Len) / tr.game.ImagesPerStep())
	}
	to := func(step int64) error {
		for tr.step < step {
			if err := tr.advance(t.Context()); err != nil {
				return err
			}
		}
		return tr.drain()
	}
	if err := to(stop); err != nil {
		t.Fatal(err)
	}
	states := map[string]map[string][]byte{"between two steps": goneOn(t, c, systems.Table(), tr, stop+2)}
	if middle := int64(len(tr.game.Sequence.At(stop)) / 2); middle > 0 {
		for k := range middle {
			tr.once(t, stop, k)
		}
		tr.place = middle
		states["in the middle of a step"] = goneOn(t, c, systems.Table(), tr, stop+2)
	}
	if err := to(stop + 2); err != nil {
		t.Fatal(err)
	}
	for where, state := range states {
		t.Run(where, func(t *testing.T) { sameState(t, state, tr.state(t)) })
	}
}
