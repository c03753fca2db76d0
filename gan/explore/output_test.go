package explore

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/npy"
)

func TestWrite(t *testing.T) {
	run := makeRun(t, tinyImages, 8, 8, 3)
	e := open(t, run, Options{})
	z, err := e.Latents(t.Context(), []int32{4, 9})
	if err != nil {
		t.Fatal(err)
	}
	s, err := e.Generate(t.Context(), z, false)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := e.Generate(t.Context(), z, true)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"/grid.png", "/each/", "/pixels.npy", "/both.npz"} {
		if err := s.Write(dir+name, Layout{Names: []string{"seed4", "seed9"}, Captions: []string{"4", "9"}, Z: z}); err != nil {
			t.Fatal(err)
		}
	}
	if err := numbers.Write(at("raw.npy"), Layout{}); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteGIF(at("walk.gif")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"grid.png", "each/seed4.png", "each/seed9.png", "walk.gif"} {
		if info, err := os.Stat(at(name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	shape, pixels, err := npy.ReadFile[uint8](at("pixels.npy"))
	if err != nil || !slices.Equal(shape, []int{2, 8, 8, 3}) || !slices.Equal(pixels, s.Pixels) {
		t.Errorf("pixels.npy: %v %v", shape, err)
	}
	shape, raw, err := npy.ReadFile[float32](at("raw.npy"))
	if err != nil || !slices.Equal(shape, []int{2, 8, 8, 3}) || !slices.Equal(raw, numbers.Raw) {
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
	for i, x := range numbers.Raw { // what pixels are, by the formula
		if want := math.Floor(float64(float32(127.5*x) + 128)); float64(s.Pixels[i]) != max(0, min(255, want)) {
			t.Fatalf("pixel %d is %d for %g", i, s.Pixels[i], x)
		}
	}
}

func TestWritePoints(t *testing.T) {
	s := &Samples{N: 3, Shape: graph.Shape{2}, Raw: []float32{0, 1, 2, 3, 4, 5}}
	dir := t.TempDir()
	if err := s.Write(filepath.Join(dir, "p.png"), Layout{}); err != nil {
		t.Error(err)
	}
	if err := s.Write(filepath.Join(dir, "p.npy"), Layout{}); err != nil {
		t.Error(err)
	}
	shape, data, err := npy.ReadFile[float32](filepath.Join(dir, "p.npy"))
	if err != nil || !slices.Equal(shape, []int{3, 2}) || !slices.Equal(data, s.Raw) {
		t.Errorf("p.npy: %v %v %v", shape, data, err)
	}
	line := &Samples{N: 6, Shape: graph.Shape{1}, Raw: s.Raw}
	if err := line.Write(filepath.Join(dir, "h.png"), Layout{}); err != nil {
		t.Error(err)
	}
	deep := &Samples{N: 2, Shape: graph.Shape{3}, Raw: s.Raw}
	for path, s := range map[string]*Samples{"p.png": deep, dir: s, "x.jpg": s, "": s, "noext": s} {
		if err := s.Write(path, Layout{}); err == nil {
			t.Errorf("%q was written", path)
		}
	}
	if err := s.WriteGIF(filepath.Join(dir, "p.gif")); err == nil {
		t.Error("points were animated")
	}
}
