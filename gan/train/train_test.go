package train

import (
	"context"
	"io"
	"path/filepath"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

const tinyImages = `
[run]
seed = 3
[data]
size = 8
channels = 1
limit = 30
mirror = true
[model]
z = 4
g_channels = 4
d_channels = 4
[train]
batch = 4
steps = 6
[log]
every = 2
[sample]
every = 3
count = 4
[checkpoint]
every = 3
`

// floats and ints see bytes as numbers.
var floats, ints = device.View[float32], device.View[int32]

const tinyRing = `
[run]
seed = 5
[data]
kind = "mixture"
[model]
kind = "mlp"
z = 4
g_hidden = [8]
d_hidden = [8]
init = "he-normal"
[loss]
kind = "wasserstein"
gp = 0.1
every = 2
[train]
batch = 4
steps = 6
d_steps = 3
ema_kimg = 0.05
[log]
every = 2
[sample]
every = 6
count = 16
[checkpoint]
every = 2
`

const tinyFlow = `
[data]
kind = "mixture"
[model]
kind = "realnvp"
layers = 2
hidden = [4]
[train]
batch = 4
steps = 6
[sample]
count = 6
`

// configure completes a configuration with settings key=value on top.
func configure(t testing.TB, text string, set ...string) *config.Config {
	t.Helper()
	return configtest.Text(t, text, set...)
}

// console keeps what a run shows.
type console struct {
	lines, details []string
	progress       []Progress
	onProgress     func(p Progress)
	lost           error
}

func (c *console) Line(text string)   { c.lines = append(c.lines, text) }
func (c *console) Detail(text string) { c.details = append(c.details, text) }
func (c *console) Lost() error        { return c.lost }
func (c *console) Progress(p Progress) {
	c.progress = append(c.progress, p)
	if c.onProgress != nil {
		c.onProgress(p)
	}
}

func testDevice(t testing.TB) device.Device {
	d, err := cpu.New(cpu.Options{Threads: 2, Switches: debug.Switches{Winograd: true, AMX: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func testHost(t testing.TB, out string) (Host, *console) {
	c := &console{}
	return Host{Systems: systems.Table(), Device: testDevice(t), Out: out, Console: c, Version: "test", Revision: "none"}, c
}

func train(t testing.TB, cfg *config.Config, out string) *console {
	t.Helper()
	h, c := testHost(t, out)
	if err := Run(context.Background(), cfg, h); err != nil {
		t.Fatal(err)
	}
	return c
}

// latest is the newest run under out, with or without a checkpoint.
func latest(t testing.TB, out string) rundir.Dir {
	t.Helper()
	runs, err := rundir.List(out)
	if err != nil || len(runs) == 0 {
		t.Fatalf("no run in %s: %v", out, err)
	}
	return runs[len(runs)-1]
}

// tensors reads a checkpoint: the bytes of every Variable, by name.
func tensors(t testing.TB, d rundir.Dir, step int64) map[string]string {
	t.Helper()
	f, err := safetensors.Open(d.CheckpointPath(step))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for _, tensor := range f.Tensors() {
		r, err := f.Section(tensor.Name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[tensor.Name] = string(b)
	}
	return out
}

// same compares two checkpoints, bit for bit.
func same(t testing.TB, got, want map[string]string) {
	t.Helper()
	if len(want) == 0 || len(got) != len(want) {
		t.Fatalf("%d tensors, want %d", len(got), len(want))
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s differs", name)
		}
	}
}

func names(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range paths {
		paths[i] = filepath.Base(p)
	}
	return paths
}
