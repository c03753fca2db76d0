package rundir

import (
	"os"
	"path/filepath"
	"testing"
)

// What training keeps in a run directory is told from what users put beside it, by
// whatever path.
func TestHolds(t *testing.T) {
	parent := t.TempDir()
	run, err := Create(parent, "rings")
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	if err := run.WriteInfo(Info{}); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(parent, "link.png")
	if err := os.Symlink(run.SamplePath(3), link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(run.SamplePath(3), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		string(run.Dir): true, run.Path("samples"): true, run.Path("reals.png"): true, run.Path("run.json"): true,
		run.SamplePath(3): true, run.SamplePath(500): true, run.CheckpointPath(7): true, link: true,
		run.Path("walk.gif"): false, run.Path("samples", "mine.png"): false, run.Path("made"): false,
		filepath.Join(parent, "reals.png"): false, filepath.Join(parent, "samples", "000000.png"): false,
	} {
		if d, got := Holds(path); got != want || got && d.Name() != "rings" {
			t.Errorf("%s: %v of %q, want %v", path, got, d, want)
		}
	}
}
