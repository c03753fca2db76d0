package pixel

import (
	"bytes"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
)

func format(t *testing.T, h, w, c int, fit, background string) Format {
	t.Helper()
	f, err := NewFormat(h, w, c, fit, background)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPlacement(t *testing.T) {
	whole := func(w, h int) image.Rectangle { return image.Rect(0, 0, w, h) }
	for _, c := range []struct {
		fit        string
		ground     bool
		w, h       int // source
		fw, fh     int // frame
		cut, place image.Rectangle
	}{
		{"auto", true, 32, 32, 32, 32, whole(32, 32), whole(32, 32)},
		{"auto", true, 28, 28, 32, 32, whole(28, 28), image.Rect(2, 2, 30, 30)},
		{"auto", true, 29, 32, 32, 32, whole(29, 32), image.Rect(1, 0, 30, 32)},
		{"auto", true, 27, 28, 32, 32, whole(27, 27), whole(32, 32)}, // five short
		{"auto", false, 28, 28, 32, 32, whole(28, 28), whole(32, 32)},
		{"auto", false, 29, 32, 32, 32, image.Rect(0, 1, 29, 30), whole(32, 32)},
		{"auto", false, 64, 64, 32, 32, whole(64, 64), whole(32, 32)},
		{"auto", false, 64, 32, 32, 32, image.Rect(16, 0, 48, 32), whole(32, 32)},
		{"auto", false, 178, 218, 64, 64, image.Rect(0, 20, 178, 198), whole(64, 64)},
		{"crop", false, 28, 28, 32, 32, whole(28, 28), whole(32, 32)},
		{"crop", true, 28, 28, 32, 32, whole(28, 28), whole(32, 32)},
		{"crop", false, 10, 20, 32, 32, image.Rect(0, 5, 10, 15), whole(32, 32)},
		{"crop", false, 30, 20, 40, 20, image.Rect(0, 2, 30, 17), whole(40, 20)},
		{"crop", false, 1, 1 << 28, 64, 64, image.Rect(0, 1<<27-1, 1, 1<<27), whole(64, 64)},
		{"crop", false, 1, 1, 64, 1, whole(1, 1), whole(64, 1)},
		{"pad", false, 8, 4, 32, 32, whole(8, 4), image.Rect(12, 14, 20, 18)},
		{"pad", false, 64, 32, 32, 32, whole(64, 32), image.Rect(0, 8, 32, 24)},
		{"pad", false, 32, 64, 32, 32, whole(32, 64), image.Rect(8, 0, 24, 32)},
		{"pad", false, 9999, 1, 32, 32, whole(9999, 1), image.Rect(0, 15, 32, 16)},
		{"stretch", false, 5, 70, 32, 16, whole(5, 70), whole(32, 16)},
	} {
		f := format(t, c.fh, c.fw, 1, c.fit, "")
		if c.ground {
			f.Ground = new(Ground)
		}
		if cut, place := f.Placement(c.w, c.h); cut != c.cut || place != c.place {
			t.Errorf("%s: of %dx%d (w x h) in %dx%d %v lies at %v, want %v at %v", c.fit, c.w, c.h, c.fw, c.fh, cut, place, c.cut, c.place)
		}
	}
}

func TestFormatErrors(t *testing.T) {
	for _, c := range []struct {
		h, w, c         int
		fit, background string
		want            string
	}{
		{32, 0, 1, "", "", "set both, or neither"},
		{-1, -1, 1, "", "", "impossible"},
		{32, 32, 2, "", "", "use 1 (grey) or 3 (colour)"},
		{32, 32, 1, "zoom", "", "use auto, pad, crop or stretch"},
		{32, 32, 1, "", "#12345", "#rrggbb"},
		{32, 32, 1, "", "#12345g", "#rrggbb"},
		{32, 32, 1, "", "whyte", "CSS name"},
	} {
		if _, err := NewFormat(c.h, c.w, c.c, c.fit, c.background); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c, err, c.want)
		}
	}
}

func TestParseColor(t *testing.T) {
	for s, want := range map[string]color.RGBA{
		"": {255, 255, 255, 255}, "Black": {0, 0, 0, 255}, "#123": {0x11, 0x22, 0x33, 255},
		"#0a0B0c": {10, 11, 12, 255}, "cornflowerblue": {100, 149, 237, 255},
	} {
		if got, err := ParseColor(s); err != nil || got != want {
			t.Errorf("%q is %v, %v, want %v", s, got, err, want)
		}
	}
}

// TestConvert has one source of each kind, two pixels wide and one high.
func TestConvert(t *testing.T) {
	box := image.Rect(0, 0, 2, 1)
	grey := &image.Gray{Pix: []byte{10, 200}, Stride: 2, Rect: box}
	grey16 := &image.Gray16{Pix: []byte{10, 99, 200, 1}, Stride: 4, Rect: box}
	rgba := &image.NRGBA{Pix: []byte{255, 0, 0, 255, 0, 0, 255, 255}, Stride: 8, Rect: box}
	clear := &image.NRGBA{Pix: []byte{255, 0, 0, 0, 0, 0, 0, 51}, Stride: 8, Rect: box}
	deep := &image.NRGBA64{Pix: []byte{255, 255, 128, 7, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0}, Stride: 16, Rect: box}
	palette := &image.Paletted{Pix: []byte{1, 0}, Stride: 2, Rect: box,
		Palette: color.Palette{color.NRGBA{}, color.NRGBA{1, 2, 3, 255}}}
	wide := &image.Gray{Pix: []byte{9, 9, 9, 9, 9, 10, 200, 9}, Stride: 4, Rect: image.Rect(0, 0, 4, 2)}
	for _, c := range []struct {
		name       string
		img        image.Image
		channels   int
		background string
		want       []byte
	}{
		{"grey to grey", grey, 1, "", []byte{10, 200}},
		{"grey to colour", grey, 3, "", []byte{10, 10, 10, 200, 200, 200}},
		{"16-bit grey", grey16, 1, "", []byte{10, 200}},
		{"colour to colour", rgba, 3, "", []byte{255, 0, 0, 0, 0, 255}},
		{"colour to grey", rgba, 1, "", []byte{76, 29}},
		{"alpha on white", clear, 3, "", []byte{255, 255, 255, 204, 204, 204}},
		{"alpha on green", clear, 3, "lime", []byte{0, 255, 0, 0, 204, 0}},
		{"alpha to grey", clear, 1, "", []byte{255, 204}},
		{"16-bit colour", deep, 3, "black", []byte{255, 128, 0, 0, 0, 0}},
		{"palette", palette, 3, "#102030", []byte{1, 2, 3, 16, 32, 48}},
		{"sub-image grey", wide.SubImage(image.Rect(1, 1, 3, 2)), 1, "", []byte{10, 200}},
	} {
		f := format(t, 1, 2, c.channels, "", c.background)
		got := bytes.Repeat([]byte{77}, f.Bytes())
		NewConverter(f).Convert(got, Picture{Image: c.img})
		if !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestConvertPads(t *testing.T) {
	src := &image.Gray{Pix: []byte{1, 2, 3, 4}, Stride: 2, Rect: image.Rect(0, 0, 2, 2)}
	f := format(t, 4, 5, 1, "auto", "")
	for _, c := range []struct {
		fit    Fit
		ground *Ground
		g      byte
	}{{Auto, &Ground{Value: [3]byte{9}}, 9}, {Pad, nil, 0}, {Pad, &Ground{Value: [3]byte{9}}, 0}} {
		f.Fit, f.Ground = c.fit, c.ground
		got := bytes.Repeat([]byte{77}, f.Bytes())
		NewConverter(f).Convert(got, Picture{Image: src})
		g := c.g
		want := []byte{
			g, g, g, g, g,
			g, 1, 2, g, g,
			g, 3, 4, g, g,
			g, g, g, g, g}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.fit, got, want)
		}
	}
	f = format(t, 3, 3, 3, "auto", "")
	f.Ground = &Ground{Value: [3]byte{7, 8, 9}}
	got := make([]byte, f.Bytes())
	NewConverter(f).Convert(got, Picture{Image: &image.Gray{Pix: []byte{1}, Stride: 1, Rect: image.Rect(0, 0, 1, 1)}})
	want := bytes.Repeat([]byte{7, 8, 9}, 9)
	copy(want[4*3:], []byte{1, 1, 1})
	if !bytes.Equal(got, want) {
		t.Errorf("colour: got %v, want %v", got, want)
	}
}

// TestConvertResizes uses sources whose resized middle is known: flat halves.
func TestConvertResizes(t *testing.T) {
	halves := image.NewRGBA(image.Rect(5, 5, 5+80, 5+40)) // left quarter red, middle grey, right quarter blue
	for y := range 40 {
		for x := range 80 {
			c := color.RGBA{100, 100, 100, 255}
			if x < 20 {
				c = color.RGBA{255, 0, 0, 255}
			} else if x >= 60 {
				c = color.RGBA{0, 0, 255, 255}
			}
			halves.SetRGBA(5+x, 5+y, c)
		}
	}
	for _, c := range []struct {
		fit               string
		column            int // away from edges, where the filter rings
		left, mid, corner [3]byte
	}{
		{"auto", 2, [3]byte{100, 100, 100}, [3]byte{100, 100, 100}, [3]byte{100, 100, 100}},
		{"stretch", 1, [3]byte{255, 0, 0}, [3]byte{100, 100, 100}, [3]byte{255, 0, 0}},
		{"pad", 1, [3]byte{255, 0, 0}, [3]byte{100, 100, 100}, [3]byte{0, 0, 0}},
	} {
		f := format(t, 16, 16, 3, c.fit, "")
		conv := NewConverter(f)
		dst := bytes.Repeat([]byte{77}, f.Bytes())
		for range 2 { // the second time on reused memory
			conv.Convert(dst, Picture{Image: halves})
		}
		at := func(x, y int) [3]byte { return [3]byte(dst[(y*16+x)*3:]) }
		if got := [3][3]byte{at(c.column, 8), at(8, 8), at(c.column, 0)}; got != [3][3]byte{c.left, c.mid, c.corner} {
			t.Errorf("%s: left, middle and corner are %v, want %v %v %v", c.fit, got, c.left, c.mid, c.corner)
		}
	}
	f := format(t, 8, 8, 1, "", "")
	dst := make([]byte, f.Bytes())
	flat := &image.Gray{Pix: bytes.Repeat([]byte{123}, 400), Stride: 20, Rect: image.Rect(0, 0, 20, 20)}
	NewConverter(f).Convert(dst, Picture{Image: flat})
	if !bytes.Equal(dst, bytes.Repeat([]byte{123}, 64)) {
		t.Errorf("a flat grey image became %v", dst)
	}
}

func TestConversions(t *testing.T) {
	images := []Header{{Width: 28, Height: 28, Grey: true}, {Width: 64, Height: 32, Alpha: true}, {Width: 32, Height: 32, Deep: true, Orientation: 6}}
	padding := format(t, 32, 32, 3, "", "#010203")
	padding.Ground = &Ground{Value: [3]byte{7, 8, 9}, Share: .93}
	for _, c := range []struct {
		f    Format
		want []string
	}{
		{padding, []string{
			"grey repeated to three channels (1 of 3 images)", "alpha composited on #010203 (1 of 3 images)",
			"16-bit channels reduced to 8 bits (1 of 3 images)", "turned upright as their EXIF says (1 of 3 images)",
			"padded to 32x32 with #070809, the value of 93% of the border pixels (1 of 3 images)",
			"centre cropped to 32x32 (1 of 3 images)"}},
		{format(t, 16, 16, 1, "stretch", ""), []string{
			"colour to grey by luma (2 of 3 images)", "alpha composited on #ffffff (1 of 3 images)",
			"16-bit channels reduced to 8 bits (1 of 3 images)", "turned upright as their EXIF says (1 of 3 images)", "resized to 16x16 (all 3 images)"}},
		{format(t, 32, 48, 3, "pad", ""), []string{
			"grey repeated to three channels (1 of 3 images)", "alpha composited on #ffffff (1 of 3 images)",
			"16-bit channels reduced to 8 bits (1 of 3 images)", "turned upright as their EXIF says (1 of 3 images)", "padded to 48x32 with the minimum value (2 of 3 images)",
			"shrunk and padded to 48x32 with the minimum value (1 of 3 images)"}},
		{format(t, 32, 40, 3, "crop", ""), []string{
			"grey repeated to three channels (1 of 3 images)", "alpha composited on #ffffff (1 of 3 images)",
			"16-bit channels reduced to 8 bits (1 of 3 images)", "turned upright as their EXIF says (1 of 3 images)", "centre cropped to 40x32 (1 of 3 images)",
			"short side resized and centre cropped to 40x32 (2 of 3 images)"}},
		{format(t, 28, 28, 1, "", ""), nil},
	} {
		got := c.f.Conversions(images)
		if c.want == nil { // nothing to say of images that are as wanted
			got = c.f.Conversions(images[:1])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v:\n got %q\nwant %q", c.f, got, c.want)
		}
	}
}

func BenchmarkConvertResize(b *testing.B) {
	f, _ := NewFormat(64, 64, 1, "", "")
	c := NewConverter(f)
	src := image.NewGray(image.Rect(0, 0, 28, 28))
	dst := make([]byte, f.Bytes())
	b.ReportAllocs()
	for b.Loop() {
		c.Convert(dst, Picture{Image: src})
	}
}
