package precision_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/cpu/winograd"
	"ganengine/engine/graph"
	"ganengine/gan/config/configtest"
)

// ulp is what every result is off by when it is stored: the least distance that
// says anything.
const ulp = 0x1p-24

// kink is what a step may be off by where a rounding error, however small, has
// carried a value across a ReLU's kink: about its share of a sum. Where a step is off by
// more, float64's own must be, for numbers that differ by as much as roundings.
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
	if !strings.Contains(strings.Join(open(t, true).Info().Kernels, ", "), "Winograd") {
		t.Skip("convolutions are not Winograd's on this processor")
	}
	cfg := configtest.Text(t, text, "model.g_channels=32", "model.d_channels=32", "train.batch=32")
	dir := trainRun(t, cfg)
	plain := newStepper(t, open(t, false), cfg, "fp32", graph.F32)
	short := newStepper(t, open(t, true), cfg, "fp32", graph.F32)
	exact := newStepper(t, open(t, false), cfg, "fp32", graph.F64)
	rng := rand.New(rand.NewPCG(1, 2))
	real := pixels(cfg, rng)
	limit := typical * winograd.Amplification(4, 2)
	noise := func(x float64) float64 { return x * (1 + limit*ulp*(2*rng.Float64()-1)) }

	plainOff, shortOff := map[string][]float64{}, map[string][]float64{}
	for s := 1; s <= states; s++ {
		path := dir.CheckpointPath(int64(s * every))
		if _, err := plain.session.Load(path); err != nil {
			t.Fatal(err)
		}
		exact.takeOver(t, plain, func(x float64) float64 { return x })
		want := exact.run(t, real)
		for name, d := range distances(plain.step(t, path, real), want) {
			plainOff[name] = append(plainOff[name], d)
		}
		off := distances(short.step(t, path, real), want)
		far := false
		for name, d := range off {
			shortOff[name] = append(shortOff[name], d)
			far = far || !(d <= kink)
		}
		if !far {
			continue
		}
		if _, err := plain.session.Load(path); err != nil {
			t.Fatal(err)
		}
		jumps := map[string]float64{}
		for range samples {
			exact.takeOver(t, plain, noise)
			for name, d := range distances(exact.run(t, real), want) {
				jumps[name] = max(jumps[name], d)
			}
		}
		for name, d := range off {
			if allowed := max(kink, 1.1*jumps[name]); !(d <= allowed) {
				t.Errorf("state %d: %s is off by %.3g of its size, %.3g are allowed", s, name, d, allowed)
			}
		}
	}
	largest, differs := 0., false
	for name, short := range shortOff {
		plain := plainOff[name]
		differs = differs || !slices.Equal(plain, short)
		slices.Sort(plain)
		slices.Sort(short)
		ratio := short[states/2] / max(plain[states/2], ulp)
		largest = max(largest, ratio)
		if !(ratio <= limit) {
			t.Errorf("%s is off by %.3g of its size, %.2f times as far as without Winograd; %.2f are allowed", name, short[states/2], ratio, limit)
		}
	}
	if !differs {
		t.Error("both steps have the same bits: Winograd's convolutions were not used")
	}
	t.Logf("largest ratio %.2f of %.2f", largest, limit)
}

// distances are how far a step's results are from others, as parts of their sizes.
func distances(results, from map[string][]float64) map[string]float64 {
	off := map[string]float64{}
	for name, x := range from {
		off[name] = math.Sqrt(square(results[name], x) / square(x, make([]float64, len(x))))
	}
	return off
}
