package explore

import (
	"context"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

// A folder gives a folder, with a file for each image under its name; each is what the
// sampler makes of the image as the data's reader brings it to size.
func TestTranslateImages(t *testing.T) {
	dir, pixels := gallery(t)
	f := mirror(t, "translate.b", mirrorImages, 4, 4, 3)
	out := filepath.Join(t.TempDir(), "out")
	in := opened(t, f, dir)
	if err := f.Check(out, in); err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), out, in); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a.png", "b.png", "in/a.png"} {
		got := rgb(decoded(t, filepath.Join(out, name)), image.Rect(0, 0, 4, 4))
		for k, x := range pixels[i*48 : (i+1)*48] {
			if got[k] != 255-x {
				t.Fatalf("%s: number %d is %d, and of the image %d", name, k, got[k], x)
			}
		}
	}
	if err := f.Write(t.Context(), filepath.Join(out, "one.png"), opened(t, f, filepath.Join(dir, "b.jpg"))); err != nil {
		t.Fatal(err)
	}
	if one, two := decoded(t, filepath.Join(out, "one.png")), decoded(t, filepath.Join(out, "b.png")); !slices.Equal(rgb(one, one.Bounds()), rgb(two, two.Bounds())) {
		t.Error("an image alone is not what it is in a folder")
	}
}

func TestWriteCodes(t *testing.T) {
	dir, pixels := gallery(t)
	f := mirror(t, "encode", mirrorImages, 4, 4, 3)
	in := opened(t, f, dir)
	out := t.TempDir()
	for _, name := range []string{"z.npy", "z.npz"} {
		if err := f.WriteCodes(t.Context(), filepath.Join(out, name), in); err != nil {
			t.Fatal(err)
		}
		z, err := OpenLatents(t.Context(), filepath.Join(out, name), 2, 0)
		if err != nil {
			t.Fatal(err)
		}
		codes, err := z.Read(t.Context(), 0, 3)
		if err != nil || z.Len() != 3 {
			t.Fatal(z.Len(), err)
		}
		for i, x := range codes {
			if want := float64(pixels[i/2*48+i%2])/127.5 - 1; math.Abs(float64(x)-want) > 1e-6 {
				t.Errorf("%s: number %d is %g, want %g", name, i, x, want)
			}
		}
		if err := z.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Each image stands left of its reconstruction, which here is the image.
func TestWritePairs(t *testing.T) {
	dir, pixels := gallery(t)
	f := mirror(t, "reconstruct", mirrorImages, 4, 4, 3)
	path := filepath.Join(t.TempDir(), "pairs.png")
	if err := f.WritePairs(t.Context(), path, opened(t, f, dir)); err != nil {
		t.Fatal(err)
	}
	var twice []uint8
	for i := range 3 {
		twice = append(append(twice, pixels[i*48:(i+1)*48]...), pixels[i*48:(i+1)*48]...)
	}
	want, err := picture.Grid(picture.Images{N: 6, H: 4, W: 4, C: 3, Pix: twice}, picture.GridOptions{Columns: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := decoded(t, path); got.Bounds() != want.Bounds() || !slices.Equal(rgb(got, got.Bounds()), rgb(want, want.Bounds())) {
		t.Error("the picture is not the images in pairs")
	}
}

func TestFromPoints(t *testing.T) {
	f := mirror(t, "translate.b", anyPoints, 2)
	out := t.TempDir()
	at := func(name string) string { return filepath.Join(out, name) }
	if err := npy.WriteFile(at("x.npy"), []int{3, 2}, []float32{1, 2, -3, 4, .5, 0}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"y.npy", "y.npz", "y.png"} {
		in := opened(t, f, at("x.npy"))
		if err := errors.Join(f.Check(at(name), in), f.Write(t.Context(), at(name), in)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"y.npy", "y.npz"} { // what is written can be given again
		back, err := opened(t, f, at(name)).points.Read(t.Context(), 0, 3)
		if err != nil || !slices.Equal(back, []float32{-1, -2, 3, -4, -.5, 0}) {
			t.Errorf("%s: %v, want the points' negatives (%v)", name, back, err)
		}
	}
	if b := decoded(t, at("y.png")).Bounds(); b.Dx() != pointsSize {
		t.Errorf("the scatter is %v", b)
	}
}

func TestDirections(t *testing.T) {
	for direction, want := range map[string]string{"": "", ".b": "b"} {
		got, err := mirrored(t, direction, anyPoints, 2).Directions()
		if err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("translate%s: %q (%v)", direction, got, err)
		}
	}
}

// What cannot be done is said before anything is computed, and nothing is written.
func TestFromRefuses(t *testing.T) {
	dir, _ := gallery(t)
	f := mirror(t, "translate.b", mirrorImages, 4, 4, 3)
	out := t.TempDir()
	twins, single := t.TempDir(), filepath.Join(dir, "a.png")
	writePicture(t, filepath.Join(twins, "b.png"), 4, 4, 0, png.Encode)
	writePicture(t, filepath.Join(twins, "b.jpg"), 4, 4, 0, asJPEG)
	for _, c := range []struct{ in, out, want string }{
		{twins, filepath.Join(out, "o"), "b.jpg and b.png would both be written to b.png"},
		{filepath.Join(dir, "in"), filepath.Join(dir, "in"), "a.png would be written over"},
		{dir, filepath.Join(dir, "in"), "a.png would be written over"}, // a folder of -i itself, whose a.png is another input
		{single, dir, "a.png would be written over"},
		{single, single, "a.png would be written over"},
		{single, filepath.Join(out, "a.jpg"), "an image is written to FILE.png or DIR/"},
		{dir, filepath.Join(out, "all.png"), "a folder of images to DIR/"},
	} {
		in := opened(t, f, c.in)
		if err := f.Check(c.out, in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s to %s: %v, want %q", c.in, c.out, err, c.want)
		}
		if err := f.Write(t.Context(), c.out, in); err == nil {
			t.Errorf("%s to %s was written", c.in, c.out)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "bad.png"), []byte("no image"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, "bad.png")} {
		if _, err := f.Open(t.Context(), path, func(string) {}); err == nil || !strings.Contains(err.Error(), "bad.png cannot be read") || strings.Contains(err.Error(), "data.bad") {
			t.Errorf("%s: %v, want the file's name, and no key of a configuration", path, err)
		}
	}
	stopped, cancel := context.WithCancel(t.Context())
	in := opened(t, f, single)
	cancel()
	if err := f.Write(stopped, filepath.Join(out, "late.png"), in); !errors.Is(err, context.Canceled) {
		t.Errorf("when stopped: %v", err)
	}
	if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
		t.Errorf("%v was written (%v)", left, err)
	}
	var none *NoSampler
	if _, err := f.e.From("inpaint"); !errors.As(err, &none) {
		t.Errorf("a sampler that is not there: %v", err)
	}
}

// What is made of samples in memory is what is made of them in files, in parts.
func TestMadeInMemory(t *testing.T) {
	dir, pixels := gallery(t)
	f := mirror(t, "translate.b", mirrorImages, 4, 4, 3)
	x := tensor.New(tensor.WithShape(3, 4, 4, 3), tensor.WithBacking(pixels))
	var told []int
	made, err := f.Array(t.Context(), x, func(done int) { told = append(told, done) })
	if err != nil || !slices.Equal(made.Shape(), x.Shape()) || !slices.Equal(told, []int{2, 3}) {
		t.Fatal(made.Shape(), told, err)
	}
	for i, v := range made.Data().([]uint8) {
		if v != 255-pixels[i] {
			t.Fatalf("byte %d is %d, not the negative of %d", i, v, pixels[i])
		}
	}
	if err := f.images(t.Context(), opened(t, f, dir), func(first int, im picture.Images) error {
		if !slices.Equal(im.Pix, made.Data().([]uint8)[first*48:(first+im.N)*48]) {
			t.Errorf("from %d on files give something else", first)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Array(t.Context(), tensor.New(tensor.WithShape(1, 2, 2, 3), tensor.WithBacking(pixels[:12])), nil); err == nil || !strings.Contains(err.Error(), "takes [4,4,3] of each") {
		t.Errorf("images of another size: %v", err)
	}

	f = mirror(t, "translate.b", anyPoints, 2)
	made, err = f.Array(t.Context(), tensor.New(tensor.WithShape(3, 2), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6})), nil)
	if want := []float32{-1, -2, -3, -4, -5, -6}; err != nil || !slices.Equal(made.Data().([]float32), want) {
		t.Errorf("%v (%v), want %v", made, err, want)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Array(stopped, tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float32{1, 2})), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("when stopped: %v", err)
	}
}

func TestPointsRefused(t *testing.T) {
	f := mirror(t, "encode", anyPoints, 2)
	out := t.TempDir()
	at := filepath.Join(out, "x.npy")
	for _, c := range []struct {
		shape []int
		x     []float32
		want  string
	}{
		{[]int{1, 3}, []float32{1, 2, 3}, "this run's points are [n, 2]"},
		{[]int{1, 2}, []float32{1, float32(math.NaN())}, "number 1 of point 0 is NaN"},
	} {
		if err := npy.WriteFile(at, c.shape, c.x); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Open(t.Context(), at, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.x, err, c.want)
		}
	}
	if _, err := f.Open(t.Context(), out, nil); err == nil || !strings.Contains(err.Error(), "name FILE.npy") {
		t.Errorf("a folder: %v", err)
	}
}
