package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/npy"
)

// drawn is a set of 2×3 images whose bytes tell them from each other.
type drawn struct {
	n       int
	classes []string
	bad     map[int]bool
}

var errBad = errors.New("image x.png cannot be read")

func (d drawn) Len() int             { return d.n }
func (d drawn) Shape() (h, w, c int) { return 2, 3, 3 }
func (d drawn) Classes() []string    { return d.classes }
func (d drawn) Label(i int) int      { return i % len(d.classes) }
func (d drawn) Read(dst []byte, i int) error {
	for k := range dst {
		dst[k] = byte(i*31 + k)
	}
	if d.bad[i] {
		return fmt.Errorf("sample %d: %w", i, errBad)
	}
	return nil
}

// members are the names in an archive, and the contents.
func members(t *testing.T, path string) (names []string, contents [][]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names, contents = append(names, h.Name), append(contents, b)
	}
}

func write(t *testing.T, path string, set Images, o Options) Result {
	t.Helper()
	r, err := Write(t.Context(), path, set, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestMembers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.tar")
	set := drawn{n: 3, classes: []string{"cat", "a \"dog\""}}
	r := write(t, path, set, Options{})
	names, contents := members(t, path)
	want := []string{"__classes__", "00000000.npy", "00000000.cls", "00000001.npy", "00000001.cls", "00000002.npy", "00000002.cls"}
	if !slices.Equal(names, want) {
		t.Fatalf("members %q, want %q", names, want)
	}
	if got, want := string(contents[0]), `["cat","a \"dog\""]`; got != want {
		t.Errorf("classes %s, want %s", got, want)
	}
	pixels := make([]byte, 18)
	for i := range 3 {
		shape, data, err := npy.Read[uint8](bytes.NewReader(contents[1+2*i]))
		set.Read(pixels, i)
		if err != nil || !slices.Equal(shape, []int{2, 3, 3}) || !bytes.Equal(data, pixels) {
			t.Errorf("sample %d: %v %v %v", i, shape, data, err)
		}
		if got, want := string(contents[2+2*i]), fmt.Sprint(i%2); got != want {
			t.Errorf("class of sample %d is %s, want %s", i, got, want)
		}
	}
	info, err := os.Stat(path)
	if err != nil || r.Bytes != info.Size() || r.Images != 3 || !slices.Equal(r.Files, []string{path}) || r.Path != path {
		t.Errorf("result %+v, of a file of %d bytes", r, info.Size())
	}
	write(t, path, drawn{n: 2}, Options{})
	if names, _ := members(t, path); !slices.Equal(names, []string{"00000000.npy", "00000001.npy"}) {
		t.Errorf("without classes: members %q", names)
	}
}

// TestShards: archives as large as allowed, the same bytes each time, and names that
// go on from one to the next.
func TestShards(t *testing.T) {
	const limit = 512 + 512 + 3*(512+512+512+512) + 1024
	set := drawn{n: 10, classes: []string{"a", "b"}}
	var first [][]byte
	for range 3 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "00099.tar"), nil, 0o666); err != nil { // no part of this pack
			t.Fatal(err)
		}
		r := write(t, filepath.Join(dir, "x.tar"), set, Options{Shard: limit})
		var all [][]byte
		var keys []string
		for i, f := range r.Files {
			if want := filepath.Join(dir, fmt.Sprintf("x-%05d.tar", i)); f != want {
				t.Errorf("shard %d is %s, want %s", i, f, want)
			}
			b, err := os.ReadFile(f)
			if err != nil || len(b) > limit {
				t.Errorf("%s has %d bytes, %v: more than %d", f, len(b), err, limit)
			}
			names, _ := members(t, f)
			keys = append(keys, names[1:]...)
			all = append(all, b)
		}
		if want := filepath.Join(dir, "x-{00000..00003}.tar"); r.Path != want {
			t.Errorf("all are read by %s, want %s", r.Path, want)
		}
		if len(all) != 4 || len(keys) != 20 || keys[19] != "00000009.cls" {
			t.Errorf("%d shards of %q", len(all), keys)
		}
		if first == nil {
			first = all
		}
		if !slices.EqualFunc(first, all, bytes.Equal) {
			t.Error("the bytes differ from those of the pack before")
		}
		if _, err := Write(t.Context(), filepath.Join(dir, "x.tar"), drawn{n: 16}, Options{Shard: limit}); err == nil || !strings.Contains(err.Error(), "x-00003.tar is of another pack") {
			t.Errorf("fewer shards than are there: %v", err)
		}
	}
}

// TestWholeOrNothing: what fails in the last shard leaves no file, and what was there
// as it was.
func TestWholeOrNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.tar")
	left := func(name string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 0 {
			t.Errorf("%s: %v, left behind: %v", name, err, entries)
		}
	}
	set := drawn{n: 10, bad: map[int]bool{9: true}}
	if _, err := Write(t.Context(), path, set, Options{Shard: 4096}); !errors.Is(err, errBad) || strings.Contains(err.Error(), "x-00000.tar") {
		t.Errorf("an unreadable image: %v", err)
	}
	left("an unreadable image")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Write(ctx, path, set, Options{Shard: 4096}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	left("cancelled")
	if _, err := Write(t.Context(), filepath.Join(dir, "none", "x.tar"), set, Options{}); err == nil || !strings.Contains(err.Error(), "make it, or name another place") && !strings.Contains(err.Error(), "create the directory") {
		t.Errorf("no such folder: %v", err)
	}
	all := drawn{n: 2, bad: map[int]bool{0: true, 1: true}}
	if _, err := Write(t.Context(), path, all, Options{Skip: true}); err == nil || !strings.Contains(err.Error(), "nothing was packed") {
		t.Errorf("no image: %v", err)
	}
	left("no image")
}

// TestSkip: names and shards have no gaps where images are left out.
func TestSkip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.tar")
	var notes []string
	set := drawn{n: 6, bad: map[int]bool{0: true, 3: true, 4: true, 5: true}}
	r := write(t, path, set, Options{Skip: true, Shard: 1024 + 2*1024, Note: func(s string) { notes = append(notes, s) }})
	if len(r.Files) != 1 || r.Path != r.Files[0] || r.Images != 2 || len(notes) != 4 {
		t.Fatalf("result %+v, notes %q", r, notes)
	}
	names, contents := members(t, r.Files[0])
	_, first, err := npy.Read[uint8](bytes.NewReader(contents[0]))
	if err != nil || !slices.Equal(names, []string{"00000000.npy", "00000001.npy"}) || first[0] != 31 {
		t.Errorf("members %q, the first %v, %v", names, first, err)
	}
}
