package main

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/configs"
	"ganengine/gan/picture"
)

const flow = `
[data]
kind = "mixture"
[model]
kind = "realnvp"
hidden = [8]
[optim.flow]
lr = 0.01
[train]
batch = 32
steps = 20
[sample]
count = 9
`

// The codes of points are latents that give the points back.
func TestEncodePoints(t *testing.T) {
	p := newPlace(t)
	p.write("flow.toml", flow)
	p.train("flow")
	p.run("sample", "-run", "latest", "-out", "@/runs", "-n", "70", "-o", "@/x.npy")
	shape, x := p.array("x.npy")
	for _, codes := range []string{"@/z.npy", "@/z.npz"} {
		if out := p.run("encode", "-run", "latest", "-out", "@/runs", "-i", "@/x.npy", "-o", codes); !strings.Contains(out, "codes of 70 points of step 20") {
			t.Errorf("it says %q", out)
		}
		p.run("sample", "-run", "latest", "-out", "@/runs", "-z", codes, "-o", "@/y.npy")
		back, y := p.array("y.npy")
		if !slices.Equal(shape, back) {
			t.Fatalf("%v points, and back %v", shape, back)
		}
		for i := range x {
			if math.Abs(float64(x[i]-y[i])) > 1e-4 {
				t.Fatalf("number %d was %g and comes back as %g", i, x[i], y[i])
			}
		}
	}
	p.run("encode", "-run", "latest", "-out", "@/runs", "-i", "@/x.npy", "-o", "@/pairs.png")
	if b := p.png("pairs.png").Bounds(); b.Dx() < 400 {
		t.Errorf("the scatter is %v", b)
	}
}

const tinyAAE = `
[data]
size = 8
channels = 1
limit = 64
[model]
kind = "aae"
z = 3
hidden = [8]
d_hidden = [8]
[train]
batch = 8
steps = 4
[sample]
count = 9
`

// What an image is reconstructed as is what its code decodes to.
func TestEncodeImages(t *testing.T) {
	p := newPlace(t)
	p.write("aae.toml", tinyAAE)
	p.train("aae")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "2", "-o", "@/in/")
	p.run("encode", "-run", "0", "-out", "@/runs", "-i", "@/in", "-o", "@/z.npy")
	if shape, _ := p.array("z.npy"); !slices.Equal(shape, []int{2, 3}) {
		t.Fatalf("codes are %v, want [2, 3]", shape)
	}
	p.run("sample", "-run", "0", "-out", "@/runs", "-z", "@/z.npy", "-o", "@/back/")
	p.run("encode", "-run", "0", "-out", "@/runs", "-i", "@/in", "-o", "@/pairs.png")
	var pixels []uint8
	for i, given := range []string{"in/seed000001.png", "in/seed000002.png"} {
		for _, name := range []string{given, fmt.Sprintf("back/%06d.png", i)} {
			pixels = append(pixels, p.png(name).(*image.Gray).Pix...)
		}
	}
	want, err := picture.Grid(picture.Images{N: 4, H: 8, W: 8, C: 1, Pix: pixels}, picture.GridOptions{Columns: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.png("pairs.png"); !slices.Equal(got.(*image.Gray).Pix, want.(*image.Gray).Pix) {
		t.Error("the picture is not each image beside what its code decodes to")
	}
	// An image of another size is brought to the model's, and that is said.
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "1", "-scale", "4", "-o", "@/large.png")
	if status, _, errs := p.try("encode", "-run", "0", "-out", "@/runs", "-i", "@/large.png", "-o", "@/one.npz"); status != 0 || !strings.Contains(errs, "resized to 8x8") {
		t.Errorf("an image of 32 pixels: status %d, %q", status, errs)
	}
	if status, _, errs := p.try("encode", "-run", "0", "-out", "@/runs", "-i", "@/z.npy", "-o", "@/no.npy"); status != 2 || !strings.Contains(errs, "z.npy cannot be read") {
		t.Errorf("a file that is no image: status %d, %q", status, errs)
	}
}

// What cannot be done is refused in a line that says what to do.
func TestFromErrors(t *testing.T) {
	p := newPlace(t)
	p.train("points")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-o", "@/x.npy")
	for _, c := range []struct{ args, want string }{
		{"encode|-i|@/x.npy|-o|@/z.npy", "models of kind mlp have no sampler encode; built-in configurations that have one: "},
		{"encode|-i|@/x.npy|-o|@/z.npy", "ring-flow (realnvp)"},
		{"encode|-i|@/x.npy|-o|@/z.png", "models of kind mlp have no sampler reconstruct; "},
		{"encode|-i|@/x.npy|-o|@/z.txt", "-o: name FILE.npy or FILE.npz for codes"},
		{"encode|-o|@/z.npy", "-i: name an image or a folder of them"},
		{"translate|-i|@/x.npy", "-o: name FILE.png or DIR/"},
		{"translate|-i|@/x.npy|-o|@/y.npy", "models of kind mlp have no sampler translate"},
	} {
		parts := strings.Split(c.args, "|")
		status, _, errs := p.try(append([]string{parts[0], "-run", "0", "-out", "@/runs"}, parts[1:]...)...)
		if status != 2 || !strings.Contains(errs, c.want) || strings.Count(strings.TrimSpace(errs), "\n") != 0 {
			t.Errorf("%s: status %d, %q, want 2 and %q", c.args, status, errs, c.want)
		}
	}
	p.write("flow.toml", flow)
	p.train("flow")
	if status, _, errs := p.try("encode", "-run", "1", "-out", "@/runs", "-i", "@/none.npy", "-o", "@/z.npy"); status != 2 || !strings.Contains(errs, "none.npy") {
		t.Errorf("a file that is not there: status %d, %q", status, errs)
	}
}

// Every built-in configuration can be declared without its data, so that none is
// missing where those that have a sampler are named.
func TestDeclared(t *testing.T) {
	for _, name := range configs.Names() {
		if g, err := declared(name); err != nil || len(g.Samplers) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
