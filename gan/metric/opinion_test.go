package metric

import (
	"math"
	"testing"
)

// The ratios and the winner are those of the paper and of its code.
func TestGAM(t *testing.T) {
	nan := math.NaN()
	for _, test := range []struct {
		e                                      Errors
		samples, test, samplesRight, testRight float64
		winner, winnerRight                    float64
	}{
		{Errors{.2, .2, .1, .3}, 1. / 3, 1, .9 / .7, 1, 1, 1},
		{Errors{.2, .2, .3, .1}, 3, 1, .7 / .9, 1, -1, -1},
		{Errors{.1, .2, .1, .3}, 1. / 3, .5, .9 / .7, .9 / .8, 0, 0},     // the discriminators are not alike
		{Errors{.01, .02, .1, .3}, 1. / 3, .5, .9 / .7, .99 / .98, 0, 1}, // alike by one rule only
		{Errors{0, 0, .1, .3}, 1. / 3, nan, .9 / .7, 1, 0, 1},            // no error has no ratio
		{Errors{.2, .2, .3, .3}, 1, 1, 1, 1, 0, 0},
	} {
		m, err := Find("gam")
		if err != nil {
			t.Fatal(err)
		}
		got, err := (&Comparison{Errors: &test.e}).Compute(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []float64{test.samples, test.test, test.samplesRight, test.testRight} {
			if math.Abs(got[i].Value-want) > 1e-12 || math.IsNaN(got[i].Value) != math.IsNaN(want) {
				t.Errorf("%+v: %s is %g, want %g", test.e, m.Values[i].Name, got[i].Value, want)
			}
		}
		if a, b := got[0].Found["winner"], got[2].Found["winner"]; a != test.winner || b != test.winnerRight {
			t.Errorf("%+v: winners %g and %g, want %g and %g", test.e, a, b, test.winner, test.winnerRight)
		}
	}
}

func TestLogDensity(t *testing.T) {
	one := &Mixture{Centres: [][]float32{{1, -2}}, Sigma: .5}
	if got, want := one.LogDensity([]float32{1.5, -1}), -math.Log(2*math.Pi*.25)-(.25+1)/.5; math.Abs(got-want) > 1e-12 {
		t.Errorf("one Gaussian: %g, want %g", got, want)
	}
	two := &Mixture{Centres: [][]float32{{-1}, {2}}, Sigma: 1}
	normal := func(d float64) float64 { return math.Exp(-d*d/2) / math.Sqrt(2*math.Pi) }
	if got, want := two.LogDensity([]float32{1}), math.Log((normal(2)+normal(1))/2); math.Abs(got-want) > 1e-12 {
		t.Errorf("two Gaussians: %g, want %g", got, want)
	}
	if got := two.LogDensity([]float32{1000}); math.Abs(got+998*998/2.) > 2 {
		t.Errorf("far away: %g", got)
	}
}

func TestRatio(t *testing.T) {
	real, fake := []float64{-1, -2, 3, 0}, []float64{1, -2, 0, 5} // ratios of -2, 0, 3 and -5
	for _, test := range []struct {
		logits []float64
		want   float64
	}{{[]float64{-4, 0, 6, -10}, 1}, {[]float64{3, 1, -2, 6}, -1}, {[]float64{1, 0, 0, 0}, -1 / math.Sqrt(.75*34)}} {
		got := value(t, &Comparison{Mixture: &Mixture{}, Opinions: &Opinions{test.logits, real, fake}}, "ratio").Value
		if math.Abs(got-test.want) > 1e-12 {
			t.Errorf("logits %v: %g, want %g", test.logits, got, test.want)
		}
	}
	m, err := Find("ratio")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&Comparison{Opinions: &Opinions{[]float64{1, 1, 1, 1}, real, fake}}).Compute(t.Context(), m); err == nil {
		t.Error("logits that are the same everywhere have a correlation")
	}
}
