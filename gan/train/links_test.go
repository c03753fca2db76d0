package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/gan/report"
	"ganengine/gan/rundir"
)

// An unpacked run may hold links. A resume follows none of them: what they lead to stays as it is.
func TestResumeFollowsNoLinks(t *testing.T) {
	d := interrupt(t, tinyRing, t.TempDir(), 3, "sample.every=1")
	last, err := d.Checkpoint("latest")
	if err != nil {
		t.Fatal(err)
	}
	var inside []string
	for _, pattern := range []string{"*", "samples/*", "checkpoints/*"} {
		for _, name := range names(t, d.Path(pattern)) {
			inside = append(inside, filepath.Join(filepath.Dir(pattern), name))
		}
	}
	next, err := filepath.Rel(string(d), d.SamplePath(last.Step+1))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(inside, next) {
		if name == "reals.png" {
			continue // written by a fresh run only, into a directory of its own
		}
		t.Run(name, func(t *testing.T) {
			unpacked := rundir.Dir(filepath.Join(t.TempDir(), "00000-unpacked"))
			if err := os.CopyFS(string(unpacked), os.DirFS(string(d))); err != nil {
				t.Fatal(err)
			}
			path, outside := unpacked.Path(name), filepath.Join(t.TempDir(), "outside")
			if _, err := os.Stat(path); err != nil {
				if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Rename(path, outside); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(outside, path); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, outside)
			h, c := testHost(t, "")
			err := Resume(context.Background(), string(unpacked), nil, h)
			if name == report.File && err == nil { // a page is not worth a run
				for _, line := range c.lines {
					if strings.Contains(line, "link") {
						err = errors.New(line)
					}
				}
			}
			if err == nil || !strings.Contains(err.Error(), path+": it is a symbolic link") || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line about the link", err)
			}
			if after := snapshot(t, outside); after != before {
				t.Errorf("behind the link lies\n%.200q\nand lay\n%.200q", after, before)
			}
		})
	}
}

// snapshot is the content of a file, or of the files of a folder.
func snapshot(t *testing.T, path string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(path, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all.WriteString(path + "\n" + string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
