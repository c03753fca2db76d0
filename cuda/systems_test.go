//go:build cuda && cgo && linux

package cuda

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// steps of a run that every program of a tiny configuration is in.
const few = 3

// TestEverySystemTrains: a few steps of every shipped configuration, made tiny, have the
// losses, gradients and scores that the CPU gives them.
func TestEverySystemTrains(t *testing.T) {
	host, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	gpu := open(t, debug.Switches{})
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		covered(t, c)
		want, got := scores(t, host, c), scores(t, gpu, c)
		if len(want) != few || len(got) != few {
			t.Fatalf("%d rows and %d, want %d", len(got), len(want), few)
		}
		for step := range want {
			for name, w := range want[step] {
				if g, ok := got[step][name]; !ok || !(math.Abs(g-w) <= apart(step, name, w)) {
					t.Errorf("step %d: %s is %.9g, and on the CPU %.9g", step+1, name, g, w)
				}
			}
		}
	}, "train.steps=3")
}

// apart is how far from a number of the CPU's the GPU's may lie. The first step is a
// matter of rounding: 32 units in the last place, of sums whose terms are of the order of
// one and may cancel, but in a gradient's length. Later ones are at weights that Adam
// moved by a whole rate where a gradient was rounding noise.
func apart(step int, name string, w float64) float64 {
	tolerance := math.Ldexp(1, -18)
	if step > 0 {
		tolerance *= 64
	}
	if w = math.Abs(w); !strings.HasSuffix(name, game.GradSuffix) {
		w = max(w, 1)
	}
	return tolerance * w
}

// covered fails where a program does not run in the few steps.
func covered(t *testing.T, c *config.Config) {
	t.Helper()
	g := configtest.Declare(t, c)
	programs, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	ran := map[int]bool{}
	for step := range int64(few) {
		for _, p := range g.Sequence.At(step) {
			ran[p] = true
		}
	}
	for i, p := range programs {
		if !ran[i] {
			t.Errorf("program %s does not run in %d steps: have configtest.Tiny make what it waits for shorter", p.Name, few)
		}
	}
}

// scores trains and answers what each step's row says of the game.
func scores(t *testing.T, dev device.Device, c *config.Config) (out []map[string]float64) {
	t.Helper()
	parent := t.TempDir()
	if err := train.Run(context.Background(), c, train.Host{Systems: systems.Table(), Device: dev, Out: parent, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	dir, ok, err := rundir.Latest(parent, "")
	if err != nil || !ok {
		t.Fatalf("no run in %s: %v", parent, err)
	}
	text, err := os.ReadFile(dir.Path(rundir.StatsFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		row := map[string]float64{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"seconds", "images_per_second", "host_peak_bytes", "device_bytes"} { // the machine
			delete(row, of)
		}
		out = append(out, row)
	}
	return out
}
