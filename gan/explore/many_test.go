package explore

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/npy"
	"ganengine/gan/systems"
)

const tinyClasses = `
[data]
size = 16
channels = 3
labels = true
[model]
kind = "sngan"
z = 6
g_channels = 4
d_channels = 4
`

// pixelsOf are the pixels of a PNG file.
func pixelsOf(t *testing.T, file []byte) (out []uint8) {
	t.Helper()
	im, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	b := im.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			r, g, b, _ := im.At(x, y).RGBA()
			out = append(out, uint8(r>>8), uint8(g>>8), uint8(b>>8))
		}
	}
	return out
}

// members are the files of a shard, in order.
func members(t *testing.T, path string) (names []string, files map[string][]byte) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files = map[string][]byte{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names, files
		}
		if err == nil {
			files[h.Name], err = io.ReadAll(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}

// A folder by classes and a shard hold the images that an array has, in its order, however
// many parts are on their way at once.
func TestManyImages(t *testing.T) {
	e := open(t, makeRun(t, tinyClasses, 16, 16, 3), Options{Chunk: 5})
	const n = 60
	seeds := &Seeds{}
	seeds.Add(3, n)
	per := n / e.Classes()
	l := e.OfClass(e.Drawn(seeds, 0), e.Width(), func(i int) int { return i / per })
	var told []int
	o := Output{Name: func(i int) string { return fmt.Sprintf("seed%06d", seeds.At(i)) }, Classed: true, Done: func(n int) { told = append(told, n) }}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, path := range []string{at("all.npy"), at("all.tar"), at("by") + "/"} {
		told = nil
		if err := e.Write(t.Context(), path, l, o); err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(told) || len(told) != n/5 || told[len(told)-1] != n {
			t.Errorf("%s: told of %v", path, told)
		}
	}
	_, pixels, err := npy.ReadFile[uint8](at("all.npy"))
	if err != nil {
		t.Fatal(err)
	}
	names, files := members(t, at("all.tar"))
	folders := folderNames(e.ClassNames())
	for i := range n {
		key, class := o.Name(i), i/per
		want := pixels[i*16*16*3 : (i+1)*16*16*3]
		if names[2*i] != key+".png" || names[2*i+1] != key+".cls" || string(files[key+".cls"]) != fmt.Sprint(class) {
			t.Fatalf("the shard has %v", names[2*i:2*i+2])
		}
		if !slices.Equal(pixelsOf(t, files[key+".png"]), want) {
			t.Errorf("%s of the shard is another image", key)
		}
		file, err := os.ReadFile(filepath.Join(at("by"), folders[class], key+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(pixelsOf(t, file), want) {
			t.Errorf("%s of the folder is another image", key)
		}
	}
}

// Whoever stops it meanwhile leaves no part of a shard, and of a folder whole images only.
func TestManyImagesStopped(t *testing.T) {
	e := open(t, makeRun(t, tinyImages, 8, 8, 3), Options{Chunk: 5})
	seeds := &Seeds{}
	seeds.Add(0, 1000)
	stop := errors.New("stopped")
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "all.tar"), filepath.Join(dir, "each") + "/"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		o := Output{Name: func(i int) string { return fmt.Sprint(i) }, Done: func(n int) {
			if n >= 50 {
				cancel(stop)
			}
		}}
		if err := e.Write(ctx, path, e.Drawn(seeds, 0), o); !errors.Is(err, stop) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "all.tar")); err == nil {
		t.Error("a part of the shard is left")
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	files, err := filepath.Glob(filepath.Join(dir, "each", "*"))
	if err != nil || len(files) < 50 || len(files) > 150 {
		t.Errorf("%d files (%v)", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		pixelsOf(t, b)
	}
	full := e.compressed(t.Context(), e.Drawn(seeds, 0), Output{}, func(i int, _ int32, _ []byte) error {
		if i == 7 {
			return stop
		}
		return nil
	})
	if !errors.Is(full, stop) {
		t.Errorf("an output that takes no more: %v", full)
	}
}

// No name of a class leads out of the folder, or to that of another.
func TestFolderNames(t *testing.T) {
	got := folderNames([]string{"cat", "../dog", "a/b", "cat", "", "..", "bird ", "\x1b[2J", "näher", strings.Repeat("x", 300)})
	want := []string{"cat", "00001", "a_b", "00003", "00004", "00005", "00006", "_[2J", "näher", "00009"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Every sampler that draws makes the same samples by parts that follow each other on the
// device as one by one.
func TestPartsFollow(t *testing.T) {
	for name, text := range map[string]string{"images": tinyImages, "points": tinyPoints} {
		shape := []int{8, 8, 3}
		if name == "points" {
			shape = []int{2}
		}
		e := openRun(t, makeRun(t, text, shape...), Options{Chunk: 4, Systems: systems.Table()})
		seeds := &Seeds{}
		seeds.Add(0, 23)
		z, err := e.Latents(t.Context(), allOf(seeds))
		if err != nil {
			t.Fatal(err)
		}
		all := generate(t, e, z, true)
		for i := range 23 {
			one := generate(t, e, z[i*e.Width():(i+1)*e.Width()], true)
			if !slices.Equal(one.Raw, all.numbers(i)) {
				t.Errorf("%s: sample %d is another", name, i)
			}
		}
	}
}

func allOf(s *Seeds) (out []int32) {
	for i := range s.Len() {
		out = append(out, s.At(i))
	}
	return out
}
