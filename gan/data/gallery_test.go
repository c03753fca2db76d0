package data

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"ganengine/gan/data/files/filestest"
	"ganengine/gan/data/pixel"
	"ganengine/gan/picture"
)

// waves is a picture that a seed draws, of any size.
func waves(seed uint64, w, h int) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 5))
	var k [9][4]float64
	for i := range k {
		k[i] = [4]float64{r.Float64() * 14, r.Float64() * 14, r.Float64() * 7, 10 + r.Float64()*14}
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			for c := range 3 {
				v := 125.0
				for _, k := range k[2*c : 2*c+5] {
					v += k[3] * math.Sin(k[0]*float64(x)/float64(w)+k[1]*float64(y)/float64(h)+k[2])
				}
				m.Pix[m.PixOffset(x, y)+c] = byte(min(255, max(0, v)))
			}
			m.Pix[m.PixOffset(x, y)+3] = 255
		}
	}
	return m
}

// TestLookAlike: a picture saved again, in another size or format, is named beside the
// first; equal ones are named as equal only, and others not at all.
func TestLookAlike(t *testing.T) {
	asPNG := func(m image.Image) []byte { return filestest.PNG(t, m) }
	asJPEG := func(m image.Image, quality int) []byte {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	content := map[string][]byte{
		"a.png": asPNG(waves(1, 90, 70)), "b.jpg": asJPEG(waves(1, 90, 70), 60), "copy of a.png": asPNG(waves(1, 90, 70)),
		"c.png": asPNG(waves(2, 64, 64)), "d.png": asPNG(waves(2, 41, 41)),
	}
	for i := range uint64(30) {
		content[fmt.Sprintf("other/%d.png", i)] = asPNG(waves(100+i, 30, 40))
	}
	r := inspect(t, Spec{Path: filestest.Folder(t, content)})
	slices.SortFunc(r.Alike, func(a, b Pair) int { return bytes.Compare([]byte(a.A), []byte(b.A)) })
	if want := []Pair{{"a.png", "b.jpg"}, {"c.png", "d.png"}}; !slices.Equal(r.Alike, want) {
		t.Errorf("look alike: %v, want %v", r.Alike, want)
	}
	if len(r.Duplicates) != 1 || !slices.Equal(r.Duplicates[0], []string{"a.png", "copy of a.png"}) {
		t.Errorf("duplicates %v", r.Duplicates)
	}
}

// drawn is a gallery of n pictures of noise that are made as they are looked at.
func drawn(n, side int, class func(int) int) gallery {
	one := func(_ context.Context, i int, use func(pixel.Picture)) error {
		r := rand.New(rand.NewPCG(uint64(i), 3))
		pix := make([]byte, side*side*3)
		for k := range pix {
			pix[k] = byte(r.Uint32())
		}
		use(pixel.Raw(pix, side, side, 3))
		return nil
	}
	return gallery{n: n, one: one, class: class,
		all: func(ctx context.Context, visit func(int, pixel.Picture)) error {
			for i := range n {
				if err := one(ctx, i, func(p pixel.Picture) { visit(i, p) }); err != nil {
					return err
				}
			}
			return nil
		},
		good:  func(i int) bool { return i%10 != 3 },
		name:  func(i int) string { return fmt.Sprint(i) },
		shape: func(int) (int, int, bool) { return side, side, false }}
}

// TestSheet: a few of each class in a row of their own, or some of all, and never two
// megabytes.
func TestSheet(t *testing.T) {
	for _, c := range []struct {
		n, classes int
		class      func(i int) int
		images     int
		lengths    []int
	}{
		{500, 0, func(int) int { return -1 }, 96, nil},
		{50, 0, func(int) int { return -1 }, 45, nil},
		{400, 3, func(i int) int { return i % 4 % 3 }, 36, []int{12, 12, 12}},
		{400, 12, func(i int) int { return i / 34 }, 96, []int{8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8}},
		{20, 4, func(i int) int { return i / 10 * 3 }, 18, []int{9, 9}},
		{400, 40, func(i int) int { return i / 10 }, 96, nil},
	} {
		var classes []Count
		for i := range c.classes {
			classes = append(classes, Count{fmt.Sprint("class ", i), 1})
		}
		s, err := drawn(c.n, 100, c.class).sheet(context.Background(), classes)
		if err != nil || s.N != c.images || !slices.Equal(s.Lengths, c.lengths) || len(s.Pixels) != s.N*80*80*3 {
			t.Fatalf("%d images of %d classes: %d on the sheet, rows %v, %v", c.n, c.classes, s.N, s.Lengths, err)
		}
		if want := len(s.Lengths); c.classes > 0 && len(s.Names) != max(want, s.N*(1-min(want, 1))) {
			t.Errorf("%d images of %d classes: names %q", c.n, c.classes, s.Names)
		}
		if s.N < 96 || testing.Short() {
			continue
		}
		m, err := picture.Grid(picture.Images{N: s.N, H: s.Side, W: s.Side, C: s.Channels, Pix: s.Pixels},
			picture.GridOptions{Columns: SheetColumns, Lengths: s.Lengths})
		if err != nil {
			t.Fatal(err)
		}
		if file, err := picture.EncodePNG(m); err != nil || len(file) >= 2_000_000 {
			t.Errorf("%d images of %d classes: a file of %d bytes, %v", c.n, c.classes, len(file), err)
		}
	}
}

// TestInspectingIsBounded: what stays in memory of an image is small, whatever it
// holds.
func TestInspectingIsBounded(t *testing.T) {
	const n, each = 6000, 64
	var r Report
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	g := drawn(n, 4, func(int) int { return -1 })
	whole := g.all
	g.all = func(ctx context.Context, visit func(int, pixel.Picture)) error {
		err := whole(ctx, visit)
		runtime.GC()
		runtime.ReadMemStats(&after)
		return err
	}
	if err := r.look(context.Background(), g, false); err != nil {
		t.Fatal(err)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > n*each {
		t.Errorf("%d bytes for each of %d images, more than %d", grown/n, n, each)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.look(ctx, drawn(10, 4, func(int) int { return -1 }), true); err == nil {
		t.Error("cancelled, and nothing is said")
	}
}
