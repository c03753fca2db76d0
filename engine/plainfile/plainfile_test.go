//go:build unix

package plainfile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Nothing but a regular file is opened, nothing is made or changed, and nothing blocks.
func TestOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	check(t, os.WriteFile(at("file"), []byte("content"), 0o600))
	check(t, os.Symlink("file", at("link")))
	check(t, os.Symlink("nowhere", at("dangling")))
	check(t, os.Mkdir(at("folder"), 0o755))
	check(t, syscall.Mkfifo(at("pipe"), 0o600))
	socket, err := net.Listen("unix", at("socket"))
	check(t, err)
	defer socket.Close()
	for name, kind := range map[string]string{"link": "a symbolic link", "dangling": "a symbolic link", "folder": "a directory", "pipe": "a named pipe", "socket": "a socket"} {
		for _, flag := range []int{os.O_RDONLY, os.O_WRONLY | os.O_CREATE | os.O_APPEND, os.O_RDWR | os.O_CREATE} {
			f, err := OpenFile(at(name), flag, 0o666)
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Kind != kind || !strings.HasPrefix(err.Error(), "open "+at(name)+": it is "+kind) || strings.Contains(err.Error(), "\n") {
				t.Errorf("open %s with %#x: %v, want one line about %s", name, flag, err, kind)
			}
			if err == nil {
				f.Close()
			}
		}
	}
	for name, kind := range map[string]string{"folder": "a directory", "pipe": "a named pipe", "socket": "a socket"} {
		check(t, os.Symlink(name, at("to "+name)))
		for _, path := range []string{at(name), at("to " + name)} {
			if _, _, err := OpenLinked(path); err == nil || err.Error() != "open "+path+": it is "+kind+", not a file" {
				t.Errorf("open %s through links: %v", path, err)
			}
		}
	}
	for _, path := range []string{at("file"), at("link")} {
		f, info, err := OpenLinked(path)
		check(t, err)
		if info.Size() != 7 {
			t.Errorf("%s has %d bytes", path, info.Size())
		}
		for n, want := range map[int]string{3: "con", 9: "content"} {
			if head, err := Head(path, n); err != nil || string(head) != want {
				t.Errorf("the first %d bytes of %s are %q, %v", n, path, head, err)
			}
		}
		f.Close()
	}
	if _, _, err := OpenLinked(at("dangling")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link that leads nowhere: %v", err)
	}
	if _, _, err := OpenLinked(os.DevNull); err == nil || err.Error() != "open "+os.DevNull+": it is a device, not a file" {
		t.Errorf("a device: %v", err)
	}
	if _, err := os.Lstat(at("nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file was made through a link: %v", err)
	}
	if got, err := ReadFile(at("file")); err != nil || string(got) != "content" {
		t.Errorf("the regular file holds %q (%v)", got, err)
	}
	for _, path := range []string{at("absent"), filepath.Join(at("file"), "x")} {
		_, opened := Open(path)
		if _, err := Lstat(path); !errors.Is(opened, errors.Unwrap(err)) || errors.As(opened, new(*Error)) {
			t.Errorf("%s: %v, %v", path, opened, err)
		}
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	check(t, os.Mkdir(at("folder"), 0o755))
	check(t, os.Symlink("folder", at("link")))
	check(t, os.WriteFile(at("file"), nil, 0o600))
	for name, want := range map[string]string{"link": "a symbolic link", "file": "a file", "absent": "no such file"} {
		if err := Directory(at(name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	check(t, Directory(at("folder")))
}

func TestCheck(t *testing.T) {
	if err := Check(0o644); err != nil {
		t.Errorf("a regular file: %v", err)
	}
	for mode, want := range map[fs.FileMode]string{fs.ModeIrregular: "something irregular", fs.ModeDevice | fs.ModeCharDevice | 0o666: "a device"} {
		if err := Check(mode); err == nil || err.Error() != "it is "+want+", not a file" {
			t.Errorf("%v: %v, want %s", mode, err, want)
		}
	}
}
