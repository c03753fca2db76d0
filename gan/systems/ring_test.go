//go:build systems

package systems_test

import (
	"fmt"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/metric"
)

// TestRing trains eight Gaussians on a ring with He's normal initialiser: a
// plain GAN loses modes, penalties on the discriminator's slope keep all of them. A mode
// counts when 20 of 2,560 samples lie within three deviations.
func TestRing(t *testing.T) {
	const samples, least = 2560, 20
	names, count := []string{"ring", "ring-r1", "ring-wgan-gp", "r1", "r2", "dragan", "relativistic"}, 1
	if *full {
		names, count = append(names, "lsgan", "hinge"), 5
	}
	for _, name := range names {
		for seed := range count {
			t.Run(fmt.Sprintf("%s/seed%d", name, seed), func(t *testing.T) {
				c := measure(t, name, seed, samples, least)
				t.Logf("%d modes of 8 (%d hit at all), %.0f%% good samples", c.Modes, c.Any, 100*c.Good)
				switch name {
				case "ring":
					if c.Modes > 4 {
						t.Errorf("the plain GAN kept %d modes, and is known to keep at most 4", c.Modes)
					}
				case "lsgan", "hinge": // only told: another loss is no cure
				default:
					if c.Modes != 8 || c.Good < .6 {
						t.Errorf("%d modes with %.0f%% good samples, want all 8 with at least 60%%", c.Modes, 100*c.Good)
					}
				}
			})
		}
	}
}

// measure trains the built-in configuration and samples it.
func measure(t *testing.T, name string, seed, samples, least int) metric.Coverage {
	t.Helper()
	dev := newDevice(t)
	cfg := configtest.Shipped(t, name, fmt.Sprint("run.seed=", seed))
	got := points(t, trained(t, dev, cfg), dev, func(e *explore.Explorer) explore.Latents { return seeds(e, samples) })
	set := mixtureOf(t, &cfg.Data)
	return metric.ModeCoverage(got, set.Centres(), set.Sigma(), least)
}
