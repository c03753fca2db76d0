package train

import (
	"testing"

	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
)

// Looking at a training changes no bit of it, in any system, and moves nothing but the
// numbers of its rows.
func TestWatchingChangesNothing(t *testing.T) {
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		const steps = 3
		plain, seen := beginTraining(t, c, systems.Table()), beginTraining(t, c, systems.Table())
		if seen.watcher == nil {
			t.Skip("nothing is watched")
		}
		if err := seen.watcher.attach(seen.trainer, seen.sets); err != nil {
			t.Fatal(err)
		}
		looks := 0
		seen.trainer.finished = func(step int64) {
			if _, err := seen.watcher.finished(step); err != nil {
				t.Fatal(err)
			}
			looks++
		}
		for _, r := range []*rig{plain, seen} {
			for step := int64(1); step <= steps; step++ {
				if err := r.trainer.advance(t.Context()); err != nil {
					t.Fatal(err)
				}
				if r == seen {
					if err := r.watcher.look(step); err != nil {
						t.Fatal(err)
					}
				}
				if err := r.trainer.drain(); err != nil {
					t.Fatal(err)
				}
			}
		}
		sameState(t, plain.trainer.state(t), seen.trainer.state(t))
		if n := len(seen.watcher.history.Sights); looks != steps || n != steps {
			t.Errorf("%d looks were taken and %d sights kept, want %d", looks, n, steps)
		}
		for _, name := range measured {
			if _, ok := seen.trainer.tally.mean(name); !ok {
				t.Errorf("there is no %s", name)
			}
		}
	})
}
