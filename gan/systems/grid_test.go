//go:build systems

package systems_test

import (
	"fmt"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/metric"
)

// TestGrid trains 25 narrow Gaussians on a grid by WGAN-GP, which finds nearly all. A mode
// counts when 20 of 2,560 samples, a fifth of its share, lie within three deviations.
func TestGrid(t *testing.T) {
	for seed := range 2 {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			c := measure(t, "grid", seed, 2560, 20)
			t.Logf("%d modes of 25 (%d hit at all), %.0f%% good samples", c.Modes, c.Any, 100*c.Good)
			if c.Modes < 22 || c.Good < .45 {
				t.Errorf("%d modes with %.0f%% good samples, want at least 22 with 45%%", c.Modes, 100*c.Good)
			}
		})
	}
}

// TestGridLong is three times as long a training, which finds all.
func TestGridLong(t *testing.T) {
	fully(t)
	dev := newDevice(t)
	cfg := configtest.Shipped(t, "grid", "train.steps=15000", "optim.g.lr={at=[0,15000],to=[1e-3,5e-5]}")
	got := points(t, trained(t, dev, cfg), dev, func(e *explore.Explorer) explore.Latents { return seeds(e, 2560) })
	set := mixtureOf(t, &cfg.Data)
	c := metric.ModeCoverage(got, set.Centres(), set.Sigma(), 20)
	t.Logf("%d modes of 25, %.0f%% good samples", c.Modes, 100*c.Good)
	if c.Modes != 25 || c.Good < .6 {
		t.Errorf("%d modes with %.0f%% good samples, want all 25 with 60%%", c.Modes, 100*c.Good)
	}
}
