//go:build cuda && cgo && linux

package cuda

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ganengine/engine/debug"
	"ganengine/kernels"
)

// TestCubins: machine code is kept, found again by PTX and target, and made anew
// where a file is damaged; a folder that cannot be written is told once, and nothing
// fails.
func TestCubins(t *testing.T) {
	d := open(t, debug.Switches{}).(*Device)
	if err := d.enter(); err != nil {
		t.Fatal(err)
	}
	defer d.leave()
	var notes []string
	folder := filepath.Join(t.TempDir(), "new", "cubin")
	c := &cubins{folder: folder, target: "this GPU", note: func(line string) { notes = append(notes, line) }}
	ptx := []byte(kernels.Header + ".visible .entry k() { ret; }\n")
	load := func(c *cubins, files int) []string {
		t.Helper()
		m, err := c.load(ptx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := function(m, "k"); err != nil {
			t.Error(err)
		}
		if err := m.Unload(); err != nil {
			t.Error(err)
		}
		found, err := filepath.Glob(filepath.Join(c.folder, "*.cubin"))
		if err != nil || len(found) != files {
			t.Fatalf("files %q, %v, want %d", found, err, files)
		}
		return found
	}
	path := load(c, 1)[0]
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	load(c, 1)
	if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) > time.Minute {
		t.Errorf("it was not found again, or its use is not marked: %v, %v", info, err)
	}
	for _, damaged := range [][]byte{nil, first[:len(first)-1], append([]byte{first[0] ^ 1}, first[1:]...)} {
		if err := os.WriteFile(path, damaged, 0o644); err != nil {
			t.Fatal(err)
		}
		load(c, 1)
		if now, err := os.ReadFile(path); err != nil || string(now) != string(first) {
			t.Errorf("a damaged file is not replaced (%v)", err)
		}
	}
	other := *c
	other.target = "another GPU"
	load(&other, 2)
	if len(notes) != 0 {
		t.Errorf("noted: %q", notes)
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.folder = file
	load(c, 0)
	load(c, 0)
	if len(notes) != 1 || !strings.Contains(notes[0], "GANENGINE_CACHE") {
		t.Errorf("noted: %q", notes)
	}
	if _, err := c.load([]byte("no PTX")); err == nil {
		t.Error("what is no PTX is loaded")
	}
}
