package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// numbered makes images whose every pixel says which image, row, column and channel it is.
func numbered(n, h, w, c int) Images {
	im := Images{N: n, H: h, W: w, C: c, Pix: make([]uint8, n*h*w*c)}
	for i := range im.Pix {
		im.Pix[i] = uint8(i*7 + 100)
	}
	return im
}

func TestGridPlacesEveryPixel(t *testing.T) {
	for _, c := range []int{1, 3} {
		im := numbered(5, 3, 4, c)
		const scale, gap, columns = 3, 3, 2
		g, err := Grid(im, GridOptions{Columns: columns, Scale: scale})
		if err != nil {
			t.Fatal(err)
		}
		if want := image.Pt(columns*(4*scale+gap)+gap, 3*(3*scale+gap)+gap); g.Bounds().Size() != want {
			t.Fatalf("grid is %v, want %v", g.Bounds().Size(), want)
		}
		at := func(x, y int) (v [3]uint8) {
			r, g, b, _ := g.At(x, y).RGBA()
			return [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}
		}
		covered := map[image.Point]bool{}
		for i := range 5 {
			for y := range 3 * scale {
				for x := range 4 * scale {
					p := image.Pt(gap+i%columns*(4*scale+gap)+x, gap+i/columns*(3*scale+gap)+y)
					covered[p] = true
					src := im.Pix[((i*3+y/scale)*4+x/scale)*c:]
					want := [3]uint8{src[0], src[0], src[0]}
					if c == 3 {
						want = [3]uint8(src)
					}
					if got := at(p.X, p.Y); got != want {
						t.Fatalf("%d channels: image %d pixel %d,%d is %v, want %v", c, i, x, y, got, want)
					}
				}
			}
		}
		for y := range g.Bounds().Dy() {
			for x := range g.Bounds().Dx() {
				if !covered[image.Pt(x, y)] && at(x, y) != [3]uint8{40, 40, 40} {
					t.Fatalf("ground at %d,%d is %v", x, y, at(x, y))
				}
			}
		}
	}
}

func TestColumns(t *testing.T) {
	for _, tc := range []struct {
		n      int
		aspect float64
		want   int
	}{{1, 1, 1}, {2, 1, 2}, {3, 1, 3}, {4, 1, 2}, {7, 1, 3}, {10, 1, 5}, {12, 1, 4}, {32, 1, 8}, {64, 1, 8}, {100, 1, 10}, {16, 2, 4}, {16, 4, 2}, {16, .25, 8}} {
		if got := columnsFor(tc.n, tc.aspect); got != tc.want {
			t.Errorf("columnsFor(%d, %g) = %d, want %d", tc.n, tc.aspect, got, tc.want)
		}
	}
}

func TestGridSizes(t *testing.T) {
	for _, side := range []int{8, 28, 32, 64, 128} {
		g, err := Grid(numbered(64, side, side, 1), GridOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if w := g.Bounds().Dx(); w < 600 || w > 1200 {
			t.Errorf("64 images of %d pixels make a grid of %d pixels, want 600 to 1200", side, w)
		}
	}
}

// One image alone is itself: its own pixels, no frame.
func TestOneImage(t *testing.T) {
	im := numbered(1, 3, 4, 3)
	for scale, want := range map[int]image.Point{0: {4, 3}, 1: {4, 3}, 5: {20, 15}} {
		g, err := Grid(im, GridOptions{Scale: scale})
		if err != nil || g.Bounds().Size() != want {
			t.Fatalf("scale %d: %v (%v), want %v", scale, g.Bounds(), err, want)
		}
		for y := range want.Y {
			for x := range want.X {
				f := max(scale, 1)
				p := im.Pix[(y/f*4+x/f)*3:]
				if got, want := g.At(x, y), (color.RGBA{p[0], p[1], p[2], 255}); got != want {
					t.Fatalf("scale %d: pixel %d,%d is %v, want %v", scale, x, y, got, want)
				}
			}
		}
	}
	if g, err := Grid(im, GridOptions{Captions: []string{"7"}}); err != nil || g.Bounds().Dy() != 3+captionHeight+4 {
		t.Errorf("with a caption: %v (%v)", g.Bounds(), err)
	}
}

// A grid built in parts is the grid built at once; one that nobody could look
// at is refused before it takes memory.
func TestBuilder(t *testing.T) {
	im := numbered(7, 3, 4, 1)
	o := GridOptions{Columns: 3, Captions: []string{"a", "b", "c", "d", "e"}, Rows: []string{"x", "y"}}
	want, err := Grid(im, o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBuilder(7, 3, 4, 1, o)
	if err != nil {
		t.Fatal(err)
	}
	for first := 0; first < 7; first += 2 {
		n := min(2, 7-first)
		if err := b.Add(Images{N: n, H: 3, W: 4, C: 1, Pix: im.Pix[first*12 : (first+n)*12]}); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(b.Image().(*image.Gray).Pix, want.(*image.Gray).Pix) {
		t.Error("built in parts it differs")
	}
	if err := b.Add(numbered(1, 3, 4, 1)); err == nil {
		t.Error("an image too many was taken")
	}
	for _, o := range []GridOptions{{}, {Columns: 1}, {Scale: 1}} {
		var e *TooLarge
		if _, err := NewBuilder(100_000, 32, 32, 3, o); !errors.As(err, &e) || !strings.Contains(e.Why, "a picture of 100000 images would have ") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	if _, err := NewBuilder(1, 32, 32, 3, GridOptions{Scale: math.MaxInt}); err == nil {
		t.Error("one image was enlarged beyond measure")
	}
	if _, err := NewBuilder(4096, 64, 64, 3, GridOptions{}); err != nil {
		t.Errorf("4096 images of 64x64: %v", err)
	}
}

func TestGridTexts(t *testing.T) {
	im := numbered(4, 8, 8, 1)
	clear(im.Pix)
	plain, err := Grid(im, GridOptions{Columns: 2, Scale: 4})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := Grid(im, GridOptions{Columns: 2, Scale: 4, Captions: []string{"12345678", "2"}, Rows: []string{"zero", "one", "surplus"}})
	if err != nil {
		t.Fatal(err)
	}
	if p, q := plain.Bounds().Size(), texts.Bounds().Size(); q.X <= p.X || q.Y != p.Y+2*captionHeight {
		t.Errorf("texts make a sheet of %v from %v", q, p)
	}
	bright := func(m image.Image) (n int) {
		for _, v := range m.(*image.Gray).Pix {
			if v == captionColor.Y {
				n++
			}
		}
		return n
	}
	if bright(plain) != 0 || bright(texts) < 100 {
		t.Errorf("text pixels: %d without, %d with texts", bright(plain), bright(texts))
	}
}

func TestImagesRefused(t *testing.T) {
	for want, im := range map[string]Images{
		"channels":     {N: 1, H: 1, W: 1, C: 2, Pix: make([]uint8, 2)},
		"nothing":      {N: 0, H: 1, W: 1, C: 1},
		"bytes for":    {N: 1, H: 2, W: 2, C: 1, Pix: make([]uint8, 3)},
		"of -1 column": numbered(1, 1, 1, 1),
	} {
		o := GridOptions{}
		if strings.HasPrefix(want, "of -1") {
			o.Columns = -1
		}
		if _, err := Grid(im, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := numbered(2, 2, 2, 3).At(2, 1); err == nil {
		t.Error("image 2 of 2 was given")
	}
}

func TestPNG(t *testing.T) {
	for c, want := range map[int]color.Model{1: color.GrayModel, 3: color.RGBAModel} {
		m, err := numbered(2, 3, 4, c).At(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "1.png")
		if err := WritePNG(path, m); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := EncodePNG(m)
		if err != nil || !bytes.Equal(encoded, file) {
			t.Errorf("EncodePNG and WritePNG differ, %v", err)
		}
		got, err := png.Decode(bytes.NewReader(file))
		if err != nil || got.ColorModel() != want || got.Bounds() != m.Bounds() {
			t.Fatalf("%d channels: decoded %v of %v, %v", c, got.ColorModel(), got.Bounds(), err)
		}
		for y := range 3 {
			for x := range 4 {
				if got.At(x, y) != m.At(x, y) {
					t.Errorf("pixel %d,%d is %v, want %v", x, y, got.At(x, y), m.At(x, y))
				}
			}
		}
	}
}

func smooth(side int, phase float64) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			m.SetRGBA(x, y, color.RGBA{uint8(255 * x / side), uint8(255 * y / side), uint8(127 + 127*math.Sin(phase+float64(x+y)/20)), 255})
		}
	}
	return m
}

// encode adds frames one by one.
func encode(w io.Writer, frames ...image.Image) error {
	a := NewAnimation(80 * time.Millisecond)
	for _, f := range frames {
		if err := a.Add(f); err != nil {
			return err
		}
	}
	return a.Encode(w)
}

func TestGIF(t *testing.T) {
	grey, err := numbered(1, 16, 16, 1).At(0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, frames := range map[string][]image.Image{
		"exact":    {grey, grey},
		"dithered": {smooth(96, 0), smooth(96, 1), smooth(96, 2)},
	} {
		var first, again bytes.Buffer
		for _, b := range []*bytes.Buffer{&first, &again} {
			if err := encode(b, frames...); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(first.Bytes(), again.Bytes()) {
			t.Errorf("%s: two encodings differ", name)
		}
		g, err := gif.DecodeAll(&first)
		if err != nil || len(g.Image) != len(frames) || g.Delay[0] != 8 || g.LoopCount != 0 {
			t.Fatalf("%s: decoded %+v, %v", name, g.Config, err)
		}
		for i, f := range g.Image {
			worst, mean := blockError(f, frames[i])
			limit := 0.0
			if name == "dithered" {
				limit = .9 // mean over 8x8 blocks: dithering keeps local means
			}
			if mean > limit {
				t.Errorf("%s: frame %d: block means are %.2f off (worst %.2f), want at most %g", name, i, mean, worst, limit)
			}
		}
	}
	if err := encode(&bytes.Buffer{}); err == nil {
		t.Error("an animation without frames was written")
	}
	if err := encode(&bytes.Buffer{}, smooth(4, 0), smooth(5, 0)); err == nil || !strings.Contains(err.Error(), "frame 1") {
		t.Errorf("frames of two sizes: %v", err)
	}
}

// blockError compares means over 8x8 blocks, per channel.
func blockError(a, b image.Image) (worst, mean float64) {
	n := 0.0
	for y := 0; y+8 <= a.Bounds().Dy(); y += 8 {
		for x := 0; x+8 <= a.Bounds().Dx(); x += 8 {
			var d [3]float64
			for k := range 64 {
				ar, ag, ab, _ := a.At(x+k%8, y+k/8).RGBA()
				br, bg, bb, _ := b.At(x+k%8, y+k/8).RGBA()
				d[0] += (float64(ar) - float64(br)) / 257 / 64
				d[1] += (float64(ag) - float64(bg)) / 257 / 64
				d[2] += (float64(ab) - float64(bb)) / 257 / 64
			}
			for _, e := range d {
				worst = max(worst, math.Abs(e))
				mean += math.Abs(e)
				n++
			}
		}
	}
	return worst, mean / n
}

func TestAdaptivePalette(t *testing.T) {
	m := smooth(64, 0)
	p := adaptivePalette(m, 256)
	if len(p) != 256 {
		t.Errorf("palette of %d colours, want 256", len(p))
	}
	m = image.NewRGBA(image.Rect(0, 0, 2, 1))
	m.SetRGBA(0, 0, color.RGBA{10, 20, 30, 255})
	m.SetRGBA(1, 0, color.RGBA{200, 20, 30, 255})
	if p = adaptivePalette(m, 256); len(p) != 2 || p[0] != (color.RGBA{10, 20, 30, 255}) || p[1] != (color.RGBA{200, 20, 30, 255}) {
		t.Errorf("palette of two colours is %v", p)
	}
}

func BenchmarkGrid(b *testing.B) {
	im := numbered(64, 64, 64, 3)
	for b.Loop() {
		if _, err := Grid(im, GridOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDither(b *testing.B) {
	m := smooth(512, 0)
	for b.Loop() {
		paletted(m)
	}
}

// Rows of several lengths leave the ends of the short ones empty.
func TestGridRowLengths(t *testing.T) {
	im := Images{N: 4, H: 1, W: 1, C: 1, Pix: []byte{200, 201, 202, 203}}
	got, err := Grid(im, GridOptions{Lengths: []int{1, 2, 1}, Scale: 1})
	if err != nil {
		t.Fatal(err)
	}
	const pitch, gap = 3, 2
	if b := got.Bounds(); b.Dx() != 2*pitch+gap || b.Dy() != 3*pitch+gap {
		t.Fatalf("the grid is %v", b)
	}
	empty := sheetColor.Y
	for i, want := range []byte{200, empty, 201, 202, 203, empty} {
		if y := got.(*image.Gray).GrayAt(gap+i%2*pitch, gap+i/2*pitch).Y; y != want {
			t.Errorf("place %d is %d, want %d", i, y, want)
		}
	}
	for _, wrong := range [][]int{{1, 2}, {5}, {4, 0}} {
		if err := CheckGrid(4, 1, 1, 1, GridOptions{Lengths: wrong}); err == nil {
			t.Errorf("rows of %v hold 4 images", wrong)
		}
	}
}
