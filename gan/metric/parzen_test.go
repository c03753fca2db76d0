package metric

import (
	"math"
	"testing"
)

// TestLogLikelihood: the calibration figures of Goodfellow's protocol, one centre that
// is the image, without and with 9,999 far ones.
func TestLogLikelihood(t *testing.T) {
	const d = 784
	image := normal(t, 1, 1, d, .5, .2)
	many := make([]float32, 10000*d)
	copy(many, image.rows)
	for i := d; i < len(many); i++ {
		many[i] = 5
	}
	for _, test := range []struct {
		centres *Features
		want    float64
	}{{image, 541.35}, {features(t, d, many...), 532.14}} {
		c := comparison(image, test.centres)
		if err := c.prepare(); err != nil {
			t.Fatal(err)
		}
		got, err := c.logLikelihood(t.Context(), c.real, []float64{.2, .1})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got[0][0]-test.want) > .005 {
			t.Errorf("%d centres: %.4f nats, want %.2f", test.centres.n, got[0][0], test.want)
		}
	}
}

// TestParzen holds blocks and widths to the definition.
func TestParzen(t *testing.T) {
	c := comparison(normal(t, 1, 40, 2, 0, .5), normal(t, 2, BlockRows+60, 2, 0, .5))
	c.Validation = normal(t, 3, 60, 2, 0, .5)
	likelihood := func(x []float32, sigma float64) float64 {
		sum := 0.
		for j := range c.Fake.n {
			square := (&Features{n: 1, d: 2, rows: x}).square(0, c.Fake, j)
			sum += math.Exp(-square/(2*sigma*sigma)) / (2 * math.Pi * sigma * sigma)
		}
		return math.Log(sum / float64(c.Fake.n))
	}
	best, width := math.Inf(-1), 0.
	for _, sigma := range widths() {
		sum := 0.
		for i := range c.Validation.n {
			sum += likelihood(c.Validation.row(i), sigma)
		}
		if sum > best {
			best, width = sum, sigma
		}
	}
	var list []float64
	for i := range c.Real.n {
		list = append(list, likelihood(c.Real.row(i), width))
	}
	mean, wrong := meanError(list)
	got := value(t, c, "parzen")
	if math.Abs(got.Value-mean) > 1e-5 || math.Abs(got.Error-wrong) > 1e-5 || got.Settings["sigma"] != width {
		t.Errorf("parzen = %.6f ± %.6f with %v, want %.6f ± %.6f with width %g", got.Value, got.Error, got.Settings, mean, wrong, width)
	}
}

// TestParzenMisleads is why the figure alone says little (Theis et al. 2016): the
// centres of the clusters, one sharp picture each and no other, beat real samples.
func TestParzenMisleads(t *testing.T) {
	const n, d, clusters = 300, 50, 10
	around := normal(t, 7, clusters, d, 0, 1)
	draw := func(seed uint64, deviation float64) *Features {
		f := normal(t, seed, n, d, 0, deviation)
		for i := range n {
			for k, v := range around.row(i % clusters) {
				f.row(i)[k] += v
			}
		}
		return f
	}
	measured := func(fake *Features) *Comparison {
		c := comparison(draw(1, .3), fake)
		c.Validation = draw(2, .3)
		return c
	}
	honest, centres := measured(draw(3, .3)), measured(draw(4, 1e-3))
	if good, bad := value(t, honest, "parzen").Value, value(t, centres, "parzen").Value; bad < good+5 {
		t.Errorf("centres reach %.1f nats and real samples %.1f: the example shows nothing", bad, good)
	}
	wantValue(t, centres, "recall", 0, 0)
	wantValue(t, honest, "nn2s", .5, .06)
	real, fake := centres.near.twoSample() // each is nearest to a centre: together a coin's half
	if real > .05 || fake < .95 {
		t.Errorf("nearest of their own kind are %.2f of real samples and %.2f of centres, want none and all", real, fake)
	}
	if good, bad := value(t, honest, "fd").Value, value(t, centres, "fd").Value; bad < 2*good {
		t.Errorf("fd is %g of centres and %g of real samples", bad, good)
	}
}
