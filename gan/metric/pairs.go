package metric

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gorgonia.org/tensor"
)

// Pairs are samples with what was made of each: images, or points.
type Pairs struct {
	n             int
	shape         []int // of one sample: h, w, c of images, dim of points
	given, made   []uint8
	points, moved *Features // in place of given and made
}

// NewPairs makes pairs of two host arrays of one shape, uint8 [n, h, w, c] or float32
// [n, dim], which it keeps.
func NewPairs(given, made *tensor.Dense) (*Pairs, error) {
	if !slices.Equal(given.Shape(), made.Shape()) || given.Dtype() != made.Dtype() {
		return nil, fmt.Errorf("of samples %v others are made, %v: they are no pairs", given.Shape(), made.Shape())
	}
	x, err := NewFeatures(given)
	if err != nil {
		return nil, err
	}
	y, err := NewFeatures(made)
	if err != nil {
		return nil, err
	}
	p := &Pairs{n: x.n, shape: given.Shape()[1:]}
	if bytes, ok := given.Data().([]uint8); ok {
		p.given, p.made = bytes, made.Data().([]uint8)
		return p, nil
	}
	p.points, p.moved = x, y
	if err := x.finite("sample"); err != nil {
		return nil, err
	}
	return p, y.finite("sample that is made")
}

// Len is the number of pairs.
func (p *Pairs) Len() int { return p.n }

// images are those of pair i.
func (p *Pairs) images(i int) (given, made []uint8) {
	size := len(p.given) / p.n
	return p.given[i*size : (i+1)*size], p.made[i*size : (i+1)*size]
}

// ofPairs computes the mean of a value over all pairs.
func ofPairs(value func(p *Pairs, i int) float64) func(context.Context, *Comparison) ([]Result, error) {
	return func(ctx context.Context, c *Comparison) ([]Result, error) {
		values := make([]float64, c.Pairs.n)
		parallel(len(values), func(low, high int) {
			for i := low; i < high && ctx.Err() == nil; i++ {
				values[i] = value(c.Pairs, i)
			}
		})
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		sum := 0.
		for _, v := range values {
			sum += v
		}
		return []Result{{Value: sum / float64(len(values))}}, nil
	}
}

// absolute is the mean absolute difference of the numbers of a pair, pixels as shares of
// 255.
func absolute(p *Pairs, i int) float64 {
	if p.points != nil {
		sum := 0.
		b := p.moved.row(i)
		for k, v := range p.points.row(i) {
			sum += math.Abs(float64(v) - float64(b[k]))
		}
		return sum / float64(p.points.d)
	}
	a, b := p.images(i)
	sum := 0
	for k, v := range a {
		sum += max(int(v), int(b[k])) - min(int(v), int(b[k]))
	}
	return float64(sum) / float64(255*len(a))
}

// peakRatio is the peak signal-to-noise ratio of a pair in dB: 10 log10(255²/MSE), which
// is infinite where both are the same.
func peakRatio(p *Pairs, i int) float64 {
	a, b := p.images(i)
	sum := 0
	for k, v := range a {
		d := int(v) - int(b[k])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/float64(sum))
}
