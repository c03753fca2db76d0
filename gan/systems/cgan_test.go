//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/systems/rows"
)

// TestConditional trains eight Gaussians with their classes: of what is asked for by
// class, 95% lie within three deviations of that Gaussian.
func TestConditional(t *testing.T) {
	const each = 320
	for _, dim := range []int{0, 16} {
		t.Run(fmt.Sprint("label_dim", dim), func(t *testing.T) {
			seeded(t, sumOrders, func(c *check, seed int) {
				t, dev := c.T, c.device()
				cfg := configtest.Shipped(t, "cgan", fmt.Sprint("run.seed=", seed), fmt.Sprint("model.label_dim=", dim))
				set := mixtureOf(t, &cfg.Data)
				got := points(t, trained(t, dev, cfg), dev, func(e *explore.Explorer) explore.Latents {
					return e.OfClass(seeds(e, each*e.Classes()), e.Width(), func(i int) int { return i / each })
				})
				good := 0
				for i := range len(got) / 2 {
					at := set.Centres()[i/each]
					if math.Hypot(float64(got[2*i]-at[0]), float64(got[2*i+1]-at[1])) <= 3*set.Sigma() {
						good++
					}
				}
				share := float64(good) / float64(len(got)/2)
				c.hold("within three deviations of what was asked for, %", 100*share, rows.AtLeast(95))
			})
		})
	}
}
