//go:build cuda && cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/plan"
	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/systems"
)

// replays counts what a device runs as launches of one captured graph, by program.
type replays struct {
	device.Device
	t     *testing.T
	count map[string]int
}

func (r *replays) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	x, err := r.Device.Build(p, s)
	return &replayed{x, r, p.Work.Name}, err
}

type replayed struct {
	device.Executable
	r    *replays
	name string
}

func (x *replayed) Run(inputs, outputs []device.HostBuffer) (device.Ticket, error) {
	for _, sl := range x.Executable.(*executable).slots {
		if sl.graph == nil {
			x.r.t.Errorf("program %s has no captured graph", x.name)
		}
	}
	x.r.count[x.name]++
	return x.Executable.Run(inputs, outputs)
}

// A batch of samples is one launch of the captured graph that generates, after one that
// draws its latents; pictures are compressed beside them.
func TestSamplesAreReplays(t *testing.T) {
	gpu := open(t, debug.Switches{})
	run := trainedBy(t, gpu, configtest.Tiny(t, "dcgan", fmt.Sprint("train.steps=", few)))
	d := &replays{Device: gpu, t: t, count: map[string]int{}}
	const batch, batches = 4, 5
	e, err := explore.Open(run, d, explore.Options{Systems: systems.Table(), Chunk: batch})
	if err != nil {
		t.Fatal(err)
	}
	seeds := &explore.Seeds{}
	seeds.Add(1, batch*batches)
	dir := t.TempDir()
	err = e.Write(t.Context(), dir, e.Drawn(seeds, 0), explore.Output{Name: func(i int) string { return fmt.Sprint(i) }})
	if err := errors.Join(err, e.Close()); err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"latents": batches, "generate": batches}; !maps.Equal(d.count, want) {
		t.Errorf("runs %v, want %v", d.count, want)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.png")); err != nil || len(files) != batch*batches {
		t.Errorf("%d files (%v)", len(files), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "0.png")); err != nil {
		t.Error(err)
	}
}
