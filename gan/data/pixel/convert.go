package pixel

import (
	"image"
	"image/draw"
	"sync"

	xdraw "golang.org/x/image/draw"
)

// Converter brings decoded images to a Format. It keeps its working memory and
// is safe for concurrent use.
type Converter struct {
	format     Format
	background image.Uniform
	pool       sync.Pool // of *scratch
}

// scratch is the working memory of one conversion.
type scratch struct {
	flat    image.RGBA // the source composited on the background
	grey    image.Gray // a view of a grey source
	resized image.RGBA
	shrunk  image.RGBA
	sums    []uint64
	scaler  xdraw.Scaler
	scales  [2]image.Point // the source and destination sizes that scaler is for
}

// keptScratch is how much working memory, in bytes, is kept for the next image;
// what one huge image needed is not.
const keptScratch = 64 << 20

// NewConverter makes a converter to f, whose sizes must be known.
func NewConverter(f Format) *Converter {
	c := &Converter{format: f, background: *image.NewUniform(f.Background)}
	c.pool.New = func() any { return new(scratch) }
	return c
}

// Convert writes a picture, upright, as the converter's format has it; dst is
// one image of Format.Bytes bytes.
func (c *Converter) Convert(dst []byte, p Picture) {
	s := c.pool.Get().(*scratch)
	c.convert(s, dst, p)
	if cap(s.flat.Pix) <= keptScratch {
		c.pool.Put(s)
	}
}

// ConvertGrey is Convert for w×h grey bytes without gaps.
func (c *Converter) ConvertGrey(dst, pix []byte, w, h int) {
	s := c.pool.Get().(*scratch)
	s.grey = image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	c.convert(s, dst, Picture{Image: &s.grey})
	s.grey.Pix = nil
	c.pool.Put(s)
}

func (c *Converter) convert(s *scratch, dst []byte, p Picture) {
	size := p.size()
	cut, place := c.format.Placement(size.X, size.Y)
	bounds := p.Bounds()
	part := p.Orientation.stored(cut, bounds.Size()).Add(bounds.Min)
	want := p.Orientation.size(place.Size()) // of that part, before it is turned
	var r raster
	grey, isGrey := p.Image.(*image.Gray)
	rgb, isRGB := p.Image.(*RGB)
	switch {
	case part.Size() != want:
		r = c.resize(s, p.Image, part, want)
	case isGrey:
		r = raster{pix: grey.Pix[grey.PixOffset(part.Min.X, part.Min.Y):], right: 1, down: grey.Stride, grey: true}
	case isRGB:
		r = raster{pix: rgb.Pix[rgb.offset(part.Min.X, part.Min.Y):], right: 3, down: rgb.Stride}
	default:
		r = view(c.flatten(s, p.Image, part))
	}
	c.format.write(dst, place, r.turned(p.Orientation, want))
}

// workspace is how many bytes converting a picture takes beside itself.
func (c *Converter) workspace(h Header) int64 {
	const rgba, cell = 4, 32 // bytes a pixel: of a copy, and of the scaler between its two passes
	cut, place := c.format.Placement(h.Width, h.Height)
	part, want := h.Orientation.size(cut.Size()), h.Orientation.size(place.Size())
	if part == want {
		return rgba * int64(part.X) * int64(part.Y)
	}
	steps := shrinking(part, want)
	part.X, part.Y = part.X/steps.X, part.Y/steps.Y
	return int64(part.Y) * (rgba*int64(part.X) + cell*int64(want.X))
}

// flatten composites a part of img on the background; what is opaque RGBA
// already is only looked at.
func (c *Converter) flatten(s *scratch, img image.Image, part image.Rectangle) (*image.RGBA, image.Rectangle) {
	if m, ok := img.(*image.RGBA); ok && isOpaque(m, part) {
		return m, part
	}
	reuse(&s.flat, part.Size())
	if m, ok := img.(*RGB); ok {
		m.spread(&s.flat, part)
		return &s.flat, s.flat.Rect
	}
	op := draw.Src
	switch img.(type) {
	case *image.YCbCr, *image.Gray, *image.Gray16, *image.CMYK: // hide all that is under them
	default:
		op = draw.Over
		draw.Draw(&s.flat, s.flat.Rect, &c.background, image.Point{}, draw.Src)
	}
	draw.Draw(&s.flat, s.flat.Rect, img, part.Min, op)
	return &s.flat, s.flat.Rect
}

func isOpaque(m *image.RGBA, part image.Rectangle) bool {
	for y := part.Min.Y; y < part.Max.Y; y++ {
		row := m.Pix[m.PixOffset(part.Min.X, y):][:4*part.Dx()]
		for at := 3; at < len(row); at += 4 {
			if row[at] != 255 {
				return false
			}
		}
	}
	return true
}

// resize scales a part of img to a size.
func (c *Converter) resize(s *scratch, img image.Image, part image.Rectangle, want image.Point) raster {
	if steps := shrinking(part.Size(), want); steps != image.Pt(1, 1) {
		c.shrink(s, img, part, steps)
		img, part = &s.shrunk, s.shrunk.Rect
	} else if _, isGrey := img.(*image.Gray); !isGrey {
		img, part = c.flatten(s, img, part)
	}
	reuse(&s.resized, want)
	if scales := [2]image.Point{part.Size(), want}; s.scaler == nil || s.scales != scales {
		s.scaler = xdraw.CatmullRom.NewScaler(want.X, want.Y, part.Dx(), part.Dy())
		s.scales = scales
	}
	s.scaler.Scale(&s.resized, s.resized.Rect, img, part, draw.Src, nil)
	return view(&s.resized, s.resized.Rect)
}

// reuse makes m an image of the given size on its old storage where that is
// large enough; the pixels are whatever they were.
func reuse(m *image.RGBA, size image.Point) {
	n := 4 * size.X * size.Y
	if cap(m.Pix) < n {
		m.Pix = make([]byte, n)
	}
	m.Pix = m.Pix[:n]
	m.Stride = 4 * size.X
	m.Rect = image.Rectangle{Max: size}
}

// raster is opaque pixels: grey bytes, RGB or RGBA. The pixel (x, y) begins at
// pix[first + x·right + y·down].
type raster struct {
	pix                []byte
	first, right, down int
	grey               bool
}

// view is a part of m.
func view(m *image.RGBA, part image.Rectangle) raster {
	return raster{pix: m.Pix[m.PixOffset(part.Min.X, part.Min.Y):], right: 4, down: m.Stride}
}

// turned is the upright view of stored pixels of the given size.
func (r raster) turned(o Orientation, size image.Point) raster {
	flipX, flipY := o.flips()
	if flipX {
		r.first, r.right = r.first+(size.X-1)*r.right, -r.right
	}
	if flipY {
		r.first, r.down = r.first+(size.Y-1)*r.down, -r.down
	}
	if o.transposed() {
		r.right, r.down = r.down, r.right
	}
	return r
}

// write copies r, which has the size of place, in the format's channels, and
// sets what lies around it to the ground that is padded with.
func (f Format) write(dst []byte, place image.Rectangle, r raster) {
	if place.Dx() < f.Width || place.Dy() < f.Height {
		f.fill(dst)
	}
	for y := range place.Dy() {
		at := r.first + y*r.down
		to := dst[((place.Min.Y+y)*f.Width+place.Min.X)*f.Channels:][:place.Dx()*f.Channels]
		switch {
		case f.Channels == 1 && r.grey && r.right == 1:
			copy(to, r.pix[at:])
		case f.Channels == 1 && r.grey:
			for x := range to {
				to[x] = r.pix[at]
				at += r.right
			}
		case f.Channels == 1:
			for x := range to {
				from := r.pix[at : at+3]
				to[x] = Luma(from[0], from[1], from[2])
				at += r.right
			}
		case r.grey:
			for x := 0; x < len(to); x += 3 {
				g := r.pix[at]
				to[x], to[x+1], to[x+2] = g, g, g
				at += r.right
			}
		default:
			for x := 0; x < len(to); x += 3 {
				from := r.pix[at : at+3 : at+3]
				to[x], to[x+1], to[x+2] = from[0], from[1], from[2]
				at += r.right
			}
		}
	}
}

// fill sets a whole image to the ground, or to the minimum value without one.
func (f Format) fill(dst []byte) {
	if f.Fit != Auto || f.Ground == nil {
		clear(dst)
		return
	}
	copy(dst, f.Ground.Value[:f.Channels])
	for n := f.Channels; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

// Luma is the grey of a colour: .299 R + .587 G + .114 B (ITU-R BT.601) in
// 16-bit fixed point, rounded; a grey stays what it is.
func Luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
