//go:build systems

package systems_test

import "testing"

// TestMMDGAN trains the shipped configuration: the kernels of a learned critic find all
// modes of the ring, and samples lie near them.
func TestMMDGAN(t *testing.T) {
	c := measure(t, "mmdgan", 0, 2560, 20)
	t.Logf("%d modes of 8, %.1f%% good samples", c.Modes, 100*c.Good)
	if c.Modes != 8 || c.Good < .55 {
		t.Errorf("%d modes with %.1f%% good samples, want all 8 with at least 55%%", c.Modes, 100*c.Good)
	}
}
