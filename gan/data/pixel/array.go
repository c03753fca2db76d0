package pixel

import (
	"bufio"
	"fmt"
	"image"
	"image/color"
	"io"

	"ganengine/gan/npy"
)

// RGB is pixels of three bytes, as arrays have them: red, green, blue.
type RGB struct {
	Pix    []byte
	Stride int // bytes from row to row
	Rect   image.Rectangle
}

// Raw is a picture of w×h pixels of one (grey), three or four (colour, alpha)
// channels that are bytes without gaps, rows first, channels last.
func Raw(pix []byte, w, h, channels int) Picture {
	rect := image.Rect(0, 0, w, h)
	switch channels {
	case 1:
		return Picture{Image: &image.Gray{Pix: pix, Stride: w, Rect: rect}}
	case 3:
		return Picture{Image: &RGB{Pix: pix, Stride: 3 * w, Rect: rect}}
	}
	return Picture{Image: &image.NRGBA{Pix: pix, Stride: 4 * w, Rect: rect}}
}

// ColorModel is that of opaque 8-bit colour.
func (m *RGB) ColorModel() color.Model { return color.RGBAModel }

// Bounds is Rect.
func (m *RGB) Bounds() image.Rectangle { return m.Rect }

// At is the pixel at a place within the bounds.
func (m *RGB) At(x, y int) color.Color {
	p := m.Pix[m.offset(x, y):]
	return color.RGBA{p[0], p[1], p[2], 255}
}

func (m *RGB) offset(x, y int) int { return (y-m.Rect.Min.Y)*m.Stride + 3*(x-m.Rect.Min.X) }

// spread copies a part to dst, which has its size.
func (m *RGB) spread(dst *image.RGBA, part image.Rectangle) {
	for y := range part.Dy() {
		from := m.Pix[m.offset(part.Min.X, part.Min.Y+y):][:3*part.Dx()]
		to := dst.Pix[y*dst.Stride:]
		for x := 0; x < len(from); x += 3 {
			copy(to[:3], from[x:x+3])
			to[3] = 255
			to = to[4:]
		}
	}
}

// headerOfArray reads what describes a .npy array, which must be uint8 [h, w] or
// [h, w, channels].
func headerOfArray(file *io.SectionReader) (Header, error) {
	a, at, err := npy.ReadHeader(bufio.NewReaderSize(file, 128))
	if err != nil {
		return Header{}, err
	}
	s := a.Shape
	if len(s) == 2 {
		s = append(s, 1)
	}
	if a.DType != "uint8" || len(s) != 3 || s[2] != 1 && s[2] != 3 && s[2] != 4 {
		return Header{}, fmt.Errorf("%w: it is %s %v, and an image is uint8 [height, width] or [height, width, 1, 3 or 4]", errNoImage, a.DType, a.Shape)
	}
	return Header{Width: s[1], Height: s[0], Grey: s[2] == 1, Alpha: s[2] == 4, pixel: s[2], Raw: at}, nil
}

// channels is how many an array has.
func (h Header) channels() int { return h.pixel }

// RawAs says whether the bytes from h.Raw on are an image of the format already.
func (h Header) RawAs(f Format) bool {
	return h.Raw > 0 && h.Width == f.Width && h.Height == f.Height && h.channels() == f.Channels
}

func decodeArray(file *io.SectionReader) (image.Image, error) {
	h, err := headerOfArray(file)
	if err != nil {
		return nil, err
	}
	if h.Raw+h.Bytes() > file.Size() {
		return nil, io.ErrUnexpectedEOF
	}
	pix := make([]byte, h.Bytes())
	if n, err := file.ReadAt(pix, h.Raw); n < len(pix) {
		return nil, err
	}
	return Raw(pix, h.Width, h.Height, h.channels()).Image, nil
}

func endsArray(file *io.SectionReader) bool {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return false
	}
	h, err := headerOfArray(file)
	return err == nil && h.Raw+h.Bytes() <= file.Size()
}
