package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// What a power failure leaves is whole only if the new content is on the disk before the file gets its name, and
// the name before anyone is told.
func TestSyncedBeforeRenamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	content := func(path string) string {
		b, err := os.ReadFile(path)
		if err != nil {
			return "nothing"
		}
		return string(b)
	}
	var seen []string
	watched := operations{
		sync: func(f *os.File) error {
			seen = append(seen, "sync of "+content(f.Name())+" with "+content(path)+" in place")
			return system.sync(f)
		},
		rename: func(from, to string) error {
			if to != path {
				t.Errorf("renamed to %s", to)
			}
			seen = append(seen, "rename of "+content(from))
			return system.rename(from, to)
		},
		syncDir: func(dir string) {
			if dir != filepath.Dir(path) {
				t.Errorf("synced directory %s", dir)
			}
			seen = append(seen, "sync of the directory with "+content(path))
		},
	}
	for _, text := range []string{"old", "new"} {
		if err := watched.replace(path, nil, all([]byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"sync of old with nothing in place", "rename of old", "sync of the directory with old",
		"sync of new with old in place", "rename of new", "sync of the directory with new"}; !reflect.DeepEqual(seen, want) {
		t.Errorf("steps\n%q\nwant\n%q", seen, want)
	}
}

// A disk that fails at the last moment leaves the old file, and nothing beside it.
func TestFailedStepsKeepTheOldFile(t *testing.T) {
	broken := errors.New("input/output error")
	for name, o := range map[string]operations{
		"sync":   {sync: func(*os.File) error { return broken }, rename: os.Rename, syncDir: SyncDir},
		"rename": {sync: (*os.File).Sync, rename: func(string, string) error { return broken }, syncDir: SyncDir},
	} {
		path := filepath.Join(t.TempDir(), "run.json")
		if err := WriteBytes(path, []byte("old")); err != nil {
			t.Fatal(err)
		}
		if err := o.replace(path, nil, all([]byte("new"))); !errors.Is(err, broken) {
			t.Errorf("%s fails: %v", name, err)
		}
		if got, _ := os.ReadFile(path); string(got) != "old" || len(names(t, filepath.Dir(path))) != 1 {
			t.Errorf("%s failed: the file holds %q, the directory %q", name, got, names(t, filepath.Dir(path)))
		}
	}
}

// WriteSoon replaces whole too: what fails leaves the old file, and nothing beside it.
func TestWriteSoon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	broken := errors.New("no picture")
	for _, want := range []string{"one", "two"} {
		if err := WriteSoon(path, all([]byte(want))); err != nil {
			t.Fatal(err)
		}
		if err := WriteSoon(path, func(io.Writer) error { return broken }); !errors.Is(err, broken) || !strings.Contains(err.Error(), path) {
			t.Errorf("an error that names no file: %v", err)
		}
		if got, _ := os.ReadFile(path); string(got) != want || len(names(t, filepath.Dir(path))) != 1 {
			t.Errorf("the file holds %q, want %q", got, want)
		}
	}
}
