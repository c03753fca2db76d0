package explore

import (
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

func TestWrite(t *testing.T) {
	run := makeRun(t, tinyImages, 8, 8, 3)
	e := open(t, run, Options{Chunk: 1})
	z, err := e.Latents(t.Context(), []int32{4, 9})
	if err != nil {
		t.Fatal(err)
	}
	pixels, numbers := generate(t, e, z, false).Pixels, generate(t, e, z, true).Raw
	var seeds Seeds
	seeds.Add(4, 1)
	seeds.Add(9, 1)
	l := e.Drawn(&seeds, 0)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	name := func(i int) string { return fmt.Sprint("seed", seeds.At(i)) }
	for _, file := range []string{"/grid.png", "/each/", "/pixels.npy", "/both.npz"} {
		if err := e.Write(t.Context(), dir+file, l, Output{Name: name, Caption: func(i int, _ string) string { return name(i) }}); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Write(t.Context(), dir+"/large/", l, Output{Name: name, Scale: 3}); err != nil {
		t.Fatal(err)
	}
	if err := e.Write(t.Context(), at("raw.npy"), l, Output{Raw: true}); err != nil {
		t.Fatal(err)
	}
	if err := e.WriteGIF(t.Context(), at("walk.gif"), l, nil); err != nil {
		t.Fatal(err)
	}
	for file, side := range map[string]int{"grid.png": 0, "each/seed4.png": 8, "each/seed9.png": 8, "large/seed9.png": 24} {
		f, err := os.Open(at(file))
		if err != nil {
			t.Fatal(err)
		}
		im, err := png.Decode(f)
		f.Close()
		if err != nil || side > 0 && im.Bounds().Dx() != side {
			t.Errorf("%s: %v, want a width of %d", file, err, side)
		}
	}
	shape, got, err := npy.ReadFile[uint8](at("pixels.npy"))
	if err != nil || !slices.Equal(shape, []int{2, 8, 8, 3}) || !slices.Equal(got, pixels) {
		t.Errorf("pixels.npy: %v %v", shape, err)
	}
	shape, raw, err := npy.ReadFile[float32](at("raw.npy"))
	if err != nil || !slices.Equal(shape, []int{2, 8, 8, 3}) || !slices.Equal(raw, numbers) {
		t.Errorf("raw.npy: %v %v", shape, err)
	}
	a, err := npy.Open(at("both.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	shape, latents, err := npy.ReadArray[float32](a, "z")
	if err != nil || !slices.Equal(shape, []int{2, 6}) || !slices.Equal(latents, z) {
		t.Errorf("z of both.npz: %v %v", shape, err)
	}
	if _, got, err := npy.ReadArray[uint8](a, "arr_0"); err != nil || !slices.Equal(got, pixels) {
		t.Errorf("arr_0 of both.npz: %v", err)
	}
	for i, x := range numbers { // what pixels are, by the formula
		if want := math.Floor(float64(float32(127.5*x) + 128)); float64(pixels[i]) != max(0, min(255, want)) {
			t.Fatalf("pixel %d is %d for %g", i, pixels[i], x)
		}
	}
}

func TestWritePoints(t *testing.T) {
	e := open(t, makeRun(t, tinyPoints, 2), Options{Chunk: 2})
	var seeds Seeds
	seeds.Add(1, 3)
	l, dir := e.Drawn(&seeds, 0), t.TempDir()
	for _, name := range []string{"p.png", "p.npy"} {
		if err := e.Write(t.Context(), filepath.Join(dir, name), l, Output{}); err != nil {
			t.Error(err)
		}
	}
	z, err := e.Latents(t.Context(), []int32{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	shape, data, err := npy.ReadFile[float32](filepath.Join(dir, "p.npy"))
	if err != nil || !slices.Equal(shape, []int{3, 2}) || !slices.Equal(data, generate(t, e, z, true).Raw) {
		t.Errorf("p.npy: %v %v %v", shape, data, err)
	}
	for _, path := range []string{dir, "x.jpg", "", "noext"} {
		if err := e.Write(t.Context(), path, l, Output{}); err == nil {
			t.Errorf("%q was written", path)
		}
	}
	if err := e.WriteGIF(t.Context(), filepath.Join(dir, "p.gif"), l, nil); err == nil {
		t.Error("points were animated")
	}
	if err := e.Write(t.Context(), filepath.Join(dir, "many.png"), endless{1 << 40, 5, nil}, Output{}); err == nil || !strings.Contains(err.Error(), "shows no more") {
		t.Errorf("a picture of too many points: %v", err)
	}
}

// endless are latents that take no memory; read is told of each part.
type endless struct {
	n, length int
	read      func(first int)
}

func (l endless) Len() int { return l.n }

func (l endless) Read(_ context.Context, first, n int) ([]float32, error) {
	if l.read != nil {
		l.read(first)
	}
	return make([]float32, n*l.length), nil
}

// What is in memory does not grow with the number of samples.
func TestMemoryIsBounded(t *testing.T) {
	e := open(t, makeRun(t, tinyImages, 8, 8, 3), Options{Chunk: 64})
	const n = 64 * 40 // 1.9 MiB of numbers, 0.5 MiB of pixels
	for _, test := range []struct {
		path string
		raw  bool
	}{{"a.npy", false}, {"a.npy", true}, {"a.npz", true}} {
		var least, most uint64
		l := endless{n, 6, func(first int) {
			if first%(64*8) != 0 {
				return
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			if least == 0 {
				least = m.HeapAlloc
			}
			least, most = min(least, m.HeapAlloc), max(most, m.HeapAlloc)
		}}
		if err := e.Write(t.Context(), filepath.Join(t.TempDir(), test.path), l, Output{Raw: test.raw}); err != nil {
			t.Fatal(err)
		}
		if grown := most - least; grown > 256<<10 {
			t.Errorf("%+v: memory grew by %d KiB over %d samples", test, grown>>10, n)
		}
	}
	var large *picture.TooLarge
	never := endless{1 << 40, 6, func(int) { t.Fatal("something was drawn for a picture that is refused") }}
	if err := e.Write(t.Context(), filepath.Join(t.TempDir(), "a.png"), never, Output{}); !errors.As(err, &large) {
		t.Errorf("a grid beyond measure: %v", err)
	}
	if err := e.WriteGIF(t.Context(), filepath.Join(t.TempDir(), "a.gif"), never, nil); !errors.As(err, &large) {
		t.Errorf("an animation beyond measure: %v", err)
	}
}

// Latents come from .npy and from .npz, of which z is meant, else the first.
func TestOpenLatents(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	z := make([]float32, 600*2)
	for i := range z {
		z[i] = float32(i)
	}
	archive := func(name string, arrays ...string) {
		f, err := os.Create(path(name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		a := npy.NewWriter(f)
		for _, array := range arrays {
			var err error
			if array == "other" {
				err = npy.Add(a, array, []int{3}, []uint8{1, 2, 3})
			} else {
				err = npy.Add(a, array, []int{600, 2}, z)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	archive("named.npz", "other", "z")
	archive("first.npz", "arr_0", "other")
	archive("bad.npz", "other")
	archive("empty.npz")
	if err := npy.WriteFile(path("z.npy"), []int{600, 2}, z); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"z.npy", "named.npz", "first.npz"} {
		f, err := OpenLatents(t.Context(), path(name), 2, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range [][2]int{{0, 600}, {599, 1}, {3, 5}, {8, 2}, {100, 300}} {
			got, err := f.Read(t.Context(), part[0], part[1])
			if err != nil || !slices.Equal(got, z[2*part[0]:2*(part[0]+part[1])]) {
				t.Errorf("%s: latents %v differ (%v)", name, part, err)
			}
		}
		if err := f.Close(); err != nil || f.Len() != 600 {
			t.Errorf("%s: %d latents (%v)", name, f.Len(), err)
		}
	}
	whole, err := os.ReadFile(path("z.npy"))
	if err == nil {
		err = os.WriteFile(path("more.npy"), append(whole, "more"...), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	z[7] = float32(math.NaN())
	if err := npy.WriteFile(path("nan.npy"), []int{600, 2}, z); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"bad.npz": "uint8", "empty.npz": "has no array", "none.npy": "no such file", "nan.npy": "number 1 of latent 3 is NaN",
		"more.npy": "4 bytes after the data of shape [600 2]"} {
		if _, err := OpenLatents(t.Context(), path(name), 2, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if _, err := OpenLatents(t.Context(), path("z.npy"), 3, 0); err == nil || !strings.Contains(err.Error(), "[n, 3]") {
		t.Errorf("latents of another length: %v", err)
	}
}
