//go:build cuda && cgo && linux

package cuda

import (
	"math"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/systems"
)

// Codes are looked for on the device as on the CPU: samples of a model are found as nearly.
func TestCodesAreFound(t *testing.T) {
	host, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	gpu := open(t, debug.Switches{})
	run := trainedBy(t, host, configtest.Tiny(t, "dcgan", "train.steps=3"))
	dir := t.TempDir()
	found := func(dev device.Device, draw bool) *explore.Found {
		e, err := explore.Open(run, dev, explore.Options{Systems: systems.Table(), Chunk: 8})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		if draw {
			seeds := &explore.Seeds{}
			seeds.Add(3000, 3)
			if err := e.Write(t.Context(), dir, e.Drawn(seeds, 0), explore.Output{Name: func(i int) string { return string(rune('a' + i)) }}); err != nil {
				t.Fatal(err)
			}
		}
		in, err := e.OpenInputs(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		v, err := e.Invert(t.Context(), explore.InvertOptions{Steps: 40, Restarts: 2, Class: -1})
		if err != nil {
			t.Fatal(err)
		}
		f, err := v.Find(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	want, got := found(host, true), found(gpu, false)
	for i, w := range want.Distance {
		if g := got.Distance[i]; !(math.Abs(float64(g-w)) <= 1e-4) {
			t.Errorf("image %d is found up to %g, and on the CPU up to %g", i, g, w)
		}
	}
}
