package metric

import (
	"context"
	"math"
)

// neighbourhoods are what the metrics of nearest neighbours share: squared distances
// within the real samples, within the generated ones and between them.
type neighbourhoods struct {
	realBall, fakeBall []float64 // to the k-th neighbour of its own kind
	realOwn, fakeOwn   []float64 // to the nearest of its own kind
	realTo, fakeTo     []float64 // to the nearest of the other kind
	inReal             []int32   // of each generated sample: balls of real ones that it lies in
	inFake             []bool    // of each real sample: whether a ball of a generated one holds it
}

// neighbourhoods finds them once.
func (c *Comparison) neighbourhoods(ctx context.Context) (*neighbourhoods, error) {
	if c.near != nil {
		return c.near, nil
	}
	n := &neighbourhoods{}
	var err error
	if n.realOwn, n.realBall, err = c.own(ctx, c.real); err != nil {
		return nil, err
	}
	// Samples that are nearly alike and nothing like the real ones are too close to call
	// from there.
	if n.fakeOwn, n.fakeBall, err = c.own(ctx, around(c.Fake, c.Fake.centre())); err != nil {
		return nil, err
	}
	if err := c.across(ctx, n); err != nil {
		return nil, err
	}
	c.near = n
	return n, nil
}

// own gives for each row the squared distance to the nearest and to the k-th nearest
// other row of its set.
func (c *Comparison) own(ctx context.Context, x *rows) (first, last []float64, err error) {
	k := c.Neighbours
	nearest := infinite(x.n * k)
	offer := func(b *block, i, j, to int) {
		list := nearest[to*k : (to+1)*k]
		square, ok := b.less(i, j, list[k-1])
		if !ok {
			return
		}
		at := k - 1
		for ; at > 0 && list[at-1] > square; at-- {
			list[at] = list[at-1]
		}
		list[at] = square
	}
	everything := all(x.n)
	err = c.blocks(ctx, x, everything, x, everything, true, func(b *block) {
		b.eachRow(func(i, j int) {
			if b.xs[i] != b.ys[j] {
				offer(b, i, j, b.xs[i])
			}
		})
		if !b.same { // the block below the diagonal
			b.eachColumn(func(i, j int) { offer(b, i, j, b.ys[j]) })
		}
	})
	for i := range x.n {
		first, last = append(first, nearest[i*k]), append(last, nearest[(i+1)*k-1])
	}
	return first, last, err
}

// across compares each real sample with each generated one.
func (c *Comparison) across(ctx context.Context, n *neighbourhoods) error {
	n.realTo, n.fakeTo = infinite(c.real.n), infinite(c.fake.n)
	n.inReal, n.inFake = make([]int32, c.fake.n), make([]bool, c.real.n)
	return c.blocks(ctx, c.real, all(c.real.n), c.fake, all(c.fake.n), false, func(b *block) {
		b.eachRow(func(i, j int) {
			at := b.xs[i]
			n.inFake[at] = n.inFake[at] || b.below(i, j, n.fakeBall[b.ys[j]])
			if square, ok := b.less(i, j, n.realTo[at]); ok {
				n.realTo[at] = square
			}
		})
		b.eachColumn(func(i, j int) {
			at := b.ys[j]
			if b.below(i, j, n.realBall[b.xs[i]]) {
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
	return share(len(n.realTo), func(i int) bool { return n.realTo[i] < n.realBall[i] })
}

// twoSample is how often the nearest other sample of both sets is of a sample's own
// kind, a tie being half, among the real samples and among the generated ones (the
// 1-nearest-neighbour test of Lopez-Paz and Oquab 2017, as Xu et al. 2018 measure GANs
// by it).
func (n *neighbourhoods) twoSample() (real, fake float64) {
	kept := func(own, other []float64) float64 {
		return (share(len(own), func(i int) bool { return own[i] < other[i] }) + share(len(own), func(i int) bool { return own[i] <= other[i] })) / 2
	}
	return kept(n.realOwn, n.realTo), kept(n.fakeOwn, n.fakeTo)
}
