//go:build systems

package systems_test

import (
	"math"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
)

// TestBEGAN trains the shipped configuration: the convergence measure falls, k settles
// between its ends, and samples differ, which the measure alone does not tell.
func TestBEGAN(t *testing.T) {
	dev := newDevice(t)
	run := trained(t, dev, configtest.Shipped(t, "began"))
	rows := readBEGAN(t, run)
	mean := func(rows []beganRow, of func(beganRow) float64) (sum float64) {
		for _, r := range rows {
			sum += of(r) / float64(len(rows))
		}
		return sum
	}
	m, k := func(r beganRow) float64 { return r.M }, func(r beganRow) float64 { return r.K }
	first, last, settled := mean(rows[:5], m), mean(rows[len(rows)-5:], m), mean(rows[len(rows)-5:], k)
	const n = 256
	apart := spreadOf(points(t, run, dev, func(e *explore.Explorer) explore.Latents { return seeds(e, n) }), n)
	t.Logf("M from %.3f to %.3f, k %.3f, deviation of a pixel over samples %.3f", first, last, settled, apart)
	if last > .7*first {
		t.Errorf("the convergence measure went from %.3f to %.3f, want at most 0.7 of it", first, last)
	}
	if settled < .005 || settled > .9 {
		t.Errorf("k is %.3f, and is known to settle between its ends", settled)
	}
	if apart < .15 {
		t.Errorf("a pixel deviates by %.3f over samples, want at least 0.15: they are alike", apart)
	}
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
