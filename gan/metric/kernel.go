package metric

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// kernelDistance is the squared maximum mean discrepancy with the kernel (x·y/d + 1)³,
// without bias (Bińkowski et al. 2018): the mean and the standard deviation over
// subsets of both sets, drawn without replacement. One subset of all is the estimate
// over everything, and has no deviation.
func (c *Comparison) kernelDistance(ctx context.Context) (mean, deviation float64, err error) {
	values := make([]float64, c.Subsets)
	for s := range values {
		draw := rand.New(rand.NewPCG(c.Seed, uint64(s)))
		xs, ys := draw.Perm(c.real.n)[:c.SubsetSize], draw.Perm(c.fake.n)[:c.SubsetSize]
		slices.Sort(xs) // so that one subset of all does not depend on the seed
		slices.Sort(ys)
		if values[s], err = c.discrepancy(ctx, xs, ys); err != nil {
			return 0, 0, err
		}
		mean += values[s] / float64(len(values))
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean) / float64(len(values))
	}
	return mean, math.Sqrt(deviation), nil
}

func (c *Comparison) discrepancy(ctx context.Context, xs, ys []int) (float64, error) {
	xx, err := c.kernelSum(ctx, c.real, xs, c.real, xs, true)
	if err != nil {
		return 0, err
	}
	yy, err := c.kernelSum(ctx, c.fake, ys, c.fake, ys, true)
	if err != nil {
		return 0, err
	}
	xy, err := c.kernelSum(ctx, c.real, xs, c.fake, ys, false)
	n, m := float64(len(xs)), float64(len(ys))
	return xx/(n*(n-1)) + yy/(m*(m-1)) - 2*xy/(n*m), err
}

// kernelSum adds up the kernel over all pairs; of a set with itself, over those of
// different samples. Kernels are not blind to the centre c, so their products are put
// right: x·y = (x-c)·(y-c) + c·(x-c) + c·(y-c) + c·c.
func (c *Comparison) kernelSum(ctx context.Context, x *rows, xs []int, y *rows, ys []int, same bool) (float64, error) {
	var centre, total float64
	for _, v := range x.centre {
		centre += float64(v) * float64(v)
	}
	sums := make([]float64, BlockRows)
	err := c.blocks(ctx, x, xs, y, ys, same, func(b *block) {
		clear(sums)
		b.eachRow(func(i, j int) {
			if b.same && i == j {
				return
			}
			dot := float64(b.dots[i*len(b.ys)+j]) + x.along[b.xs[i]] + y.along[b.ys[j]] + centre
			k := dot/float64(x.d) + 1
			sums[i] += k * k * k
		})
		twice := 1.
		if same && !b.same {
			twice = 2 // for the block below the diagonal
		}
		for _, s := range sums {
			total += twice * s
		}
	})
	return total, err
}
