// Package toom derives the matrices of Winograd's short convolutions, known as
// Toom and Cook's, from the points that they evaluate polynomials at.
//
// F(m, r) gives m results of a correlation with r taps from n = m+r-1 products,
//
//	y = Out [(Filter g) ∘ (In d)],
//
// where d is n neighbouring values and ∘ is the product of elements. See
// Winograd, "Arithmetic Complexity of Computations" (1980), and Lavin and Gray,
// "Fast Algorithms for Convolutional Neural Networks" (2015).
package toom

import "math/big"

// A Matrix has rows of equal length.
type Matrix [][]float64

// Short is F(M, R) with N products.
type Short struct {
	M, R, N int
	Out     Matrix // M×N
	Filter  Matrix // N×R
	In      Matrix // N×N
}

// points are evaluated besides infinity, by their number: those that lose the
// fewest digits among small numbers and their reciprocals, as tried with random
// data. See Barabasz et al., "Error Analysis and Improving the Accuracy of
// Winograd Convolution for Deep Neural Networks" (2020).
var points = map[int][]*big.Rat{
	2: {big.NewRat(0, 1), big.NewRat(1, 1)},
	3: {big.NewRat(0, 1), big.NewRat(1, 1), big.NewRat(-1, 1)},
	4: {big.NewRat(0, 1), big.NewRat(-1, 1), big.NewRat(1, 2), big.NewRat(2, 1)},
	5: {big.NewRat(0, 1), big.NewRat(1, 1), big.NewRat(-1, 1), big.NewRat(1, 2), big.NewRat(-2, 1)},
}

// New derives F(m, r), for m+r-1 from 3 to 6.
func New(m, r int) Short { return derive(m, r, points[m+r-2]) }

// derive writes the algorithm of the points p and infinity: results are the
// coefficients of a product of polynomials, read through its transpose. Row a of
// In holds the coefficients of the product of (x-b) over the other points b, and
// row a of Filter the powers of a, divided by that product's value at a, whose
// sign goes to In.
func derive(m, r int, p []*big.Rat) Short {
	s := Short{M: m, R: r, N: m + r - 1}
	s.Out, s.Filter, s.In = zeros(m, s.N), zeros(s.N, r), zeros(s.N, s.N)
	for k := range s.N {
		if k == len(p) { // infinity: the highest powers
			s.Out[m-1][k], s.Filter[k][r-1] = 1, 1
			s.In[k] = coefficients(p, k)
			continue
		}
		scale := big.NewRat(1, 1)
		for j, b := range p {
			if j != k {
				scale.Mul(scale, new(big.Rat).Sub(p[k], b))
			}
		}
		negative := scale.Sign() < 0
		scale.Inv(scale.Abs(scale))
		s.In[k] = coefficients(p, k)
		if negative {
			for i := range s.In[k] {
				s.In[k][i] = 0 - s.In[k][i] // no negative zeros
			}
		}
		power := big.NewRat(1, 1)
		for j := range max(m, r) {
			if j < r {
				s.Filter[k][j], _ = new(big.Rat).Mul(power, scale).Float64()
			}
			if j < m {
				s.Out[j][k], _ = power.Float64()
			}
			power.Mul(power, p[k])
		}
	}
	return s
}

// coefficients of the product of (x-b) over the points b but number except,
// lowest power first, in one more place than there are points.
func coefficients(p []*big.Rat, except int) []float64 {
	c := []*big.Rat{big.NewRat(1, 1)}
	for j, b := range p {
		if j == except {
			continue
		}
		next := make([]*big.Rat, len(c)+1)
		for i := range next {
			next[i] = new(big.Rat)
			if i > 0 {
				next[i].Add(next[i], c[i-1])
			}
			if i < len(c) {
				next[i].Sub(next[i], new(big.Rat).Mul(b, c[i]))
			}
		}
		c = next
	}
	out := make([]float64, len(p)+1)
	for i, v := range c {
		out[i], _ = v.Float64()
	}
	return out
}

func zeros(rows, cols int) Matrix {
	m := make(Matrix, rows)
	for i := range m {
		m[i] = make([]float64, cols)
	}
	return m
}

// Transposed is the matrix with rows and columns exchanged.
func (m Matrix) Transposed() Matrix {
	t := zeros(len(m[0]), len(m))
	for i, row := range m {
		for j, v := range row {
			t[j][i] = v
		}
	}
	return t
}
