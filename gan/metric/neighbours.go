package metric

import (
	"context"
	"math"
)

// neighbourhoods are what the metrics of nearest neighbours share: squared distances
// within the real samples, within the generated ones and between them.
type neighbourhoods struct {
	real, fake     *balls
	realTo, fakeTo []float64 // to the nearest of the other kind
	inReal         []int32   // of each generated sample: balls of real ones that it lies in
	inFake         []bool    // of each real sample: whether a ball of a generated one holds it
}

// balls are squared distances of samples to others of their set.
type balls struct {
	k          int
	first, kth []float64 // to the nearest and to the k-th nearest
}

// neighbourhoods finds them once.
func (c *Comparison) neighbourhoods(ctx context.Context) (*neighbourhoods, error) {
	if c.near != nil {
		return c.near, nil
	}
	n := &neighbourhoods{}
	var err error
	if n.real, err = c.own(ctx, c.Real); err != nil {
		return nil, err
	}
	if n.fake, err = c.own(ctx, c.Fake); err != nil {
		return nil, err
	}
	if err := c.across(ctx, n); err != nil {
		return nil, err
	}
	c.near = n
	return n, nil
}

// own finds the balls of a set, around its own centre: samples that are nearly alike and
// nothing like the others are too close to call from elsewhere.
func (c *Comparison) own(ctx context.Context, f *Features) (*balls, error) {
	k := c.Neighbours
	if f.balls != nil && f.balls.k == k {
		return f.balls, nil
	}
	x := f.centred()
	list := newNearest(x.n, k)
	everything := all(x.n)
	err := c.blocks(ctx, x, everything, x, everything, true, func(b *block) {
		b.eachRow(func(i, j int) {
			if b.xs[i] != b.ys[j] {
				list.offer(b, i, j, b.xs[i], b.ys[j])
			}
		})
		if !b.same { // the block below the diagonal
			b.eachColumn(func(i, j int) { list.offer(b, i, j, b.ys[j], b.xs[i]) })
		}
	})
	if err != nil {
		return nil, err
	}
	f.balls = &balls{k: k}
	for i := range x.n {
		f.balls.first, f.balls.kth = append(f.balls.first, list.square[i*k]), append(f.balls.kth, list.square[(i+1)*k-1])
	}
	return f.balls, nil
}

// across compares each real sample with each generated one.
func (c *Comparison) across(ctx context.Context, n *neighbourhoods) error {
	n.realTo, n.fakeTo = infinite(c.real.n), infinite(c.fake.n)
	n.inReal, n.inFake = make([]int32, c.fake.n), make([]bool, c.real.n)
	return c.blocks(ctx, c.real, all(c.real.n), c.fake, all(c.fake.n), false, func(b *block) {
		b.eachRow(func(i, j int) {
			at := b.xs[i]
			n.inFake[at] = n.inFake[at] || b.below(i, j, n.fake.kth[b.ys[j]])
			if square, ok := b.less(i, j, n.realTo[at]); ok {
				n.realTo[at] = square
			}
		})
		b.eachColumn(func(i, j int) {
			at := b.ys[j]
			if b.below(i, j, n.real.kth[b.xs[i]]) {
				n.inReal[at]++
			}
			if square, ok := b.less(i, j, n.fakeTo[at]); ok {
				n.fakeTo[at] = square
			}
		})
	})
}

func infinite(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = math.Inf(1)
	}
	return list
}

// share is how many of n things are so.
func share(n int, is func(i int) bool) float64 {
	count := 0
	for i := range n {
		if is(i) {
			count++
		}
	}
	return float64(count) / float64(n)
}

// precision is the share of generated samples within a ball of a real one (Kynkäänniemi
// et al. 2019, with the strict inequality of Naeem et al. 2020).
func (n *neighbourhoods) precision() float64 {
	return share(len(n.inReal), func(j int) bool { return n.inReal[j] > 0 })
}

// recall is the share of real samples within a ball of a generated one.
func (n *neighbourhoods) recall() float64 {
	return share(len(n.inFake), func(i int) bool { return n.inFake[i] })
}

// density is how many balls of real samples a generated one lies in, over k (Naeem et
// al. 2020).
func (n *neighbourhoods) density(k int) float64 {
	sum := 0
	for _, hits := range n.inReal {
		sum += int(hits)
	}
	return float64(sum) / float64(k*len(n.inReal))
}

// coverage is the share of real samples whose ball holds a generated one (Naeem et al.
// 2020).
func (n *neighbourhoods) coverage() float64 {
	return share(len(n.realTo), func(i int) bool { return n.realTo[i] < n.real.kth[i] })
}

// twoSample is how often the nearest other sample of both sets is of a sample's own
// kind, a tie being half, among the real samples and among the generated ones (the
// 1-nearest-neighbour test of Lopez-Paz and Oquab 2017, as Xu et al. 2018 measure GANs
// by it).
func (n *neighbourhoods) twoSample() (real, fake float64) {
	kept := func(own, other []float64) float64 {
		return (share(len(own), func(i int) bool { return own[i] < other[i] }) + share(len(own), func(i int) bool { return own[i] <= other[i] })) / 2
	}
	return kept(n.real.first, n.realTo), kept(n.fake.first, n.fakeTo)
}
