package main

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"ganengine/configs"
	"ganengine/gan/game"
	"ganengine/gan/npy"
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

// What encodes and decodes, but not to latents, shows pairs of its own, and is searched for
// codes like a model without an encoder.
func TestEncodeByCritic(t *testing.T) {
	p := newPlace(t)
	p.write("critic.toml", "[data]\nkind = \"mixture\"\n[model]\nkind = \"mmdgan\"\nz = 3\ncode = 3\ng_hidden = [6]\nd_hidden = [6]\n[train]\nbatch = 8\nsteps = 2\n")
	p.train("critic")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-o", "@/x.npy")
	for to, want := range map[string]string{"pairs.png": "3 points and their reconstructions", "z.npy": "codes of 3 points"} {
		if out := p.run("encode", "-run", "0", "-out", "@/runs", "-i", "@/x.npy", "-o", "@/"+to); !strings.Contains(out, want) {
			t.Errorf("%s: %q, want %q", to, out, want)
		}
	}
}

// A model without an encoder is searched for codes of samples, and sample takes them.
func TestEncodeByDescent(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "2", "-seed", "500", "-o", "@/in/")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "2", "-seed", "500", "-raw", "-o", "@/x.npy")
	encode := []string{"encode", "-run", "0", "-out", "@/runs", "-i", "@/in", "-steps", "150"}
	out := p.run(append(encode, "-o", "@/z.npy")...)
	if lines := strings.Split(out, "\n"); len(lines) != 5 || !strings.HasPrefix(lines[0], "seed000500.png  distance 0.00") ||
		!strings.HasPrefix(lines[2], "distances: mean 0.00") || !strings.HasSuffix(lines[3], "z.npy: codes of 2 images of step 4") {
		t.Errorf("it says %q", out)
	}
	if again := p.run(append(encode, "-o", "@/again.npy")...); !bytes.Equal(p.read("z.npy"), p.read("again.npy")) {
		t.Errorf("another search finds something else: %s", again)
	}
	p.run("sample", "-run", "0", "-out", "@/runs", "-z", "@/z.npy", "-raw", "-o", "@/back.npy")
	shape, want := p.array("x.npy")
	backShape, got := p.array("back.npy")
	square := 0.
	for i := range want {
		d := float64(want[i]-got[i]) / 2
		square += d * d
	}
	if rms := math.Sqrt(square / float64(len(want))); !slices.Equal(shape, backShape) || rms > .005 {
		t.Errorf("what is found gives %v, %g away", backShape, rms)
	}
	p.run(append(encode, "-o", "@/pairs.png")...)
	p.png("pairs.png")
	p.write("aae.toml", tinyAAE)
	p.train("aae")
	for _, test := range []struct{ run, flag, value, want string }{
		{"1", "-steps", "5", "-steps is of a search for codes, and the aae of this run has an encoder"},
		{"1", "-class", "a", "-class is of a search"},
		{"0", "-restarts", "65", "-restarts must be from 1 to 64"}, {"0", "-steps", "0", "-steps must be from 1"},
		{"0", "-seed", "2147483647", "-seed must be from 0"}, {"0", "-class", "a", "knows no classes"},
	} {
		if status, _, errs := p.try("encode", "-run", test.run, "-out", "@/runs", "-i", "@/in", "-o", "@/z.npy", test.flag, test.value); status != 2 || !strings.Contains(errs, test.want) {
			t.Errorf("%s %s: status %d: %s", test.flag, test.value, status, errs)
		}
	}
}

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

const tinyDomains = `
[data]
kind = "mixture"
[data.b]
layout = "grid"
modes = 9
[model]
kind = "cyclegan-points"
g_hidden = [8]
d_hidden = [8]
[train]
batch = 8
steps = 4
[sample]
count = 9
`

// Translations lead to the usual domain unless another is named, and what they make can
// be given to the way back.
func TestTranslatePoints(t *testing.T) {
	p := newPlace(t)
	p.write("domains.toml", tinyDomains)
	p.train("domains")
	if err := npy.WriteFile(p.at("a.npy"), []int{3, 2}, []float32{1, 2, -1, .5, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(p.at("none.npy"), []int{0, 2}, []float32{}); err != nil {
		t.Fatal(err)
	}
	translate := func(in, out string, more ...string) []float32 {
		t.Helper()
		p.run(append([]string{"translate", "-run", "0", "-out", "@/runs", "-i", "@/" + in, "-o", "@/" + out}, more...)...)
		shape, x := p.array(out)
		if !slices.Equal(shape, []int{3, 2}) {
			t.Fatalf("three points give %v", shape)
		}
		return x
	}
	b := translate("a.npy", "b.npy")
	if !slices.Equal(b, translate("a.npy", "same.npy", "-to", "b")) {
		t.Error("without -to, points are not translated to b")
	}
	if slices.Equal(b, translate("a.npy", "other.npy", "-to", "a")) {
		t.Error("both ways are one")
	}
	translate("b.npy", "back.npy", "-to", "a")
	p.run("translate", "-run", "0", "-out", "@/runs", "-i", "@/a.npy", "-o", "@/b.png")
	p.png("b.png")
	for _, c := range []struct{ args, want string }{
		{"translate|-i|@/a.npy|-o|@/x.npy|-to|c", "-to c: the cyclegan-points of this run translates to b or a"},
		{"encode|-i|@/a.npy|-o|@/z.npy", "models of kind cyclegan-points have no sampler encode; built-in configurations that have one: "},
		{"encode|-i|@/a.npy|-o|@/z.npy", "ring-flow (realnvp)"},
		{"translate|-i|@/a.npy|-o|@/x/", "points are written to FILE.npy, FILE.npz or FILE.png"},
		{"translate|-i|@/none.npy|-o|@/x.npy", "none.npy: it holds no points: its shape is [0 2]"},
		{"sample|-o|@/x.npy", "draw no samples from latents; the samplers that they have are translate.b, translate.a"},
		{"sample|-o|@/x.npy", ": see ganengine translate and encode"},
		{"interpolate|-seeds|1,2|-o|@/x.png", "draw no samples from latents"},
		{"eval|-metrics|kd", "draw no samples from latents"},
	} {
		refuses(t, p, c.args, c.want)
	}
}

// refuses holds a command line on run 0 to its one line of refusal.
func refuses(t *testing.T, p *place, args, want string) {
	t.Helper()
	parts := strings.Split(args, "|")
	status, _, errs := p.try(append([]string{parts[0], "-run", "0", "-out", "@/runs"}, parts[1:]...)...)
	if status != 2 || !strings.Contains(errs, want) || strings.Count(strings.TrimSpace(errs), "\n") != 0 {
		t.Errorf("%s: status %d, %q, want 2 and %q", args, status, errs, want)
	}
}

// What cannot be done is refused in a line that says what to do.
func TestFromErrors(t *testing.T) {
	p := newPlace(t)
	p.train("points")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "3", "-o", "@/x.npy")
	for _, c := range []struct{ args, want string }{
		{"encode|-i|@/x.npy|-o|@/z.txt", "-o: name FILE.npy or FILE.npz for codes"},
		{"encode|-o|@/z.npy", "-i: name an image or a folder of them"},
		{"translate|-i|@/x.npy", "-o: name FILE.png or DIR/"},
		{"translate|-i|@/x.npy|-o|@/y.npy", "models of kind mlp have no sampler translate; built-in configurations that have one: cyclegan-points (cyclegan-points)"},
	} {
		refuses(t, p, c.args, c.want)
	}
	p.write("flow.toml", flow)
	p.train("flow")
	if status, _, errs := p.try("encode", "-run", "1", "-out", "@/runs", "-i", "@/none.npy", "-o", "@/z.npy"); status != 2 || !strings.Contains(errs, "none.npy") {
		t.Errorf("a file that is not there: status %d, %q", status, errs)
	}
}

// What a command reads is never written over, by whatever path it is named.
func TestSparesWhatItReads(t *testing.T) {
	p := newPlace(t)
	p.write("aae.toml", tinyAAE)
	p.train("aae")
	p.run("sample", "-run", "0", "-out", "@/runs", "-n", "2", "-o", "@/in/")
	p.run("encode", "-run", "0", "-out", "@/runs", "-i", "@/in", "-o", "@/z.npy")
	p.write("flow.toml", flow)
	p.train("flow")
	p.run("sample", "-run", "1", "-out", "@/runs", "-n", "3", "-o", "@/x.npy")
	p.write("domains.toml", tinyDomains)
	p.train("domains")
	if err := os.Symlink(p.at("in"), p.at("link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ run, file, args string }{
		{"0", p.at("in/seed000001.png"), "encode|-i|@/in/seed000001.png|-o|@/in/seed000001.png"},
		{"0", p.at("in/seed000002.png"), "encode|-i|@/in|-o|@/link/seed000002.png"},
		{"0", p.at("z.npy"), "sample|-z|@/z.npy|-o|@/in/../z.npy"},
		{"1", p.at("x.npy"), "encode|-i|@/x.npy|-o|@/x.npy"},
		{"2", p.at("x.npy"), "translate|-i|@/x.npy|-o|@/x.npy"},
	} {
		before, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(c.args, "|")
		status, _, errs := p.try(append([]string{parts[0], "-run", c.run, "-out", "@/runs"}, parts[1:]...)...)
		if status != 2 || !strings.Contains(errs, "would be written over, and it is read here: name another place") {
			t.Errorf("%s: status %d, %q", c.args, status, errs)
		}
		if after, err := os.ReadFile(c.file); err != nil || !slices.Equal(before, after) {
			t.Errorf("%s: the file is another now (%v)", c.args, err)
		}
	}
}

// No system translates by chance: -seeds has nothing to choose, and says so.
func TestNobodyTranslatesByChance(t *testing.T) {
	for _, name := range configs.Names() {
		g, err := declared(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range g.Samplers {
			if kind, _, _ := strings.Cut(s.Kind, "."); kind == game.Translate {
				if codes, err := s.Codes(); err != nil || len(codes) > 0 {
					t.Errorf("%s: %s draws %v (%v): give translate -seeds a meaning", name, s.Kind, codes, err)
				}
			}
		}
	}
	refuses(t, newPlace(t), "translate|-i|@/a.png|-o|@/b.png|-seeds|1,2", "-seeds: what systems translate to is made of the image alone")
}

// A directory is no file, whatever its name ends in, and no -k is more than can be counted.
func TestOutputIsNoDirectory(t *testing.T) {
	p := newPlace(t)
	p.train("images")
	for _, name := range []string{"d.png", "d.gif", "d.safetensors"} {
		if err := os.Mkdir(p.at(name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"interpolate|-seeds|1,2|-o|@/d.png", "-o: name FILE.png or FILE.gif"},
		{"interpolate|-seeds|1,2|-o|@/d.gif", "-o: name FILE.png or FILE.gif"},
		{"arithmetic|-expr|1-2|-o|@/d.png", "-o: name FILE.png"},
		{"export|-o|@/d.safetensors", "-o: name FILE.safetensors"},
		{"eval|-metrics|precision|-n|9|-k|9223372036854775807", "-k must be at most 1073741824"},
	} {
		refuses(t, p, c.args, c.want)
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
