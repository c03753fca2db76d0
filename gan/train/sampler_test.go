package train

import (
	"bytes"
	"image/png"
	"math"
	"slices"
	"testing"

	"ganengine/gan/data"
	"ganengine/gan/picture"
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
	if err := r.trainer.initialise(); err != nil {
		t.Fatal(err)
	}
	return r
}

// An image depends on its seed, not on how many are drawn at once. The average
// of G's weights starts at the weights, so the first pictures are G's.
func TestDrawDependsOnSeedsOnly(t *testing.T) {
	many, _, err := newTestRig(t, tinyImages, "sample.count=70").sampler.draw(70, 0) // two runs of 64
	if err != nil {
		t.Fatal(err)
	}
	few, _, err := newTestRig(t, tinyImages, "sample.count=3", "train.ema_kimg=1").sampler.draw(3, 0)
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
	rows, got, err := s.draw(6, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []int32{0, 0, 1, 1, 2, 2}
	if !slices.Equal(got, want) {
		t.Errorf("classes %v, want %v", got, want)
	}
	own, drawn, err := s.draw(6, 0)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i, k := range drawn {
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

// reals.png has a row of each class too, named at the left, with the places left empty
// that a class does not fill.
func TestRealRowsOfClasses(t *testing.T) {
	r := newTestRig(t, tinyClasses, "data.limit=4", `data.characters="bca"`) // classes 0, 1, 2, 0
	p, err := newPictures(r.sampler, r.sets, 7)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.reals()
	if err != nil {
		t.Fatal(err)
	}
	set := r.set.(data.Images)
	of := map[int][][]byte{}
	for i := range set.Len() {
		x := make([]byte, 64)
		if err := set.Read(x, i); err != nil {
			t.Fatal(err)
		}
		of[set.Label(i)] = append(of[set.Label(i)], x)
	}
	if len(of[0]) != 2 || len(of[1]) != 1 || len(of[2]) != 1 {
		t.Fatalf("%d, %d and %d samples of classes", len(of[0]), len(of[1]), len(of[2]))
	}
	ground := bytes.Repeat([]byte{40}, 64) // of a grid
	equal := 0
	for _, first := range [][2]int{{0, 1}, {1, 0}} { // of the first class, in whatever order
		cells := slices.Concat(of[0][first[0]], of[0][first[1]], of[1][0], ground, of[2][0], ground)
		grid, err := picture.Grid(picture.Images{N: 6, H: 8, W: 8, C: 1, Pix: cells}, picture.GridOptions{Columns: 2, Rows: []string{"b", "c", "a"}})
		if err != nil {
			t.Fatal(err)
		}
		want, err := picture.EncodePNG(grid)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(got, want) {
			equal++
		}
	}
	if equal != 1 {
		t.Error("reals.png is not a row of each class with its name")
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
	p, err := newPictures(r.sampler, r.sets, 50)
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

// Where a sample is made of one number, the sampler tells that of each, in the order of
// seeds; of several it tells none.
func TestSingleLatents(t *testing.T) {
	r := newTestRig(t, tinyRing, "data.layout=line", "data.modes=2", "model.z=1", "sample.count=5")
	for range 2 { // each time anew
		if _, _, err := r.sampler.draw(5, 0); err != nil {
			t.Fatal(err)
		}
	}
	z := slices.Clone(r.sampler.single)
	if len(z) != 5 {
		t.Fatalf("latents %v of five samples", z)
	}
	sorted := slices.Sorted(slices.Values(z))
	if len(slices.Compact(sorted)) != 5 {
		t.Errorf("two seeds have one latent: %v", z)
	}
	r = newTestRig(t, tinyRing, "data.layout=line", "data.modes=2", "model.z=2", "sample.count=5")
	if _, _, err := r.sampler.draw(5, 0); err != nil || len(r.sampler.single) > 0 {
		t.Errorf("latents %v of samples of two numbers, %v", r.sampler.single, err)
	}
}
