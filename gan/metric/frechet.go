package metric

import (
	"context"
	"errors"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// moments are the mean and the covariance of rows, divided by n-1.
type moments struct {
	mean []float64
	cov  *mat.SymDense
}

// momentsOf adds up in float64, some rows at a time.
func momentsOf(ctx context.Context, f *Features) (*moments, error) {
	const step, band = 512, 256
	if f.moments != nil {
		return f.moments, nil
	}
	d := f.d
	m := &moments{f.mean(), mat.NewSymDense(d, nil)}
	sum := m.cov.RawSymmetric()
	part := make([]float64, min(step, f.n)*d)
	product := blas64.Implementation()
	for first := 0; first < f.n; first += step {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		n := min(step, f.n-first)
		for i := range n {
			for k, v := range f.row(first + i) {
				part[i*d+k] = float64(v) - m.mean[k]
			}
		}
		for low := 0; low < d; low += band { // the upper triangle, a band of rows at a time
			product.Dgemm(blas.Trans, blas.NoTrans, min(band, d-low), d-low, n, 1/float64(f.n-1), part[low:n*d], d, part[low:n*d], d, 1, sum.Data[low*d+low:], d)
		}
	}
	f.moments = m
	return m, nil
}

// frechet is the squared Fréchet distance of the normal distributions with the moments
// of both sets (Dowson and Landau 1982; Heusel et al. 2017):
//
//	|μ-ν|² + tr S + tr T - 2 tr (ST)^½
func frechet(ctx context.Context, x, y *Features) (float64, error) {
	p, err := momentsOf(ctx, x)
	if err != nil {
		return 0, err
	}
	q, err := momentsOf(ctx, y)
	if err != nil {
		return 0, err
	}
	var sum float64
	for k, v := range p.mean {
		sum += (v - q.mean[k]) * (v - q.mean[k])
	}
	root, err := traceRoot(p.cov, q.cov)
	if err != nil {
		return 0, err
	}
	return max(0, sum+mat.Trace(p.cov)+mat.Trace(q.cov)-2*root), nil // below 0 is rounding
}

// traceRoot is tr (ST)^½ of two covariances. With S = AᵀA and T = BᵀB it is the sum of
// the singular values of ABᵀ: no root is taken of what rounding left of an eigenvalue,
// and both may be singular.
func traceRoot(s, t *mat.SymDense) (float64, error) {
	a, b := factor(s), factor(t)
	if a == nil || b == nil {
		return 0, nil
	}
	var product mat.Dense
	product.Mul(a, b.T())
	var svd mat.SVD
	if !svd.Factorize(&product, mat.SVDNone) {
		return 0, errors.New("fd: the singular values of the covariances do not converge")
	}
	var sum float64
	for _, v := range svd.Values(nil) {
		sum += v
	}
	return sum, nil
}

// factor is A of s = AᵀA, with as many rows as s has rank; nil for none.
func factor(s *mat.SymDense) *mat.Dense {
	var c mat.PivotedCholesky
	c.Factorize(s, -1)
	d := s.SymmetricDim()
	if c.Rank() == 0 {
		return nil
	}
	a := mat.NewDense(c.Rank(), d, nil)
	u, place := c.RawU(), c.ColumnPivots(nil)
	for i := range c.Rank() {
		for j := i; j < d; j++ {
			a.Set(i, place[j], u.At(i, j))
		}
	}
	return a
}
