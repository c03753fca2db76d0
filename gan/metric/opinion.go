package metric

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// Errors are the shares of samples that two discriminators are wrong about: of real ones
// that they are to take for such, and of those that the other's generator made. One's own
// come first.
type Errors struct{ Test, TestOther, Samples, SamplesOther float64 }

// nearOne is how far from 1 the ratio on real samples may be for that on generated ones to
// count. The paper says "about 1" and gives no number.
const nearOne = .1

// winner is whose generator wins: 1 one's own, -1 the other's, 0 neither can be told to.
// ahead says whether a ratio on samples speaks for one's own.
func winner(test, samples float64, ahead func(samples float64) bool) float64 {
	switch {
	case !(math.Abs(test-1) <= nearOne) || math.IsNaN(samples) || samples == 1:
		return 0
	case ahead(samples):
		return 1
	}
	return -1
}

// computeGAM is the generative adversarial metric of Im et al. 2016 (GRAN), section 4, by
// both of its rules: ratios of error rates, as the paper has it, and of what is left to 1, as
// its code has it, where a rate of 0 has a ratio too. The ratio on generated samples says who
// wins only where that on real samples is near 1: else one discriminator is just the worse.
func computeGAM(_ context.Context, c *Comparison) ([]Result, error) {
	e := c.Errors
	test, samples := e.Test/e.TestOther, e.Samples/e.SamplesOther
	testRight, samplesRight := (1-e.Test)/(1-e.TestOther), (1-e.Samples)/(1-e.SamplesOther)
	found := func(won float64) map[string]float64 {
		return map[string]float64{"winner": won, "errors": e.Samples, "errors_other": e.SamplesOther, "test_errors": e.Test, "test_errors_other": e.TestOther}
	}
	return []Result{
		{Value: samples, Found: found(winner(test, samples, func(r float64) bool { return r < 1 }))}, {Value: test},
		{Value: samplesRight, Found: found(winner(testRight, samplesRight, func(r float64) bool { return r > 1 }))}, {Value: testRight},
	}, nil
}

// Opinions are what a discriminator thinks of points, as logits, half of them real and half
// generated, and the logarithms of both densities there.
type Opinions struct{ Logits, Real, Fake []float64 }

// LogDensity is the logarithm of a mixture's density at a point; all its modes are as likely.
func (m *Mixture) LogDensity(x []float32) float64 {
	parts := make([]float64, len(m.Centres))
	for i, centre := range m.Centres {
		d := distance(x, centre) / m.Sigma
		parts[i] = -d * d / 2
	}
	return floats.LogSumExp(parts) - math.Log(float64(len(parts))) - float64(len(x))*math.Log(m.Sigma*math.Sqrt(2*math.Pi))
}

// computeRatio correlates logits with the logarithm of the ratio of the true densities, which
// they are at the optimum of the logistic loss (Goodfellow et al. 2014, proposition 1).
func computeRatio(_ context.Context, c *Comparison) ([]Result, error) {
	o := c.Opinions
	want := make([]float64, len(o.Logits))
	for i := range want {
		want[i] = o.Real[i] - o.Fake[i]
	}
	r := stat.Correlation(o.Logits, want, nil)
	if math.IsNaN(r) {
		return nil, errors.New("the discriminator's logits, or the densities, are the same everywhere or not finite")
	}
	return []Result{{Value: r}}, nil
}
