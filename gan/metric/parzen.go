package metric

import (
	"context"
	"math"
)

// widths are the standard deviations that a Parzen window may have, ten from .1 to 1 at
// equal ratios, as the code of Goodfellow et al. 2014 has them.
func widths() []float64 {
	list := make([]float64, 10)
	for i := range list {
		list[i] = math.Pow(10, float64(i)/9-1)
	}
	return list
}

// parzen is the mean log-likelihood of the real samples, in nats, and its standard
// error, where a Gaussian stands at each generated sample (Goodfellow et al. 2014). Its
// width is the one that suits the validation samples best.
func (c *Comparison) parzen(ctx context.Context) (mean, deviation, width float64, err error) {
	grid := widths()
	seen, err := c.logLikelihood(ctx, around(c.Validation, c.fake.centre), grid)
	if err != nil {
		return 0, 0, 0, err
	}
	best := math.Inf(-1)
	for s, list := range seen {
		if m, _ := meanError(list); m > best {
			best, width = m, grid[s]
		}
	}
	tested, err := c.logLikelihood(ctx, c.real, []float64{width})
	if err != nil {
		return 0, 0, 0, err
	}
	mean, deviation = meanError(tested[0])
	return mean, deviation, width, nil
}

// meanError is the mean of a list and the standard error of it.
func meanError(list []float64) (mean, wrong float64) {
	n := float64(len(list))
	for _, v := range list {
		mean += v / n
	}
	for _, v := range list {
		wrong += (v - mean) * (v - mean) / n
	}
	return mean, math.Sqrt(wrong / n)
}

// window gathers log Σ exp(-s/2σ²) over squared distances s for some widths σ, with the
// least of them taken out of the sum so that nothing underflows.
type window struct {
	least float64
	sums  []float64
}

func (w *window) add(square float64, precision []float64) {
	const nothing = 40 // exp(-40) is less than a sum of doubles holds beside 1
	if square < w.least {
		for s, p := range precision {
			w.sums[s] *= math.Exp(-(w.least - square) * p)
		}
		w.least = square
	}
	for s, p := range precision {
		if e := (square - w.least) * p; e < nothing {
			w.sums[s] += math.Exp(-e)
		}
	}
}

// logLikelihood is log (1/n) Σ N(x; sample, σ²) of each row under the generated samples,
// [width][row].
func (c *Comparison) logLikelihood(ctx context.Context, x *rows, sigmas []float64) ([][]float64, error) {
	precision := make([]float64, len(sigmas))
	for s, sigma := range sigmas {
		precision[s] = 1 / (2 * sigma * sigma)
	}
	windows := make([]window, x.n)
	for i := range windows {
		windows[i] = window{math.Inf(1), make([]float64, len(sigmas))}
	}
	err := c.blocks(ctx, x, all(x.n), c.fake, all(c.fake.n), false, func(b *block) {
		b.eachRow(func(i, j int) {
			square, _ := b.near(i, j)
			windows[b.xs[i]].add(max(0, square), precision)
		})
	})
	out := make([][]float64, len(sigmas))
	for s, sigma := range sigmas {
		constant := math.Log(float64(c.fake.n)) + float64(x.d)*math.Log(sigma*math.Sqrt(2*math.Pi))
		out[s] = make([]float64, x.n)
		for i, w := range windows {
			out[s][i] = math.Log(w.sums[s]) - w.least*precision[s] - constant
		}
	}
	return out, err
}
