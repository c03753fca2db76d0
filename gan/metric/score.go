package metric

import (
	"context"
	"math"
)

// scoreSplits is over how many parts of the samples scores are taken, as published ones
// are.
const scoreSplits = 10

// computeScore is the formula of the inception score (Salimans et al. 2016) over the
// probabilities of any classifier: exp of the mean of KL(p(y|x) || p(y)), where p(y) is
// the mean of p(y|x). It is the mean over ten parts of the samples, and its error their
// standard deviation.
func computeScore(_ context.Context, c *Comparison) ([]Result, error) {
	if err := c.Logits.finite("what the classifier makes of generated sample"); err != nil {
		return nil, err
	}
	n := c.Logits.n
	scores := make([]float64, scoreSplits)
	parallel(scoreSplits, func(low, high int) {
		for s := low; s < high; s++ {
			scores[s] = c.Logits.score(s*n/scoreSplits, (s+1)*n/scoreSplits)
		}
	})
	mean, wrong := meanError(scores)
	return []Result{{Value: mean, Error: wrong * math.Sqrt(scoreSplits), Settings: map[string]float64{"splits": scoreSplits, "classes": float64(c.Logits.d)}}}, nil
}

// score is that of rows of logits: the mean divergence is the mean of Σ p log p less
// Σ q log q for the mean q of p.
func (f *Features) score(low, high int) float64 {
	n := float64(high - low)
	p, q := make([]float64, f.d), make([]float64, f.d)
	var mean float64
	for i := low; i < high; i++ {
		mean += softmax(p, f.row(i)) / n
		for k, v := range p {
			q[k] += v / n
		}
	}
	for _, v := range q {
		if v > 0 {
			mean -= v * math.Log(v)
		}
	}
	return math.Exp(mean)
}

// softmax writes the probabilities p of logits and gives Σ p log p.
func softmax(p []float64, logits []float32) float64 {
	most := math.Inf(-1)
	for _, v := range logits {
		most = max(most, float64(v))
	}
	var sum, product float64
	for k, v := range logits {
		x := float64(v) - most
		p[k] = math.Exp(x)
		sum += p[k]
		product += p[k] * x
	}
	for k := range p {
		p[k] /= sum
	}
	return product/sum - math.Log(sum)
}
