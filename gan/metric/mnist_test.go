//go:build mnist

package metric

import (
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/gan/data"
)

// TestMNIST: the first half of MNIST's test images as centres for the second, at the
// widths whose figures are known. scripts/compare-metrics runs it.
func TestMNIST(t *testing.T) {
	dir := os.Getenv("MNIST")
	if dir == "" {
		t.Fatal("MNIST names no directory with its files; run scripts/compare-metrics")
	}
	set, err := data.Open(t.Context(), data.Spec{Kind: "idx", Path: dir + "/t10k-images-idx3-ubyte.gz"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	const n, d = 5000, 784
	half := func(first int) *Features {
		rows := make([]uint8, n*d)
		for i := range n {
			if err := set.(data.Images).Read(rows[i*d:(i+1)*d], first+i); err != nil {
				t.Fatal(err)
			}
		}
		f, err := NewFeatures(tensor.New(tensor.WithShape(n, d), tensor.WithBacking(rows)))
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	c := comparison(half(n), half(0))
	if err := c.prepare(); err != nil {
		t.Fatal(err)
	}
	sigmas := []float64{.1, widths()[2], .2, widths()[3], widths()[4]}
	got, err := c.logLikelihood(t.Context(), c.real, sigmas)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]float64{{-344.37, 9.43}, {164.56, 3.39}, {177.70, 2.36}, {168.48, 2.03}, {90.49, 1.22}} {
		mean, wrong := meanError(got[i])
		t.Logf("width %.4f: %.3f ± %.3f nats", sigmas[i], mean, wrong)
		if math.Abs(mean-want[0]) > .01 || math.Abs(wrong-want[1]) > .01 {
			t.Errorf("width %.4f: %.3f ± %.3f nats, want %.2f ± %.2f", sigmas[i], mean, wrong, want[0], want[1])
		}
	}
}
