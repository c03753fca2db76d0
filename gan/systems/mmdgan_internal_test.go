package systems

import (
	"errors"
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config"
)

// The distance of kernels is its double sum over all pairs, of batches of any sizes; it
// is zero between a batch and itself, in any order, and the more the further apart.
func TestKernelDistance(t *testing.T) {
	x := [][]float64{{.5, -1, 2}, {0, .25, -.75}, {3, 1, -1}, {-.5, -.5, 1.5}}
	y := [][]float64{{1, 0, 1}, {-2, 4, .5}, {0, .25, -.75}}
	deviations := []float64{.5, 1, 4}
	kernel := func(a, b []float64) (sum float64) {
		square := 0.
		for i := range a {
			square += (a[i] - b[i]) * (a[i] - b[i])
		}
		for _, s := range deviations {
			sum += math.Exp(-square / (2 * s * s))
		}
		return sum
	}
	mean := func(x, y [][]float64) (sum float64) {
		for _, a := range x {
			for _, b := range y {
				sum += kernel(a, b) / float64(len(x)*len(y))
			}
		}
		return sum
	}
	if got, want := distanceOf(t, x, y, deviations), mean(x, x)-2*mean(x, y)+mean(y, y); math.Abs(got-want) > 1e-12 {
		t.Errorf("distance %v, want %v", got, want)
	}
	if got := distanceOf(t, x, [][]float64{x[2], x[0], x[3], x[1]}, deviations); math.Abs(got) > 1e-12 {
		t.Errorf("a batch is %v away from itself", got)
	}
	far := [][]float64{{1e3, 0, 0}, {0, 1e3, 0}} // kernels of these with each other and with x vanish
	if got, want := distanceOf(t, x, far, deviations), mean(x, x)+float64(len(deviations))/2; math.Abs(got-want) > 1e-12 {
		t.Errorf("distance of batches far apart %v, want %v", got, want)
	}
}

// distanceOf is kernelDistance of two batches, in float64.
func distanceOf(t *testing.T, x, y [][]float64, deviations []float64) float64 {
	t.Helper()
	return computed(t, func(b *graph.Builder) []*graph.Node {
		literal := func(rows [][]float64) *graph.Node {
			var all []float64
			for _, r := range rows {
				all = append(all, r...)
			}
			return b.Literal(graph.F64, graph.Shape{len(rows), len(rows[0])}, all)
		}
		return one(kernelDistance(literal(x), literal(y), deviations))
	})[0].Data[0]
}

// Bandwidths that give no distance are refused by their key.
func TestBandwidthsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"[]":         "without a kernel there is no distance; write one at least",
		"[1, 1e-20]": "1e-20 is so small that numbers of 32 bits cannot hold its kernel",
		"[1e-3]":     "",
	} {
		s, err := Schema().Parse("my.toml", "[data]\nkind = \"mixture\"\n[model]\nkind = \"mmdgan\"\n[loss]\nbandwidths = "+text)
		if err != nil {
			t.Fatal(err)
		}
		var wrong *config.Error
		switch _, err = s.Resolve(); {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (!errors.As(err, &wrong) || wrong.Key != "loss.bandwidths" || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
