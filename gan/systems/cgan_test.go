//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
)

// TestConditional trains eight Gaussians with their classes: of what is asked for by
// class, 95% lie within three deviations of that Gaussian.
func TestConditional(t *testing.T) {
	const each = 320
	for _, dim := range []int{0, 16} {
		for seed := range 3 {
			t.Run(fmt.Sprintf("label_dim%d/seed%d", dim, seed), func(t *testing.T) {
				dev := newDevice(t)
				cfg := configtest.Shipped(t, "cgan", fmt.Sprint("run.seed=", seed), fmt.Sprint("model.label_dim=", dim))
				set := mixtureOf(t, &cfg.Data)
				got := points(t, trained(t, dev, cfg), dev, func(e *explore.Explorer) explore.Latents {
					return e.OfClass(seeds(e, each*e.Classes()), e.Width(), func(i int) int { return i / each })
				})
				good := 0
				for i := range len(got) / 2 {
					c := set.Centres()[i/each]
					if math.Hypot(float64(got[2*i]-c[0]), float64(got[2*i+1]-c[1])) <= 3*set.Sigma() {
						good++
					}
				}
				share := float64(good) / float64(len(got)/2)
				t.Logf("%.1f%% of samples are within three deviations of what was asked for", 100*share)
				if share < .95 {
					t.Errorf("%.1f%%, want at least 95%%", 100*share)
				}
			})
		}
	}
}
