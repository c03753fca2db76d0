package metric

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// Features are what samples are measured by: n rows of d numbers, a row a sample. They
// remember what metrics computed of them alone, and are used by one goroutine.
type Features struct {
	n, d int
	rows []float32

	self    *rows // around their own centre
	moments *moments
	balls   *balls
}

// NewFeatures makes features of a host array [n, ...], which has no gaps and lies in
// row-major order: float32 as they are, kept and not copied, and uint8 as shares of
// 255.
func NewFeatures(x *tensor.Dense) (*Features, error) {
	shape := x.Shape()
	if len(shape) < 2 || shape.TotalSize() == 0 {
		return nil, fmt.Errorf("features: an array %v holds no rows of numbers", shape)
	}
	if x.RequiresIterator() || x.DataOrder().IsColMajor() {
		return nil, fmt.Errorf("features: the array %v is a view or not row-major; copy it first", shape)
	}
	f := &Features{n: shape[0], d: shape.TotalSize() / shape[0]}
	switch data := x.Data().(type) {
	case []float32:
		f.rows = data
	case []uint8:
		f.rows = make([]float32, len(data))
		for i, v := range data {
			f.rows[i] = float32(v) / 255
		}
	default:
		return nil, fmt.Errorf("features: %v are neither float32 nor uint8", x.Dtype())
	}
	return f, nil
}

// Len is the number of samples.
func (f *Features) Len() int { return f.n }

// Dim is how many numbers each has.
func (f *Features) Dim() int { return f.d }

// Rows are all numbers, row after row: the features' own.
func (f *Features) Rows() []float32 { return f.rows }

func (f *Features) row(i int) []float32 { return f.rows[i*f.d : (i+1)*f.d] }

// finite says which sample holds a number that is not finite.
func (f *Features) finite(what string) error {
	for i, v := range f.rows {
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%s %d of %d is not finite: the networks diverged, or the data are damaged", what, i/f.d+1, f.n)
		}
	}
	return nil
}

// mean is the mean row.
func (f *Features) mean() []float64 {
	mean := make([]float64, f.d)
	for i := range f.n {
		for k, v := range f.row(i) {
			mean[k] += float64(v)
		}
	}
	for k := range mean {
		mean[k] /= float64(f.n)
	}
	return mean
}

// centred are the features around their mean row, rounded.
func (f *Features) centred() *rows {
	if f.self == nil {
		centre := make([]float32, f.d)
		for k, v := range f.mean() {
			centre[k] = float32(v)
		}
		f.self = around(f, centre)
	}
	return f.self
}

// rows are features around a centre. Distances do not depend on it, but what float32
// arithmetic loses of them does: rows far from zero and near each other would lose all.
type rows struct {
	*Features
	centre []float32
	norm   []float64 // of the rows less the centre
	along  []float64 // their products with the centre
}

func around(f *Features, centre []float32) *rows {
	r := &rows{f, centre, make([]float64, f.n), make([]float64, f.n)}
	parallel(f.n, func(low, high int) {
		for i := low; i < high; i++ {
			var square, along float64
			for k, v := range f.row(i) {
				x := float64(v - centre[k])
				square += x * x
				along += x * float64(centre[k])
			}
			r.norm[i], r.along[i] = math.Sqrt(square), along
		}
	})
	return r
}

// part writes the rows that are asked for less the centre.
func (r *rows) part(dst []float32, indices []int) []float32 {
	dst = dst[:len(indices)*r.d]
	parallel(len(indices), func(low, high int) {
		for i := low; i < high; i++ {
			out := dst[i*r.d : (i+1)*r.d]
			for k, v := range r.row(indices[i]) {
				out[k] = v - r.centre[k]
			}
		}
	})
	return dst
}

// square is the squared distance of row i to row j of other, in float64.
func (f *Features) square(i int, other *Features, j int) float64 {
	var sum float64
	b := other.row(j)
	for k, v := range f.row(i) {
		d := float64(v) - float64(b[k])
		sum += d * d
	}
	return sum
}
