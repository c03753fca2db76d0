package main

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/configs"
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
