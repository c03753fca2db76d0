package metric

import (
	"math"
	"math/rand/v2"
	"testing"
)

// shuffled has the rows in another order.
func shuffled(t *testing.T, f *Features) *Features {
	t.Helper()
	var rows []float32
	for _, i := range rand.New(rand.NewPCG(9, 9)).Perm(f.n) {
		rows = append(rows, f.row(i)...)
	}
	return features(t, f.d, rows...)
}

// doubleSum is the definition of the unbiased kernel distance.
func doubleSum(x, y *Features) float64 {
	mean := func(a, b *Features, same bool) float64 {
		sum, n := 0., 0
		for i := range a.n {
			for j := range b.n {
				if same && i == j {
					continue
				}
				dot := 0.
				for k, v := range a.row(i) {
					dot += float64(v) * float64(b.row(j)[k])
				}
				sum, n = sum+math.Pow(dot/float64(a.d)+1, 3), n+1
			}
		}
		return sum / float64(n)
	}
	return mean(x, x, true) + mean(y, y, true) - 2*mean(x, y, false)
}

// TestKernelDistance holds the blocks to the definition, far from zero and over more
// rows than one block has.
func TestKernelDistance(t *testing.T) {
	x, y := normal(t, 1, BlockRows+76, 3, 5, 1), normal(t, 2, BlockRows+20, 3, 5.1, 1.2)
	c := comparison(x, y)
	c.SubsetSize = BlockRows + 20
	first := features(t, 3, x.rows...)
	c.Real = &Features{n: c.SubsetSize, d: 3, rows: first.rows[:3*c.SubsetSize]}
	want := doubleSum(c.Real, y)
	wantValue(t, c, "kd", want, 1e-6*math.Abs(want))
	if r := value(t, c, "kd"); r.Error != 0 {
		t.Errorf("one subset of all has a deviation of %g", r.Error)
	}
	wantValue(t, comparison(shuffled(t, c.Real), y), "kd", want, 1e-6*math.Abs(want))
}

// TestKernelDistanceHasNoBias: of two halves of one distribution it is 0 within its
// error, over subsets; of two distributions it is not.
func TestKernelDistanceHasNoBias(t *testing.T) {
	x, y := normal(t, 1, 600, 4, 0, 1), normal(t, 2, 600, 4, 0, 1)
	c := comparison(x, y)
	c.Subsets, c.SubsetSize = 50, 200
	r := value(t, c, "kd")
	if !(r.Error > 0) || math.Abs(r.Value) > r.Error {
		t.Errorf("kd of one distribution is %g ± %g, want 0 within it", r.Value, r.Error)
	}
	c = comparison(x, normal(t, 2, 600, 4, .5, 1))
	c.Subsets, c.SubsetSize = 50, 200
	if r := value(t, c, "kd"); r.Value < 3*r.Error {
		t.Errorf("kd of two distributions is %g ± %g", r.Value, r.Error)
	}
}
