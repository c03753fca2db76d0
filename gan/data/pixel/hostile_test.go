package pixel

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"strings"
	"testing"

	xdraw "golang.org/x/image/draw"

	"ganengine/gan/data/memory"
)

// TestLongPictures: the longest pictures pass every fit, in memory that their
// length does not multiply.
func TestLongPictures(t *testing.T) {
	const length = 40_000_000
	pixels := bytes.Repeat([]byte{123}, length)
	for _, m := range []*image.Gray{
		{Pix: pixels, Stride: 1, Rect: image.Rect(0, 0, 1, length)},
		{Pix: pixels, Stride: length, Rect: image.Rect(0, 0, length, 1)},
	} {
		for _, fit := range []string{"auto", "crop", "pad", "stretch"} {
			f := format(t, 64, 64, 1, fit, "")
			got := make([]byte, f.Bytes())
			part := m
			if fit == "pad" || fit == "stretch" { // which look at every pixel
				part = m.SubImage(image.Rect(0, 0, length/20, length/20)).(*image.Gray)
			}
			NewConverter(f).Convert(got, Picture{Image: part})
			want := bytes.Repeat([]byte{123}, len(got))
			if fit == "pad" {
				clear(want)
				_, place := f.Placement(m.Rect.Dx(), m.Rect.Dy())
				for y := place.Min.Y; y < place.Max.Y; y++ {
					for x := place.Min.X; x < place.Max.X; x++ {
						want[64*y+x] = 123
					}
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%v, %s: it is not 123 all over", m.Rect, fit)
			}
		}
	}
	file := encodedPNG(t, image.NewPaletted(image.Rect(0, 0, length, 1), color.Palette{color.Gray{45}, color.White}))
	f := format(t, 64, 64, 1, "", "")
	got := make([]byte, f.Bytes())
	err := NewConverter(f).Read(context.Background(), memory.BudgetOf(1<<30), section(file), got)
	if err != nil || !bytes.Equal(got, bytes.Repeat([]byte{45}, len(got))) {
		t.Errorf("a PNG of %dx1: %v, %v", length, got[:4], err)
	}
}

// TestShrinkingFirst: averaging a large picture before it is scaled gives what
// scaling alone gives, within a rounding.
func TestShrinkingFirst(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 700, 650))
	for y := range 650 {
		for x := range 700 {
			m.SetRGBA(x, y, color.RGBA{byte(x * y / 2000), byte(x / 3), byte((x/50 + y/50) % 2 * 200), 255})
		}
	}
	f := format(t, 16, 20, 3, "stretch", "")
	if shrinking(m.Rect.Size(), image.Pt(20, 16)) == image.Pt(1, 1) {
		t.Fatal("this picture is not averaged first")
	}
	got, want := make([]byte, f.Bytes()), make([]byte, f.Bytes())
	NewConverter(f).Convert(got, Picture{Image: m})
	var s scratch
	c := NewConverter(f)
	reuse(&s.resized, image.Pt(20, 16))
	xdraw.CatmullRom.Scale(&s.resized, s.resized.Rect, m, m.Rect, xdraw.Src, nil)
	c.format.write(want, s.resized.Rect, view(&s.resized, s.resized.Rect))
	for i := range got {
		if d := int(got[i]) - int(want[i]); d < -2 || d > 2 {
			t.Errorf("value %d is %d, without averaging first %d", i, got[i], want[i])
		}
	}
}

// TestFaultsOfDecoders: a panic while a picture is read is an error.
func TestFaultsOfDecoders(t *testing.T) {
	file := encodedPNG(t, image.NewGray(image.Rect(0, 0, 2, 2)))
	err := Decode(context.Background(), memory.BudgetOf(1<<30), section(file), func(Picture) { panic("out of step") })
	if err == nil || !strings.Contains(err.Error(), "reading it fails with out of step") {
		t.Errorf("a panic became %v", err)
	}
}

// headerOnly is a PNG that promises 16-bit RGBA and holds nothing.
func headerOnly(w, h int) []byte {
	b := binary.BigEndian.AppendUint32([]byte("IHDR"), uint32(w))
	b = binary.BigEndian.AppendUint32(b, uint32(h))
	b = append(b, 16, 6, 0, 0, 0)
	sum := crc32.ChecksumIEEE(b)
	b = append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), b...)
	return append(binary.BigEndian.AppendUint32(b, sum), "\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"...)
}

// TestCopiesAreBounded: whatever the sizes, what is composited at once is not.
func TestCopiesAreBounded(t *testing.T) {
	for _, c := range []struct{ from, to, want image.Point }{
		{image.Pt(178, 178), image.Pt(64, 64), image.Pt(1, 1)},
		{image.Pt(2047, 2047), image.Pt(64, 64), image.Pt(1, 1)},
		{image.Pt(2048, 3000), image.Pt(64, 64), image.Pt(2, 2)},
		{image.Pt(1, 40_000_000), image.Pt(64, 64), image.Pt(1, 39062)},
		{image.Pt(4096, 4096), image.Pt(512, 512), image.Pt(1, 1)},
		{image.Pt(11000, 11000), image.Pt(512, 512), image.Pt(3, 3)},
		{image.Pt(16000, 16000), image.Pt(4096, 4096), image.Pt(1, 1)},
	} {
		got := shrinking(c.from, c.to)
		if got != c.want {
			t.Errorf("%v to %v: %v are averaged, want %v", c.from, c.to, got, c.want)
		}
	}
}

func TestMemoryIsAskedFor(t *testing.T) {
	var large *memory.TooLarge
	file := headerOnly(16000, 16000)
	h, err := ReadHeader(section(file))
	if err != nil || h.Bytes() < 16000*16000*8 {
		t.Errorf("16-bit RGBA of 16000x16000 takes %d bytes, %v", h.Bytes(), err)
	}
	err = Decode(context.Background(), memory.BudgetOf(1<<30), section(file), func(Picture) {})
	if !errors.As(err, &large) || !strings.Contains(err.Error(), "16000x16000 pixels: it needs 2.0 GB of memory and may take 1.1 GB") {
		t.Errorf("more than there is: %v", err)
	}
	f := format(t, 1024, 1024, 3, "stretch", "")
	small := encodedPNG(t, image.NewGray(image.Rect(0, 0, 8000, 5)))
	err = NewConverter(f).Read(context.Background(), memory.BudgetOf(20<<20), section(small), make([]byte, f.Bytes()))
	if err != nil {
		t.Errorf("a small picture in a small budget: %v", err)
	}
}
