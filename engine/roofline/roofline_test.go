package roofline

import (
	"testing"
	"time"

	"ganengine/engine/cpu"
	"ganengine/engine/device"
	"ganengine/engine/reference"
)

func TestBound(t *testing.T) {
	l := Limits{Matrix: map[string]float64{"f32": 1e9}, Memory: 1e9}
	for _, c := range []struct {
		k    device.KernelTime
		want time.Duration
	}{
		{device.KernelTime{Cost: device.Cost{Type: "f32", Least: 2e9, Bytes: 1e9}}, 2 * time.Second},
		{device.KernelTime{Cost: device.Cost{Type: "f32", Least: 1e9, Bytes: 3e9}}, 3 * time.Second},
		{device.KernelTime{Cost: device.Cost{Flops: 9e9, Bytes: 1e9}}, time.Second},                          // not of products
		{device.KernelTime{Cost: device.Cost{Type: "bf16", Least: 9e9, Bytes: 5e8}}, 500 * time.Millisecond}, // of a type that was not measured
	} {
		if got := l.Bound(c.k); got != c.want {
			t.Errorf("%+v: %v, want %v", c.k, got, c.want)
		}
	}
}

// TestMeasure asks for rates that any machine of this century has and none
// reaches: wrong counts of work would leave that range. Small sizes do for that.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("measures a rate, which a race detector slows down")
	}
	small := sizes{matrix: 256, array: 1 << 20, rounds: 2}
	d, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	kernels := []device.KernelTime{{Cost: device.Cost{Type: "f32"}}, {Cost: device.Cost{Kind: "elementwise"}}}
	l, err := small.measure(d, kernels)
	if err != nil {
		t.Fatal(err)
	}
	if m := l.Matrix["f32"]; m < 1e8 || m > 1e15 || l.Memory < 1e8 || l.Memory > 1e14 || len(l.Matrix) != 1 {
		t.Errorf("%.3g FLOP/s and %.3g bytes/s", m, l.Memory)
	}
	if _, err := small.measure(reference.NewDevice(), kernels); err == nil {
		t.Error("a device that takes no profile was measured")
	}
}
