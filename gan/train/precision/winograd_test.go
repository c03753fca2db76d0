package precision_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ganengine/engine/cpu/winograd"
	"ganengine/engine/graph"
	"ganengine/gan/config/configtest"
)

// ulp is what every result is off by when it is stored: the least distance that
// says anything.
const ulp = 0x1p-24

// kink is what a step may be off by where a rounding error, however small, has
// carried a value across a ReLU's kink: about its share of a sum.
const kink = .01

// TestWinogradStaysWithinItsRounding compares a step with Winograd's convolutions,
// and one without, with the same step in float64. The roundings of a plain sum
// arrive at a loss or a gradient as the plain step's distance; Winograd's are
// larger by its amplification (which holds for one running sum; a plain one here has
// lanes, and so a little less), and all else is rounded alike. In some
// states, in either step, a value lies so near to a kink that it takes the other
// side, so the medians of the states' distances are compared.
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

	off := map[string]*struct{ plain, short []float64 }{}
	for s := 1; s <= states; s++ {
		path := dir.CheckpointPath(int64(s * every))
		if _, err := plain.session.Load(path); err != nil {
			t.Fatal(err)
		}
		exact.takeOver(t, plain)
		want, p, w := exact.run(t, real), plain.step(t, path, real), short.step(t, path, real)
		for name, x := range want {
			if off[name] == nil {
				off[name] = &struct{ plain, short []float64 }{}
			}
			size := square(x, make([]float64, len(x)))
			off[name].plain = append(off[name].plain, math.Sqrt(square(p[name], x)/size))
			off[name].short = append(off[name].short, math.Sqrt(square(w[name], x)/size))
		}
	}
	limit := typical * winograd.Amplification(4, 2)
	largest, differs := 0., false
	for name, o := range off {
		differs = differs || !slices.Equal(o.plain, o.short)
		slices.Sort(o.plain)
		slices.Sort(o.short)
		ratio := o.short[states/2] / max(o.plain[states/2], ulp)
		largest = max(largest, ratio)
		if !(ratio <= limit) {
			t.Errorf("%s is off by %.3g of its size, %.2f times as far as without Winograd; %.2f are allowed", name, o.short[states/2], ratio, limit)
		}
		if worst := o.short[states-1]; !(worst <= kink) {
			t.Errorf("%s is off by %.3g of its size in one state, %g are allowed", name, worst, kink)
		}
	}
	if !differs {
		t.Error("both steps have the same bits: Winograd's convolutions were not used")
	}
	t.Logf("largest ratio %.2f of %.2f", largest, limit)
}
