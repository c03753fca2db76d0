//go:build cuda && cgo && linux

package cuda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
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
// losses, gradients and scores that the CPU gives them; captured graphs leave the bits that
// kernels enqueued one by one do; and a run that goes on leaves those of one that did not stop.
func TestEverySystemTrains(t *testing.T) {
	host, err := cpu.New(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	gpu, eager := open(t, debug.Switches{}), open(t, debug.Switches{NoGraph: true})
	set := []string{fmt.Sprint("train.steps=", few), "checkpoint.every=1", "checkpoint.keep=9"}
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		covered(t, c)
		run := trainedBy(t, gpu, c)
		want, got := scores(t, trainedBy(t, host, c)), scores(t, run)
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
		exact(t, run, gpu, eager, c)
	}, set...)
	// what no shipped configuration has
	for name, key := range map[string]string{"bf16": "run.precision=bf16", "accumulated": "train.accumulate=2"} {
		t.Run(name, func(t *testing.T) {
			c := configtest.Tiny(t, "dcgan", append(set, key, "train.reuse_fakes=false")...)
			exact(t, trainedBy(t, gpu, c), gpu, eager, c)
		})
	}
}

// exact compares a run with one of kernels enqueued one by one, and with itself where it
// went on from its first step.
func exact(t *testing.T, run rundir.Dir, gpu, eager device.Device, c *config.Config) {
	t.Helper()
	whole := checkpoint(t, run, few)
	if !bytes.Equal(checkpoint(t, trainedBy(t, eager, c), few), whole) {
		t.Error("kernels enqueued one by one leave another checkpoint than captured graphs")
	}
	if err := train.Resume(context.Background(), string(run), nil, train.Host{Systems: systems.Table(), Device: gpu, Checkpoint: "1", Version: "test"}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(checkpoint(t, run, few), whole) {
		t.Error("gone on from step 1, the last checkpoint is another one")
	}
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

// scores are what each step's row says of the game.
func scores(t *testing.T, dir rundir.Dir) (out []map[string]float64) {
	t.Helper()
	text, err := os.ReadFile(dir.Path(rundir.StatsFile))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		row := map[string]float64{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		for _, of := range []string{"seconds", "images_per_second", "host_peak_bytes", "device_bytes",
			"data_seconds", "device_seconds", "pictures_seconds", "checkpoints_seconds", "evaluation_seconds"} { // the machine
			delete(row, of)
		}
		out = append(out, row)
	}
	return out
}
