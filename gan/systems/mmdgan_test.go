//go:build systems

package systems_test

import (
	"testing"

	"ganengine/gan/systems/rows"
)

// TestMMDGAN trains the shipped configuration: the kernels of a learned critic find all
// modes of the ring, and samples lie near them.
func TestMMDGAN(t *testing.T) {
	seeded(t, sumOrders, func(c *check, seed int) {
		got := c.measure("mmdgan", seed)
		c.hold("modes of 8", float64(got.Modes), rows.AtLeast(8))
		c.hold("good samples, %", 100*got.Good, rows.AtLeast(55))
	})
}
