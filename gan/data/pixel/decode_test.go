package pixel

import (
	"bytes"
	"context"
	"encoding/base64"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"ganengine/gan/data/memory"
)

// section is a file in memory.
func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// decodeAll gives a picture out of Decode, with memory to spare.
func decodeAll(file *io.SectionReader) (p Picture, err error) {
	err = Decode(context.Background(), memory.BudgetOf(1<<30), file, func(q Picture) { p = q })
	return p, err
}

func encoded(t testing.TB, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodedPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, m) })
}

// tinyWebP is one transparent pixel, lossless.
const tinyWebP = "UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA=="

func TestHeadersAndDecoding(t *testing.T) {
	encode := func(write func(*bytes.Buffer) error) []byte { return encoded(t, write) }
	asPNG := func(m image.Image) []byte { return encodedPNG(t, m) }
	box := image.Rect(0, 0, 3, 2)
	half := image.NewNRGBA(box)
	half.Pix[3] = 100
	half64 := image.NewNRGBA64(box)
	half64.Pix[7] = 100
	webp, err := base64.StdEncoding.DecodeString(tinyWebP)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		w, h       int
		file       []byte
	}{
		{"png grey", "grey", 3, 2, asPNG(image.NewGray(box))},
		{"png grey 16", "grey, 16-bit", 3, 2, asPNG(image.NewGray16(box))},
		{"png alpha", "colour + alpha", 3, 2, asPNG(half)},
		{"png alpha 16", "colour + alpha, 16-bit", 3, 2, asPNG(half64)},
		{"png palette", "grey + alpha", 3, 2, asPNG(image.NewPaletted(box, color.Palette{color.Transparent, color.White}))},
		{"png colour palette", "colour", 3, 2, asPNG(image.NewPaletted(box, color.Palette{color.RGBA{9, 8, 7, 255}}))},
		{"gif", "grey", 3, 2, encode(func(b *bytes.Buffer) error {
			return gif.Encode(b, image.NewPaletted(box, color.Palette{color.Black, color.White}), nil)
		})},
		{"jpeg", "colour", 3, 2, encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, image.NewRGBA(box), nil) })},
		{"jpeg grey", "grey", 3, 2, encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, image.NewGray(box), nil) })},
		{"webp", "colour + alpha", 1, 1, webp},
		{"bmp", "colour", 3, 2, encode(func(b *bytes.Buffer) error { return bmp.Encode(b, image.NewRGBA64(box)) })},
		{"bmp of 32 bits", "colour", 3, 2, encode(func(b *bytes.Buffer) error { return bmp.Encode(b, half) })},
		{"bmp grey", "grey", 3, 2, encode(func(b *bytes.Buffer) error { return bmp.Encode(b, image.NewGray(box)) })},
		{"tiff", "colour", 3, 2, encode(func(b *bytes.Buffer) error { return tiff.Encode(b, image.NewRGBA(box), nil) })},
		{"tiff grey 16", "grey, 16-bit", 3, 2, encode(func(b *bytes.Buffer) error {
			return tiff.Encode(b, image.NewGray16(box), &tiff.Options{Compression: tiff.Deflate, Predictor: true})
		})},
	} {
		h, err := ReadHeader(section(c.file))
		if err != nil || h.String() != c.want || h.Width != c.w || h.Height != c.h {
			t.Errorf("%s: header %v %dx%d, %v, want %s %dx%d", c.name, h, h.Width, h.Height, err, c.want, c.w, c.h)
		}
		m, err := decodeAll(section(c.file))
		if err != nil || m.Bounds().Dx() != c.w || m.Bounds().Dy() != c.h {
			t.Errorf("%s: decoding: %v", c.name, err)
		}
	}
	grey := asPNG(image.NewGray(image.Rect(0, 0, 50, 50)))
	if _, err := decodeAll(section(grey[:len(grey)-20])); err == nil || !strings.Contains(err.Error(), "it is truncated or damaged (png: ") {
		t.Errorf("truncated PNG: %v", err)
	}
	if _, err := decodeAll(section(nil)); err == nil || err.Error() != "it is empty" {
		t.Errorf("an empty file: %v", err)
	}
	if _, err := decodeAll(section([]byte("hello"))); err == nil || !strings.Contains(err.Error(), "no PNG, JPEG, GIF, WebP, BMP or TIFF") {
		t.Errorf("text: %v", err)
	}
	animated := []byte("RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x27\x00\x00\x27\x00\x00")
	if _, err := ReadHeader(section(animated)); err == nil || !strings.Contains(err.Error(), "animated WebP") {
		t.Errorf("header of an animated WebP: %v", err)
	}
	if _, err := decodeAll(section(animated)); err == nil || !strings.Contains(err.Error(), "animated WebP") {
		t.Errorf("animated WebP: %v", err)
	}
	huge := slices.Clone(grey)
	copy(huge[16:], []byte{0, 1, 0, 0, 0, 1, 0, 0}) // the checksum is wrong too
	if _, err := ReadHeader(section(huge)); err == nil {
		t.Error("a header of 65536x65536 pixels was accepted")
	}
}

// gifOf is a GIF of one frame at a place on a canvas, with its palette beside the
// frame and none for the file.
func gifOf(t testing.TB, canvas image.Point, frame image.Rectangle, palette color.Palette, index byte) []byte {
	m := image.NewPaletted(frame, palette)
	for i := range m.Pix {
		m.Pix[i] = index
	}
	return encoded(t, func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{m}, Delay: []int{0},
			Config: image.Config{Width: canvas.X, Height: canvas.Y}})
	})
}

func TestFirstFrameLiesOnItsCanvas(t *testing.T) {
	red := color.RGBA{255, 0, 0, 255}
	file := gifOf(t, image.Pt(6, 4), image.Rect(2, 1, 4, 2), color.Palette{color.Black, red}, 1)
	h, err := ReadHeader(section(file))
	if err != nil || h.String() != "colour + alpha" || h.Width != 6 || h.Height != 4 {
		t.Errorf("header %v %dx%d, %v, want colour + alpha 6x4", h, h.Width, h.Height, err)
	}
	m, err := decodeAll(section(file))
	if err != nil {
		t.Fatal(err)
	}
	f := format(t, 4, 6, 3, "stretch", "#010203")
	got := make([]byte, f.Bytes())
	NewConverter(f).Convert(got, m)
	ground, spot := []byte{1, 2, 3}, []byte{255, 0, 0}
	want := slices.Concat(bytes.Repeat(ground, 6+2), bytes.Repeat(spot, 2), bytes.Repeat(ground, 2+12))
	if !bytes.Equal(got, want) {
		t.Errorf("got %v, want the frame at its place: %v", got, want)
	}
	whole := gifOf(t, image.Pt(3, 2), image.Rect(0, 0, 3, 2), color.Palette{color.Black, red}, 1)
	if h, err := ReadHeader(section(whole)); err != nil || h.String() != "colour" {
		t.Errorf("a frame of its canvas's size: header %v, %v, want colour", h, err)
	}
	clear := gifOf(t, image.Pt(3, 2), image.Rect(0, 0, 3, 2), color.Palette{color.Black, color.Transparent}, 1)
	if h, err := ReadHeader(section(clear)); err != nil || h.String() != "grey + alpha" {
		t.Errorf("a transparent frame: header %v, %v, want grey + alpha", h, err)
	}
}

func TestExtensions(t *testing.T) {
	for _, name := range []string{"a.png", "b.JPG", "c.jpeg", "d.jpe", "e.jfif", "f.gif", "g.webp", "h.bmp", "i.tif", "j.Tiff"} {
		if !HasExtension(name) {
			t.Errorf("%s is not looked at", name)
		}
	}
	for _, name := range []string{"png", "a.txt", "a.", "a.png.txt", ""} {
		if HasExtension(name) {
			t.Errorf("%s is taken for an image", name)
		}
	}
}

// FuzzDecode: whatever the bytes, an error or an image of the size that its
// header says.
func FuzzDecode(f *testing.F) {
	box := image.Rect(0, 0, 5, 3)
	webp, _ := base64.StdEncoding.DecodeString(tinyWebP)
	f.Add(webp)
	f.Add(gifOf(f, image.Pt(6, 4), image.Rect(2, 1, 4, 2), color.Palette{color.Black, color.White}, 1))
	f.Add(array(f, []int{2, 3, 3}, make([]byte, 18)))
	for _, m := range []image.Image{image.NewGray(box), image.NewGray16(box), image.NewNRGBA(box), image.NewRGBA64(box),
		image.NewPaletted(box, color.Palette{color.White, color.Transparent})} {
		asJPEG := encoded(f, func(b *bytes.Buffer) error { return jpeg.Encode(b, m, nil) })
		f.Add(encodedPNG(f, m))
		f.Add(asJPEG)
		f.Add(withEXIF(encodedPNG(f, m), 6))
		f.Add(withEXIF(asJPEG, 5))
		f.Add(encoded(f, func(b *bytes.Buffer) error { return bmp.Encode(b, m) }))
		f.Add(encoded(f, func(b *bytes.Buffer) error { return tiff.Encode(b, m, &tiff.Options{Compression: tiff.Deflate}) }))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		Ends(section(file))
		h, err := ReadHeader(section(file))
		if err != nil || h.Width > 4096 || h.Height > 4096 {
			return
		}
		m, err := decodeAll(section(file))
		if err != nil {
			return
		}
		if m.size() != image.Pt(h.Width, h.Height) {
			t.Errorf("the header says %dx%d, the image has %v", h.Width, h.Height, m.size())
		}
		form := Format{Height: 4, Width: 6, Channels: 3, Fit: Crop}
		NewConverter(form).Convert(make([]byte, form.Bytes()), m)
	})
}
