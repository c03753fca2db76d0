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

// TestBEGAN trains the shipped configuration: the convergence measure falls, k settles
// between its ends, and samples differ, which the measure alone does not tell.
func TestBEGAN(t *testing.T) {
	seeded(t, processors, func(c *check, seed int) {
		t, dev := c.T, c.device()
		run := trained(t, dev, configtest.Shipped(t, "began", fmt.Sprint("run.seed=", seed)))
		steps := readBEGAN(t, run)
		mean := func(from []beganRow, of func(beganRow) float64) (sum float64) {
			for _, r := range from {
				sum += of(r) / float64(len(from))
			}
			return sum
		}
		m, k := func(r beganRow) float64 { return r.M }, func(r beganRow) float64 { return r.K }
		first, last, settled := mean(steps[:5], m), mean(steps[len(steps)-5:], m), mean(steps[len(steps)-5:], k)
		const n = 256
		apart := spreadOf(points(t, run, dev, func(e *explore.Explorer) explore.Latents { return seeds(e, n) }), n)
		c.hold("convergence measure, of what it was", last/first, rows.AtMost(.7))
		c.hold("k, between its ends", settled, rows.Between(.005, .9))
		c.hold("deviation of a pixel over samples, nearly 0 where they are alike", apart, rows.AtLeast(.15))
	})
}

// spreadOf is the root of the mean variance of a number over n samples.
func spreadOf(x []float32, n int) float64 {
	size := len(x) / n
	total := 0.
	for i := range size {
		sum, squares := 0., 0.
		for j := range n {
			v := float64(x[j*size+i])
			sum, squares = sum+v, squares+v*v
		}
		mean := sum / float64(n)
		total += squares/float64(n) - mean*mean
	}
	return math.Sqrt(total / float64(size))
}
