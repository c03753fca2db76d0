package metric

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// Source hands over features in parts, each with the number of its first row: there may
// be more rows than memory holds. The parts are the same each time.
type Source func(ctx context.Context, visit func(first int, part *Features) error) error

// Neighbour is a row of a source, and how far it is away.
type Neighbour struct {
	Index    int
	Distance float64 // Euclidean
}

// Nearest finds the k nearest rows of a source to each row of f, nearest first, and of
// equally near ones those with smaller numbers. There are fewer where the source has.
func Nearest(ctx context.Context, products Products, f *Features, from Source, k int) ([][]Neighbour, error) {
	if err := f.finite("sample"); err != nil {
		return nil, err
	}
	lists, _, err := (&Comparison{Products: products}).nearestIn(ctx, from, k, f)
	if err != nil {
		return nil, err
	}
	out := make([][]Neighbour, f.n)
	for i := range out {
		for at := i * k; at < (i+1)*k && lists[0].index[at] >= 0; at++ {
			out[i] = append(out[i], Neighbour{lists[0].index[at], math.Sqrt(lists[0].square[at])})
		}
	}
	return out, nil
}

// nearestIn finds the k nearest rows of a source to those of each set, and how many rows
// the source has. It is read once. Distances are taken around the centre of each set.
func (c *Comparison) nearestIn(ctx context.Context, from Source, k int, sets ...*Features) (lists []*nearest, rows int, err error) {
	for _, f := range sets {
		lists = append(lists, newNearest(f.n, k))
	}
	err = from(ctx, func(first int, part *Features) error {
		rows += part.n
		if err := part.finite("training sample"); err != nil {
			return err
		}
		for s, f := range sets {
			if part.d != f.d {
				return fmt.Errorf("training samples have %d numbers and those that are compared %d: name data of the same size", part.d, f.d)
			}
			x := f.centred()
			y := around(part, x.centre)
			if err := c.blocks(ctx, x, all(x.n), y, all(y.n), false, func(b *block) {
				b.eachRow(func(i, j int) { lists[s].offer(b, i, j, b.xs[i], first+b.ys[j]) })
			}); err != nil {
				return err
			}
		}
		return nil
	})
	return lists, rows, err
}

// nearest are the k nearest of what was offered to each of n rows, in order.
type nearest struct {
	k      int
	square []float64 // squared distances, infinite where nothing was offered
	index  []int     // which rows, -1 likewise
}

func newNearest(n, k int) *nearest {
	l := &nearest{k: k, square: infinite(n * k), index: make([]int, n*k)}
	for i := range l.index {
		l.index[i] = -1
	}
	return l
}

// offer gives row `to` the pair i, j of a block, in which the other row is number which.
func (l *nearest) offer(b *block, i, j, to, which int) {
	squares, indices := l.square[to*l.k:(to+1)*l.k], l.index[to*l.k:(to+1)*l.k]
	square, ok := b.less(i, j, squares[l.k-1])
	if !ok {
		return
	}
	at := l.k - 1
	for ; at > 0 && squares[at-1] > square; at-- {
		squares[at], indices[at] = squares[at-1], indices[at-1]
	}
	squares[at], indices[at] = square, which
}

// mean is the mean distance to the nearest.
func (l *nearest) mean() float64 {
	sum := 0.
	for i := 0; i < len(l.square); i += l.k {
		sum += math.Sqrt(l.square[i])
	}
	return sum / float64(len(l.square)/l.k)
}

// computeMemory is the mean distance of generated samples to the nearest training sample
// over that of real samples that were held out: the three samples of Meehan et al. 2020,
// compared by means in place of ranks.
func computeMemory(ctx context.Context, c *Comparison) ([]Result, error) {
	lists, rows, err := c.nearestIn(ctx, c.Train, 1, c.Fake, c.Real)
	if err != nil {
		return nil, err
	}
	held := lists[1].mean()
	if held == 0 {
		return nil, errors.New("each of the real samples is a training sample too: name some that were held out")
	}
	return []Result{{Value: lists[0].mean() / held, Settings: map[string]float64{"train": float64(rows)}}}, nil
}
