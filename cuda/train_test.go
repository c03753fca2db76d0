//go:build cuda && cgo && linux

package cuda

import (
	"context"
	"os"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// small nets in the two precisions.
var games = map[string]string{
	"dcgan": `
[data]
size = 16
channels = 1
limit = 64
[model]
z = 8
g_channels = 16
d_channels = 16
`, "dcgan bf16": `
[run]
precision = "bf16"
[data]
size = 16
channels = 3
limit = 64
[model]
z = 8
g_channels = 16
d_channels = 16
`,
}

// common is what all games share.
const common = `
[sample]
count = 4
every = 0
[checkpoint]
every = 2
keep = 9
`

func configure(t *testing.T, name string, set ...string) *config.Config {
	t.Helper()
	return configtest.Text(t, games[name]+common, set...)
}

// trained trains for some steps and answers the run.
func trained(t *testing.T, dev device.Device, name, steps string) rundir.Dir {
	t.Helper()
	return trainedBy(t, dev, configure(t, name, "train.batch=4", "train.steps="+steps))
}

// trainedBy trains, and answers the run.
func trainedBy(t *testing.T, dev device.Device, cfg *config.Config) rundir.Dir {
	t.Helper()
	out := t.TempDir()
	if err := train.Run(context.Background(), cfg, train.Host{Systems: systems.Table(), Device: dev, Out: out, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	dir, ok, err := rundir.Latest(out, "")
	if err != nil || !ok {
		t.Fatalf("no run in %s: %v", out, err)
	}
	return dir
}

func resumed(t *testing.T, dev device.Device, dir rundir.Dir, steps int) {
	t.Helper()
	cfg, err := train.ReadConfig(string(dir), systems.Schema())
	if err != nil {
		t.Fatal(err)
	}
	cfg.Train.Steps = steps
	if err := train.Resume(context.Background(), string(dir), cfg, train.Host{Systems: systems.Table(), Device: dev, Version: "test"}); err != nil {
		t.Fatal(err)
	}
}

func checkpoint(t *testing.T, dir rundir.Dir, step int64) []byte {
	t.Helper()
	b, err := os.ReadFile(dir.CheckpointPath(step))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestResumeElsewhere: a checkpoint of one device goes on on the other.
func TestResumeElsewhere(t *testing.T) {
	gpu := open(t, debug.Switches{})
	host, err := cpu.New(cpu.Options{Threads: 2, Switches: debug.Switches{Winograd: true}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	for _, pair := range [][2]device.Device{{gpu, host}, {host, gpu}} {
		dir := trained(t, pair[0], "dcgan", "2")
		resumed(t, pair[1], dir, 4)
		info, err := dir.ReadInfo()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(info.Segments); n != 2 || info.Segments[1].Exact || info.Segments[1].ToStep != 4 {
			t.Errorf("from %s to %s: segments %+v", pair[0].Info().Name, pair[1].Info().Name, info.Segments)
		}
	}
}
