package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestWriteReplacesWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.json")
	for _, content := range []string{"first", "", strings.Repeat("long ", 50_000)} {
		if err := WriteBytes(path, []byte(content)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != content {
			t.Fatalf("read back %d bytes, %v; want %d", len(got), err, len(content))
		}
	}
	if got := names(t, filepath.Dir(path)); len(got) != 1 {
		t.Errorf("directory holds %q, want the file alone", got)
	}
}

func TestFailureKeepsTheOldFile(t *testing.T) {
	disk := &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for _, tc := range []struct {
		name  string
		cause error
		want  string
	}{
		{"full disk", disk, "free some space"},
		{"limit", &fs.PathError{Op: "write", Path: "x", Err: syscall.EFBIG}, "ulimit -f"},
		{"caller's error", errors.New("tensor missing"), "tensor missing"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "w.safetensors")
			if err := WriteBytes(path, []byte("old")); err != nil {
				t.Fatal(err)
			}
			err := Write(path, func(w io.Writer) error {
				if _, err := io.WriteString(w, strings.Repeat("new", bufferSize)); err != nil {
					return err
				}
				return tc.cause
			})
			if !errors.Is(err, tc.cause) || !strings.Contains(err.Error(), tc.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %q: want %q, the path and the cause in it", err, tc.want)
			}
			if got, _ := os.ReadFile(path); string(got) != "old" {
				t.Errorf("file holds %.20q after a failed write, want the old content", got)
			}
			if got := names(t, filepath.Dir(path)); len(got) != 1 {
				t.Errorf("directory holds %q: the temporary was left", got)
			}
		})
	}
}

func TestUnwritablePlaces(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "full"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(file, "out.png"):          "a part of this path is a file",
		filepath.Join(dir, "absent", "out.png"): "create the directory first",
		filepath.Join(dir, "full"):              filepath.Join(dir, "full"),
	} {
		err := WriteBytes(path, []byte("x"))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("write %s: %v; want %q in it", path, err, want)
		}
	}
	for _, n := range names(t, dir) {
		if IsTemp(n) {
			t.Errorf("temporary %s was left", n)
		}
	}
}

func TestStaleTemporaryIsNoObstacle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	stale := filepath.Join(filepath.Dir(path), fmt.Sprintf(".a%s%d-0", tempMark, os.Getpid()))
	if err := os.WriteFile(stale, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(path, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if !IsTemp(filepath.Base(stale)) || IsTemp("a") || IsTemp("a.tmp-notes") {
		t.Error("IsTemp does not tell temporaries from other files")
	}
}

func TestDirectoryOfThatName(t *testing.T) {
	dir := t.TempDir()
	if err := WriteBytes(dir, []byte("x")); err == nil || !strings.Contains(err.Error(), "choose another name") {
		t.Errorf("write over a directory: %v, want what to do", err)
	}
	if left := names(t, filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("beside it lies %q", left)
	}
}

func TestExplainLeavesOtherErrors(t *testing.T) {
	if Explain(nil) != nil || Explain(io.EOF) != io.EOF {
		t.Error("Explain changed an error that it has no advice for")
	}
}

func TestDevicesAndLinksStay(t *testing.T) {
	const full = "/dev/full"
	before, err := os.Lstat(full)
	if err != nil {
		t.Skip(full, "is not here")
	}
	if err := WriteBytes(full, []byte("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write to %s: %v, want ENOSPC", full, err)
	}
	if after, err := os.Lstat(full); err != nil || after.Mode() != before.Mode() {
		t.Fatalf("%s was replaced: %v", full, err)
	}
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.WriteFile(filepath.Join(dir, "real"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteBytes(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "real")); string(got) != "new" {
		t.Errorf("the linked file holds %q, want the new content", got)
	}
	if info, _ := os.Lstat(link); info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced by a file")
	}
}

// Check finds a place that takes no file, and leaves nothing in one that does.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{
		filepath.Join(dir, "none", "x.npy"): "there is no directory " + filepath.Join(dir, "none"),
		dir:                                 "it is a directory",
		filepath.Join(dir, "x.npy"):         "",
		"/dev/null":                         "",
	} {
		if err := Check(path); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("it leaves %v (%v)", entries, err)
	}
}
