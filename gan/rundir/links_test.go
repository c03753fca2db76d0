//go:build unix

package rundir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ganengine/engine/plainfile"
)

// No file of a run is reached through a link, nor is a pipe waited for: an unpacked directory may hold either.
func TestNoLinksInsideARun(t *testing.T) {
	open := func(r *Run) error {
		again, err := Open("", string(r.Dir))
		if err == nil {
			again.Close()
		}
		return err
	}
	info := func(r *Run) error { return r.WriteInfo(Info{}) }
	checkpoints := func(r *Run) error { _, err := r.Checkpoint("latest"); return err }
	rewind := func(r *Run) error { return r.Rewind(50) }
	for _, c := range []struct {
		file string
		use  func(r *Run) error
	}{
		{".lock", open},
		{"samples", open},
		{"checkpoints", open},
		{"checkpoints", checkpoints},
		{"checkpoints/000100.safetensors", checkpoints},
		{"checkpoints/000100.safetensors", rewind},
		{"samples/000100.png", rewind},
		{StatsFile, rewind},
		{MetricsFile, rewind},
		{StatsFile, func(r *Run) error { _, err := r.OpenRows(StatsFile); return err }},
		{StatsFile, func(r *Run) error { return r.LastRow(StatsFile, new(any)) }},
		{"log.txt", func(r *Run) error { _, err := r.OpenLog(func() time.Duration { return 0 }); return err }},
		{"run.json", info},
		{"run.json", func(r *Run) error { _, err := r.ReadInfo(); return err }},
	} {
		for kind, place := range map[string]func(path, outside string) error{
			"a symbolic link": func(path, outside string) error { return os.Symlink(outside, path) },
			"a named pipe":    func(path, _ string) error { return syscall.Mkfifo(path, 0o666) },
		} {
			r := create(t, t.TempDir(), "x")
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			outside := filepath.Join(t.TempDir(), "outside")
			put(t, outside, "{\"step\":100}\n")
			path := r.Path(filepath.FromSlash(c.file))
			if err := errors.Join(os.RemoveAll(path), place(path, outside)); err != nil {
				t.Fatal(err)
			}
			err := c.use(r)
			if err == nil || !strings.Contains(err.Error(), path+": it is "+kind) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s is %s: %v, want one line that says so", c.file, kind, err)
			}
			if got := content(t, outside); got != "{\"step\":100}\n" {
				t.Errorf("through %s the file elsewhere became %q", c.file, got)
			}
			if info, err := os.Lstat(path); err != nil || info.Mode().IsRegular() {
				t.Errorf("%s was replaced (%v)", c.file, err)
			}
		}
	}
}

// What is refused changes nothing: a link is found before anything past the step goes.
func TestRefusedRewindKeepsAll(t *testing.T) {
	for _, link := range []string{StatsFile, MetricsFile, "samples/000200.png"} {
		r := create(t, t.TempDir(), "x")
		put(t, r.CheckpointPath(100), "x")
		if err := os.Symlink("elsewhere", r.Path(link)); err != nil {
			t.Fatal(err)
		}
		if err := r.Rewind(50); err == nil {
			t.Errorf("%s is a link, and the run was rewound", link)
		}
		if c, err := r.Checkpoints(); err != nil || len(c) != 1 {
			t.Errorf("%s is a link: checkpoints %v, %v", link, c, err)
		}
	}
}

// A link may name the run directory itself.
func TestRunThroughALink(t *testing.T) {
	parent, big := t.TempDir(), t.TempDir()
	r := create(t, big, "x")
	put(t, r.CheckpointPath(7), "x")
	if err := errors.Join(r.Close(), os.Symlink(string(r.Dir), filepath.Join(parent, "00003-x"))); err != nil {
		t.Fatal(err)
	}
	again, err := Open(parent, "latest")
	if err != nil || again.Number() != 3 {
		t.Fatalf("open through a link: %v, %v", again, err)
	}
	defer again.Close()
	if c, err := again.Checkpoint("latest"); err != nil || c.Step != 7 {
		t.Errorf("checkpoint %v, %v", c, err)
	}
}

// The lock of a process that looks is a reader's: a link at its name is no owner.
func TestOwnerThroughALink(t *testing.T) {
	held, d := create(t, t.TempDir(), "x"), create(t, t.TempDir(), "y")
	if err := errors.Join(d.Close(), os.Remove(d.Path(".lock")), os.Symlink(held.Path(".lock"), d.Path(".lock"))); err != nil {
		t.Fatal(err)
	}
	if pid, locked := d.Owner(); locked {
		t.Errorf("process %d holds a run through a link", pid)
	}
	var wrong *plainfile.Error
	if _, err := Open("", string(d.Dir)); !errors.As(err, &wrong) {
		t.Errorf("open: %v, want a *plainfile.Error", err)
	}
}
