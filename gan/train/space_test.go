package train

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ganengine/gan/rundir"
)

// Where there is no room for a checkpoint nothing is begun: no run directory, and of one
// that stands nothing changes.
func TestNoSpaceAtTheStart(t *testing.T) {
	out := t.TempDir()
	h, _ := testHost(t, out)
	h.free = func(string) (int64, error) { return 1 << 19, nil }
	err := Run(t.Context(), configure(t, tinyImages), h)
	if err == nil || !strings.Contains(err.Error(), out+" has 0 MiB free, and a checkpoint takes 2 MiB: free some, or name another place with -out") {
		t.Errorf("%v", err)
	}
	if runs, err := rundir.List(out); err != nil || len(runs) > 0 {
		t.Errorf("left behind %v, %v", runs, err)
	}
	d := interrupt(t, tinyImages, out, 4)
	before := file(t, d.Path(rundir.StatsFile))
	h.Checkpoint = "3"
	if err := Resume(t.Context(), string(d), nil, h); err == nil || !strings.Contains(err.Error(), "free some first") {
		t.Errorf("%v", err)
	}
	if file(t, d.Path(rundir.StatsFile)) != before || len(names(t, d.Path("checkpoints/*"))) != 2 {
		t.Error("the run is another")
	}
}

// A disk that fills up while training ends the run with a line that says from where it goes
// on, and that checkpoint is there, also where only one is kept.
func TestNoSpaceLater(t *testing.T) {
	out := t.TempDir()
	h, _ := testHost(t, out)
	asked := 0
	h.free = func(string) (int64, error) {
		if asked++; asked > 3 { // at the start, for all that are kept, and for the first checkpoint
			return 1 << 19, nil
		}
		return 1 << 21, nil
	}
	c := h.Console.(*console)
	err := Run(t.Context(), configure(t, tinyImages, "checkpoint.every=2", "checkpoint.keep=1"), h)
	d := latest(t, out)
	if err == nil || !strings.Contains(err.Error(), "saving step 4: "+string(d)+" has 0 MiB free, and a checkpoint takes 2 MiB: free some, then ganengine -resume "+string(d)+" continues from step 2") {
		t.Fatal(err)
	}
	if got := names(t, d.Path("checkpoints/*")); len(got) != 1 || got[0] != "000002.safetensors" {
		t.Errorf("checkpoints %v", got)
	}
	if warned := strings.Join(c.lines, "\n"); !strings.Contains(warned, "the checkpoints of this run will take up to 3 MiB") && !strings.Contains(warned, "the checkpoints of this run will take up to 4 MiB") {
		t.Errorf("nobody said that it would come so:\n%s", warned)
	}
	h.free = func(string) (int64, error) { return 0, errors.ErrUnsupported } // a system that does not tell
	if err := Resume(context.Background(), string(d), nil, h); err != nil {
		t.Fatal(err)
	}
	whole := t.TempDir()
	train(t, configure(t, tinyImages, "checkpoint.every=2", "checkpoint.keep=1"), whole)
	if file(t, d.CheckpointPath(6)) != file(t, latest(t, whole).CheckpointPath(6)) {
		t.Error("the run that went on is another")
	}
}
