package parity

import (
	"fmt"
	"math"
)

// Tolerances.
//
// A sum of n terms in fp32, in whatever order, is off by about u*sqrt(n)*S: u is
// the unit roundoff, S the same sum over absolute values. Any other operation is
// off by u times its result. How far this carries to a gradient, a statistic or
// a new weight depends on everything between, second order included, so it is
// propagated by repetition: scripts/parity/rounding.py disturbs each operation
// of PyTorch's float64 computation by that much at random (Monte Carlo
// arithmetic, Parker 1997) and stores the root mean square of what arrives, the
// spread, element by element. The fixture's value itself is float64 arithmetic
// on the same fp32 state, rounded once for storing.
//
// So a value may be off by factor spreads and one rounding. A normal deviate of
// five spreads is one in two million. The CPU device stays below one spread:
// sums of terms of both signs err by less than sqrt(n)*S.
const (
	roundoff = 1. / (1 << 24)
	factor   = 5
)

// freeTolerance bounds ten steps in float64 without a common state in between,
// relative to the largest element of the tensor.
const freeTolerance = 1e-8

// worst is the element of got that lies furthest outside of its tolerance.
type worst struct {
	at        int
	got, want float64
	excess    float64 // deviation over tolerance; up to 1 is within
}

// compare finds the worst element; tol gives the tolerance of element i.
func compare(got, want []float64, tol func(i int) float64) (w worst, err error) {
	if len(got) != len(want) {
		return w, fmt.Errorf("%d elements, want %d", len(got), len(want))
	}
	w.excess = -1
	for i := range want {
		e := math.Abs(got[i]-want[i]) / tol(i)
		if got[i] == want[i] {
			e = 0
		}
		if !(e <= w.excess) { // a NaN is the worst
			w = worst{i, got[i], want[i], e}
			if math.IsNaN(e) {
				break
			}
		}
	}
	if !(w.excess <= 1) {
		err = fmt.Errorf("element %d is %.9g, want %.9g: off by %.2g times the tolerance %.2g", w.at, w.got, w.want, w.excess, tol(w.at))
	}
	return w, err
}

// withinSpread compares with a fixture's value and its spread.
func withinSpread(got, want, spread []float64) (worst, error) {
	return compare(got, want, func(i int) float64 { return factor*spread[i] + roundoff*math.Abs(want[i]) })
}

// withinFree compares after steps in float64.
func withinFree(got, want []float64) (worst, error) {
	largest := 0.
	for _, x := range want {
		largest = max(largest, math.Abs(x))
	}
	return compare(got, want, func(int) float64 { return freeTolerance * largest })
}
