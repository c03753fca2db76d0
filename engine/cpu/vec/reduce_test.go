package vec

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/internal/isa"
)

func finiteTile(r *rand.Rand, n int) []float32 {
	x := make([]float32, n+1)[1:]
	for i := range x {
		x[i] = float32(3 + r.NormFloat64())
	}
	return x
}

// near allows c·ulp·√n·S, S the same sum over absolute values, in float64.
func near(got, want, abs float64, n int) bool {
	return math.Abs(got-want) <= 4*0x1p-53*math.Sqrt(float64(n)+1)*abs
}

// TestReductions: the plain sum within float64 rounding, and the same bits from
// both sets.
func TestReductions(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	best, generic := Best[float32](isa.Machine()), Ops[float32]{}
	for n := range 150 {
		x, y := finiteTile(r, n), finiteTile(r, n)
		const mean = 2.75
		var sum, dot, squares float64
		for i := range x {
			sum += float64(x[i])
			dot += float64(x[i]) * float64(y[i])
			squares += (float64(x[i]) - mean) * (float64(x[i]) - mean)
		}
		for _, c := range []struct {
			name            string
			a, b, want, abs float64
		}{
			{"Sum", best.Sum(x), generic.Sum(x), sum, 10 * float64(n)},
			{"Dot", best.Dot(x, y), generic.Dot(x, y), dot, 100 * float64(n)},
			{"SumSquaresAbout", best.SumSquaresAbout(x, mean), generic.SumSquaresAbout(x, mean), squares, squares},
		} {
			if c.a != c.b || !near(c.a, c.want, c.abs, n) {
				t.Errorf("%s of %d: %v and %v, want %v", c.name, n, c.a, c.b, c.want)
			}
		}
	}
}

func TestMaximum(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, o := range sets() {
		if got := o.Maximum(nil); !math.IsInf(float64(got), -1) {
			t.Errorf("%s: of nothing %g", o.Name(), got)
		}
		for n := 1; n < 140; n++ {
			x := finiteTile(r, n)
			for i := range x {
				x[i] -= 100
			}
			at := r.IntN(n)
			x[at] = -1
			if got := o.Maximum(x); got != -1 {
				t.Fatalf("%s: %g of %d, want -1", o.Name(), got, n)
			}
			x[at] = float32(math.NaN())
			if got := o.Maximum(x); got == got {
				t.Fatalf("%s: %g of %d, want NaN", o.Name(), got, n)
			}
		}
	}
}

// TestColumns: plain sums in the order of the rows, to the bit.
func TestColumns(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, o := range sets() {
		for cols := 1; cols < 140; cols++ { // around blocks of 4, 16, 32 and 64
			for _, rows := range []int{0, 1, 2, 7} {
				x, y := finiteTile(r, rows*cols), finiteTile(r, rows*cols)
				mean := make([]float64, cols)
				for c := range mean {
					mean[c] = r.NormFloat64()
				}
				var got, want [3][]float64
				for k := range got {
					got[k], want[k] = make([]float64, cols+1), make([]float64, cols+1)
					Fill(got[k], 1.25)
					Fill(want[k], 1.25)
				}
				for i := range x {
					c := i % cols
					want[0][c] += float64(x[i])
					want[1][c] += float64(float64(x[i]) * float64(y[i]))
					want[2][c] += float64((float64(x[i]) - mean[c]) * (float64(x[i]) - mean[c]))
				}
				o.AddColumns(got[0][:cols], x)
				o.AddColumnsProduct(got[1][:cols], x, y)
				o.AddColumnsSquaresAbout(got[2][:cols], x, mean)
				for k := range got {
					for c := range got[k] {
						if got[k][c] != want[k][c] {
							t.Fatalf("%s, sum %d, %d×%d, column %d: %v, want %v", o.Name(), k, rows, cols, c, got[k][c], want[k][c])
						}
					}
				}
			}
		}
	}
}
