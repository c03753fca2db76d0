package train

import (
	"testing"
)

// A run is as long as train.kimg or train.epochs say, to the step, where its steps take
// different numbers of samples: 2 steps of 6 updates of D and then ones of 1, in batches
// of 4. Rates that fall to the run's end know it.
func TestLengthOfUnevenSteps(t *testing.T) {
	for length, want := range map[string]int{
		"train.kimg=0.06":  5, // 2 of 24, 3 of 4
		"train.kimg=0.048": 2,
		"train.kimg=0.049": 3,
		"train.kimg=0.007": 1,
		"train.epochs=2":   5, // of 30
		"train.epochs=0.1": 1,
	} {
		c := configure(t, tinyImages, "train.batch=4", "train.d_boost=6", "train.d_boost_until=2", "train.d_boost_every=0", "optim.g.schedule=linear", "train.steps=0", length)
		h, _ := testHost(t, "")
		r, g, err := open(t.Context(), c, h, nil, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		defer r.close()
		if r.cfg.Train.Steps != want {
			t.Errorf("%s: %d steps, want %d", length, r.cfg.Train.Steps, want)
		}
		half := 2e-4 * (1 - float64(want/2)/float64(want))
		if got := g.Rate(g.Optimizers[0], int64(want/2)); got < .999*half || got > 1.001*half {
			t.Errorf("%s: the rate after %d of %d steps is %g, want %g", length, want/2, want, got, half)
		}
	}
}
