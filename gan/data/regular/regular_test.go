package regular

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("file"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", at("link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for _, name := range []string{"file", "link"} {
		f, info, err := Open(at(name))
		if err != nil || info.Size() != 4 {
			t.Fatalf("%s: %v", name, err)
		}
		if text, err := io.ReadAll(f); string(text) != "text" || err != nil {
			t.Errorf("%s holds %q, %v", name, text, err)
		}
		f.Close()
	}
	if err := exec.Command("mkfifo", at("pipe")).Run(); err != nil {
		t.Skip("no named pipes here:", err)
	}
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for path, want := range map[string]string{at("pipe"): "it is a named pipe, not a file", at("socket"): "it is no regular file",
		os.DevNull: "it is a device, not a file", dir: "it is a directory, not a file", at("none"): "no such file or directory"} {
		done := make(chan error, 1)
		go func() {
			_, _, err := Open(path)
			done <- err
		}()
		select {
		case err := <-done:
			if err == nil || err.Error() != "open "+path+": "+want {
				t.Errorf("%v, want %s", err, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("opening %s waits for ever", path)
		}
	}
	if err := Check(os.ModeIrregular); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("an irregular file: %v", err)
	}
}
