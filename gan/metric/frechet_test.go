package metric

import (
	"math"
	"testing"
)

// withMoments are rows of exactly this mean and of the covariance LLᵀ, divided by n-1:
// two rows for each column of L.
func withMoments(t *testing.T, mean []float64, l ...[]float64) *Features {
	t.Helper()
	d := len(mean)
	scale := math.Sqrt(float64(2*len(l)-1) / 2)
	var rows []float32
	for _, column := range l {
		for _, sign := range []float64{1, -1} {
			for k := range d {
				rows = append(rows, float32(mean[k]+sign*scale*column[k]))
			}
		}
	}
	return features(t, d, rows...)
}

// TestFrechet: normal distributions whose distance is known. For two numbers the trace
// of (ST)^½ is √(tr ST + 2 √(det S det T)).
func TestFrechet(t *testing.T) {
	// S = [[4 2] [2 5]], T = [[9 -3] [-3 2]]: tr ST = 36-6-6+10 = 34, det S = 16, det T = 9.
	s := withMoments(t, []float64{1, 2}, []float64{2, 1}, []float64{0, 2})
	u := withMoments(t, []float64{4, -2}, []float64{3, -1}, []float64{0, 1})
	wantValue(t, comparison(s, u), "fd", 9+16+9+11-2*math.Sqrt(34+2*12), 1e-5)
	wantValue(t, comparison(u, s), "fd", 9+16+9+11-2*math.Sqrt(34+2*12), 1e-5)

	// Diagonal: Σ (μ-ν)² + (σ-τ)², with a number that does not vary in one or both.
	a := withMoments(t, []float64{0, 0, 7, 1}, []float64{1, 0, 0, 0}, []float64{0, 2, 0, 0})
	b := withMoments(t, []float64{0, 0, 4, 1}, []float64{3, 0, 0, 0}, []float64{0, .5, 0, 0}, []float64{0, 0, 2, 0})
	wantValue(t, comparison(a, b), "fd", 4+2.25+9+4, 1e-5)

	still := features(t, 2, 1, 2, 1, 2, 1, 2)
	wantValue(t, comparison(still, features(t, 2, 4, 6, 4, 6, 4, 6)), "fd", 25, 0)
}

// TestFrechetOfTheSame: nothing is left of equal sets, in any order, where many
// directions hardly vary: roots of rounded eigenvalues would leave 1e-6 of each.
func TestFrechetOfTheSame(t *testing.T) {
	f := normal(t, 1, 700, 60, .5, 1)
	for i := range f.n {
		for k := 10; k < f.d; k++ {
			f.row(i)[k] = f.row(i)[k%10]*float32(k) + 1e-6*f.row(i)[k]
		}
	}
	wantValue(t, comparison(f, f), "fd", 0, 1e-8)
	wantValue(t, comparison(f, shuffled(t, f)), "fd", 0, 1e-8)
}
