//go:build unix

package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ganengine/engine/plainfile"
)

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode()
}

// A replaced file keeps its permissions whatever the mask says; a new one has what the mask leaves.
func TestPermissions(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	for _, put := range []func(string, []byte) error{WriteBytes, ReplaceBytes} {
		path := filepath.Join(t.TempDir(), "w.safetensors")
		if err := put(path, nil); err != nil || mode(t, path) != 0o640 {
			t.Errorf("a new file has %v (%v), want 0640", mode(t, path), err)
		}
		for _, want := range []fs.FileMode{0o600, 0o666, 0o444, 0o755} {
			if err := os.Chmod(path, want); err != nil {
				t.Fatal(err)
			}
			if err := put(path, []byte("new")); err != nil || mode(t, path) != want {
				t.Errorf("a file of %v has %v afterwards (%v)", want, mode(t, path), err)
			}
		}
	}
}

// While it is written the new content is not open to more than the old was.
func TestTemporaryIsNoMoreOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	watched := system
	watched.sync = func(f *os.File) error {
		if got := mode(t, f.Name()); got != 0o600 {
			t.Errorf("the temporary has %v, want 0600", got)
		}
		return nil
	}
	info, err := os.Stat(path)
	if err == nil {
		err = watched.replace(path, info, all(nil))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// An output that is a link writes to where it leads, there or not.
func TestWriteThroughLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"first": "sub/second", "sub/second": "../third", "third": at("sub/end"), "lost": "absent/file", "round": "round"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"made", "replaced"} {
		if err := WriteBytes(at("first"), []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(at("sub/end")); string(got) != text || mode(t, at("sub/end")).Type() != 0 {
			t.Errorf("at the end of the links lies %q, want %q", got, text)
		}
	}
	for _, link := range []string{"first", "sub/second", "third", "lost", "round"} {
		if link == "lost" || link == "round" {
			want := map[string]string{"lost": "create the directory first", "round": "in a circle"}[link]
			if err := WriteBytes(at(link), nil); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), at(link)) {
				t.Errorf("%s: %v, want %q", link, err, want)
			}
		}
		if mode(t, at(link)).Type() != fs.ModeSymlink {
			t.Errorf("link %s was replaced", link)
		}
	}
}

// Replace goes through no link and over nothing but a regular file.
func TestReplaceRefusesLinks(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("elsewhere"), []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"run.json": "elsewhere", "config.toml": "nowhere"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := names(t, dir)
	for _, name := range []string{"run.json", "config.toml", "pipe", "."} {
		var wrong *plainfile.Error
		if err := ReplaceBytes(at(name), []byte("new")); !errors.As(err, &wrong) {
			t.Errorf("%s: %v, want a *plainfile.Error", name, err)
		}
	}
	if got, _ := os.ReadFile(at("elsewhere")); string(got) != "kept" || len(names(t, dir)) != len(before) {
		t.Errorf("the file behind the link holds %q, the directory %q", got, names(t, dir))
	}
}

// A pipe is written once it is read, also when its reader comes late; without one it is an error, not a wait for ever.
func TestPipeNeedsReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("0123456789"), 50_000) // more than a pipe holds
	got := make(chan []byte)
	go func() {
		time.Sleep(30 * time.Millisecond)
		b, _ := os.ReadFile(path)
		got <- b
	}()
	if err := WriteBytes(path, want); err != nil {
		t.Error(err)
	}
	if b := <-got; !bytes.Equal(b, want) {
		t.Errorf("%d bytes arrived, want %d", len(b), len(want))
	}

	defer func(d time.Duration) { readerWait = d }(readerWait)
	readerWait = 20 * time.Millisecond
	failed := make(chan error, 1)
	go func() { failed <- WriteBytes(path, want) }()
	select {
	case err := <-failed:
		if err == nil || !strings.Contains(err.Error(), "nothing reads this pipe: start its reader first") {
			t.Errorf("without a reader: %v", err)
		}
	case <-time.After(2 * time.Second):
		t.Error("without a reader it waits for ever")
	}
}

// A link to standard output leads to a pipe that has no path of its own.
func TestLinkToNamelessPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	link := filepath.Join(t.TempDir(), "out.npy")
	if err := os.Symlink(fmt.Sprintf("/dev/fd/%d", w.Fd()), link); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(link); err != nil {
		t.Skip("this system has no /dev/fd")
	}
	if err := errors.Join(WriteBytes(link, []byte("content")), w.Close()); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); err != nil || string(b) != "content" {
		t.Errorf("%q arrived (%v)", b, err)
	}
}
