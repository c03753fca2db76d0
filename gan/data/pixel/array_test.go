package pixel

import (
	"bytes"
	"image"
	"strings"
	"testing"

	"ganengine/gan/npy"
)

// array is a .npy file.
func array(t testing.TB, shape []int, pix []byte) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return npy.Write(b, shape, pix) })
}

// Pixels that stand in a file as they are become the same image as the same
// pixels in a PNG, whatever the frame.
func TestArraysAreImages(t *testing.T) {
	const w, h = 7, 5
	for _, channels := range []int{1, 3, 4} {
		pix := make([]byte, w*h*channels)
		for i := range pix {
			pix[i] = byte(i * 37)
		}
		asPNG := image.Image(&image.NRGBA{Pix: pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)})
		switch channels {
		case 1:
			asPNG = &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
		case 3:
			m := image.NewNRGBA(image.Rect(0, 0, w, h))
			for i := range w * h {
				copy(m.Pix[4*i:], pix[3*i:3*i+3])
				m.Pix[4*i+3] = 255
			}
			asPNG = m
		}
		shape := []int{h, w, channels}
		if channels == 1 {
			shape = shape[:2]
		}
		file := array(t, shape, pix)
		head, err := ReadHeader(section(file))
		if err != nil || head.Width != w || head.Height != h || !Ends(section(file)) || Ends(section(file[:len(file)-1])) {
			t.Fatalf("header %+v, %v", head, err)
		}
		for _, f := range []Format{format(t, h, w, 3, "stretch", "red"), format(t, h, w, 1, "stretch", ""), format(t, 4, 4, 3, "crop", ""), format(t, 12, 12, 1, "pad", "")} {
			got, want := make([]byte, f.Bytes()), make([]byte, f.Bytes())
			for dst, b := range map[*byte][]byte{&got[0]: file, &want[0]: encodedPNG(t, asPNG)} {
				p, err := decodeAll(section(b))
				if err != nil {
					t.Fatal(err)
				}
				to := got
				if dst == &want[0] {
					to = want
				}
				NewConverter(f).Convert(to, p)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d channels as %+v: %v, want %v", channels, f, got, want)
			}
			if raw := head.RawAs(f); raw != (f.Width == w && f.Channels == channels) {
				t.Errorf("%d channels as %+v: raw %v", channels, f, raw)
			}
		}
	}
}

func TestOtherArraysAreRefused(t *testing.T) {
	floats := encoded(t, func(b *bytes.Buffer) error { return npy.Write(b, []int{2, 2}, make([]float32, 4)) })
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"floats":      {floats, "float32 [2 2]"},
		"two planes":  {array(t, []int{2, 2, 2}, make([]byte, 8)), "uint8 [2 2 2]"},
		"many":        {array(t, []int{3, 2, 2, 3}, make([]byte, 36)), "uint8 [3 2 2 3]"},
		"cut":         {array(t, []int{4, 4}, make([]byte, 16))[:130], "truncated"},
		"no pixels":   {array(t, []int{0, 4}, nil), "sizes from 1x1"},
		"cut header":  {array(t, []int{4, 4}, make([]byte, 16))[:50], "cut short"},
		"only a name": {[]byte("\x93NUMPY"), "too short"},
	} {
		if _, err := decodeAll(section(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
