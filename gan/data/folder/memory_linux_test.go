package folder

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ganengine/gan/data/files"
	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/pixel"
)

// TestUnderALimitOfMemory reads, in a process with little address space, large
// pictures with many workers, and meets one that is too large for it. A Go
// program that asks for more than it can have ends with a stack of goroutines.
func TestUnderALimitOfMemory(t *testing.T) {
	const more, child = 560 << 20, "FOLDER_TEST_CHILD"
	if root := os.Getenv(child); root != "" {
		limitMemory(t, more)
		fmt.Println(readLarge(root))
		return
	}
	if testing.Short() {
		t.Skip("limits address space, of which a race detector maps some for each byte of the heap")
	}
	large := hollow(t, 4000, 4000, 8, true)
	files := map[string][]byte{}
	for i := range 5 {
		files[fmt.Sprintf("%d.png", i)] = large
	}
	for _, c := range []struct {
		add  string
		want string
	}{
		{"", "all is read"},
		{"deep.png", "deep.png cannot be read: it has 16000x16000 pixels: it needs 2.0 GB of memory and may take "},
	} {
		if c.add != "" {
			files[c.add] = hollow(t, 16000, 16000, 16, false)
		}
		run := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
		run.Env = append(os.Environ(), child+"="+filestest.Folder(t, files))
		out, err := run.CombinedOutput()
		first, rest, _ := strings.Cut(string(out), "\n")
		if err != nil || !strings.Contains(first, c.want) || strings.Contains(rest, "goroutine") {
			t.Errorf("with %q: %v\n%.2000s\nwant %q", c.add, err, out, c.want)
		}
	}
}

// limitMemory is ulimit -v in this process, to what it has and so much more.
func limitMemory(t *testing.T, more uint64) {
	var pages uint64
	text, err := os.ReadFile("/proc/self/statm")
	if _, scanErr := fmt.Sscan(string(text), &pages); err != nil || scanErr != nil {
		t.Fatal(err, scanErr)
	}
	limit := pages*uint64(os.Getpagesize()) + more
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Fatal(err)
	}
}

// readLarge reads every image of a folder at once.
func readLarge(root string) string {
	format, err := pixel.NewFormat(64, 64, 3, "", "")
	if err != nil {
		return err.Error()
	}
	s, err := Open(context.Background(), root, files.Options{Format: format}, func(string) {})
	if err != nil {
		return err.Error()
	}
	errs := make([]error, s.Len())
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = s.Read(make([]byte, format.Bytes()), i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err.Error()
		}
	}
	return "all is read"
}

// hollow is a PNG of RGBA in bits a channel, transparent all over; without pixels
// it only promises them.
func hollow(t *testing.T, w, h, bits int, pixels bool) []byte {
	t.Helper()
	file := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(name string, data []byte) {
		file = binary.BigEndian.AppendUint32(file, uint32(len(data)))
		body := append([]byte(name), data...)
		file = binary.BigEndian.AppendUint32(append(file, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	chunk("IHDR", append(binary.BigEndian.AppendUint32(head, uint32(h)), byte(bits), 6, 0, 0, 0))
	var packed bytes.Buffer
	if pixels {
		z, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		row := make([]byte, 1+4*bits/8*w)
		for range h {
			z.Write(row)
		}
		z.Close()
	}
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return file
}

// TestWaitingForMemoryEnds: a read that waits for others' memory ends with the
// context that the folder was opened under, and says no ill of the file.
func TestWaitingForMemoryEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	root := filestest.Folder(t, map[string][]byte{"a.png": hollow(t, 2500, 2500, 8, false)})
	format, _ := pixel.NewFormat(8, 8, 3, "", "")
	s, err := Open(ctx, root, files.Options{Format: format}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	err = s.Read(make([]byte, format.Bytes()), 0)
	if err == nil || !strings.Contains(err.Error(), "waiting for memory: context canceled") || strings.Contains(err.Error(), "remove it") {
		t.Errorf("a read after its context: %v", err)
	}
}
