package metric

import (
	"math"
	"testing"
)

func TestModeCoverage(t *testing.T) {
	centres := [][]float32{{0, 0}, {10, 0}, {0, 10}}
	nan := float32(math.NaN())
	points := []float32{0, 0, .29, 0, 0, .31, 10, .1, nan, 0, 5, 5}
	got := ModeCoverage(points, centres, .1, 2)
	if want := (Coverage{Modes: 1, Any: 2, Good: .5}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := ModeCoverage(nil, centres, .1, 1); got != (Coverage{}) {
		t.Errorf("no points: got %+v", got)
	}
}
