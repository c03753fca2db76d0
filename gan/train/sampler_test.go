package train

import (
	"bytes"
	"image/png"
	"math"
	"slices"
	"testing"
)

func newTestRig(t *testing.T, text string, set ...string) *rig {
	t.Helper()
	h, _ := testHost(t, "")
	r, err := newRig(t.Context(), configure(t, text, set...), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	if err := r.trainer.initialise(""); err != nil {
		t.Fatal(err)
	}
	return r
}

// An image depends on its seed, not on how many are drawn at once. The average
// of G's weights starts at the weights, so the first pictures are G's.
func TestDrawDependsOnSeedsOnly(t *testing.T) {
	many, err := newTestRig(t, tinyImages, "sample.count=70").sampler.draw(70, 0) // two runs of 64
	if err != nil {
		t.Fatal(err)
	}
	few, err := newTestRig(t, tinyImages, "sample.count=3", "train.ema_kimg=1").sampler.draw(3, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(many) != 70*64 || !bytes.Equal(many[:3*64], few) {
		t.Errorf("the first of 70 images (%d bytes) are not those of 3", len(many))
	}
	if bytes.Equal(many[:64], many[64:128]) || bytes.Equal(many[:64], many[64*64:65*64]) {
		t.Error("two seeds gave one image")
	}
}

func TestField(t *testing.T) {
	points := cells(-2, 2, 2*fieldSide*fieldSide) // any points of the plane
	probable, middle, err := newTestRig(t, tinyRing, "loss.kind=non-saturating").sampler.field(points)
	if err != nil {
		t.Fatal(err)
	}
	logits, mean, err := newTestRig(t, tinyRing).sampler.field(points)
	if err != nil || middle != .5 || len(logits) != fieldSide*fieldSide {
		t.Fatalf("%d values around %g, %v", len(logits), middle, err)
	}
	sum := 0.
	for i, x := range logits {
		sum += float64(x)
		if want := 1 / (1 + math.Exp(-float64(x))); math.Abs(float64(probable[i])-want) > 1e-6 {
			t.Fatalf("point %d: probability %g of the logit %g", i, probable[i], x)
		}
	}
	if math.Abs(sum/float64(len(logits))-float64(mean)) > 1e-6 {
		t.Errorf("a critic's values lie around %g, their mean is %g", mean, sum/float64(len(logits)))
	}
}

// A flow has no D: its field shows the density.
func TestFieldOfAFlow(t *testing.T) {
	if d, flow := newTestRig(t, tinyRing).sampler.of(), newTestRig(t, tinyFlow).sampler.of(); d != "D" || flow != "density" {
		t.Errorf("fields are of %q and %q, want D and density", d, flow)
	}
}

// In a grid of images each row has a class; the rest of a sample is its seed's.
func TestDrawRowsOfClasses(t *testing.T) {
	s := newTestRig(t, tinyClasses).sampler
	if s.class == nil || s.class.Size != 3 {
		t.Fatalf("the class of a sample is %+v", s.class)
	}
	rows, err := s.draw(6, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []int32{0, 0, 1, 1, 2, 2}
	at := -1
	for i, in := range s.generate.Graph.Inputs {
		if in.InputName() == s.class.Name {
			at = i
		}
	}
	if got := ints(s.codes[at].Data()); !slices.Equal(got, want) {
		t.Errorf("classes %v, want %v", got, want)
	}
	own, err := s.draw(6, 0)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i, k := range ints(s.codes[at].Data()) {
		equal := bytes.Equal(rows[64*i:64*i+64], own[64*i:64*i+64])
		if equal != (k == want[i]) {
			t.Errorf("sample %d: its own class is %d, its row's %d, and that the two are equal is %v", i, k, want[i], equal)
		}
		if equal {
			same++
		}
	}
	if same == len(want) {
		t.Error("seeds drew the classes of the rows: this tells nothing")
	}
}

const tinyClasses = `
[data]
kind = "glyphs"
characters = "abc"
size = 8
channels = 1
labels = true
[model]
kind = "cgan"
z = 4
g_hidden = [8]
d_hidden = [8]
init = "he-normal"
[train]
batch = 4
steps = 6
[sample]
count = 6
`

func TestPicturesOfALine(t *testing.T) {
	r := newTestRig(t, tinyRing, "data.layout=line", "data.modes=2")
	p, err := newPictures(r.sampler, r.set, 50)
	if err != nil {
		t.Fatal(err)
	}
	for name, draw := range map[string]func() ([]byte, error){"reals": p.reals, "fakes": func() ([]byte, error) { return p.fakes(7) }} {
		b, err := draw()
		if err != nil {
			t.Fatal(err)
		}
		if c, err := png.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width != plotSide {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
}
