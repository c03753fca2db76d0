package precision_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu/winograd"
	"ganengine/engine/graph"
	"ganengine/gan/config/configtest"
)

// TestWinogradStaysWithinItsRounding compares a step with Winograd's convolutions,
// and one without, with the same step in float64. The roundings of a plain sum
// arrive at a loss or a gradient as the plain step's distance; Winograd's are
// larger by its amplification at most, and all else is rounded alike. One state's
// distance is a random number, so it is the root mean square of all states that
// must be within that factor, and each within the factor of that mean.
func TestWinogradStaysWithinItsRounding(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	if !winograd.New(nil).Fast() {
		t.Skip("convolutions are not Winograd's on this processor")
	}
	cfg := configtest.Text(t, text, "model.g_channels=32", "model.d_channels=32", "train.batch=32")
	dir := trainRun(t, cfg)
	plain := newStepper(t, open(t, false), cfg, "fp32", graph.F32)
	short := newStepper(t, open(t, true), cfg, "fp32", graph.F32)
	exact := newStepper(t, open(t, false), cfg, "fp32", graph.F64)
	real := pixels(cfg, rand.New(rand.NewPCG(1, 2)))

	type squares struct{ plain, short, worst float64 }
	sums := map[string]*squares{}
	for s := 1; s <= states; s++ {
		path := dir.CheckpointPath(int64(s * every))
		if _, err := plain.session.Load(path); err != nil {
			t.Fatal(err)
		}
		exact.takeOver(t, plain)
		want, p, w := exact.run(t, real), plain.step(t, path, real), short.step(t, path, real)
		for name := range want {
			if sums[name] == nil {
				sums[name] = &squares{}
			}
			size := square(want[name], make([]float64, len(want[name])))
			off := square(w[name], want[name]) / size
			sums[name].plain += square(p[name], want[name]) / size / states
			sums[name].short += off / states
			sums[name].worst = max(sums[name].worst, off)
		}
	}
	limit := winograd.Amplification(4, 2)
	largest, differs := 0., false
	for name, q := range sums {
		ratio := math.Sqrt(q.short / q.plain)
		largest, differs = max(largest, ratio), differs || q.short != q.plain
		if !(ratio <= limit) {
			t.Errorf("%s is off by %.3g of its size, %.2f times as far as without Winograd; %.2f are allowed", name, math.Sqrt(q.short), ratio, limit)
		}
		if worst := math.Sqrt(q.worst / q.short); !(worst <= factor) {
			t.Errorf("%s is off in one state by %.2f times the root mean square of all; %d are allowed", name, worst, factor)
		}
	}
	if !differs {
		t.Error("both steps have the same bits: Winograd's convolutions were not used")
	}
	t.Logf("largest ratio %.2f of %.2f", largest, limit)
}
