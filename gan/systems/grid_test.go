//go:build systems

package systems_test

import (
	"fmt"
	"testing"

	"ganengine/gan/systems/rows"
)

// TestGrid trains 25 narrow Gaussians on a grid by WGAN-GP, which finds nearly all. A mode
// counts when 20 of 2,560 samples, a fifth of its share, lie within three deviations.
func TestGrid(t *testing.T) {
	seeded(t, sumOrders, func(c *check, seed int) { c.grid(seed, 22, 45, "grid") })
}

// TestGridLong is three times as long a training, which finds all.
func TestGridLong(t *testing.T) {
	fully(t)
	seeded(t, sumOrders, func(c *check, seed int) {
		c.grid(seed, 25, 60, "grid", "train.steps=15000", "optim.g.lr={at=[0,15000],to=[1e-3,5e-5]}")
	})
}

// TestGridPaper is the networks, batches and rates of the authors' toy problem, for so many
// of its 100,000 steps as find all modes.
func TestGridPaper(t *testing.T) {
	fully(t)
	as(t, "avx2/seed0", "avx2", func(c *check) {
		c.grid(0, 25, 0, "grid-paper", fmt.Sprint("train.steps=", 5000), "sample.every=0", "checkpoint.every=0")
	})
}

func (c *check) grid(seed, modes int, good float64, name string, set ...string) {
	c.Helper()
	got := c.measure(name, seed, set...)
	c.hold("modes of 25", float64(got.Modes), rows.AtLeast(float64(modes)))
	c.hold("hit at all", float64(got.Any), rows.Bound{})
	c.hold("good samples, %", 100*got.Good, rows.AtLeast(good))
}
