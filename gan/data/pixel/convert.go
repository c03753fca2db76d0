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
	scaler  xdraw.Scaler
	scales  [2]image.Point // the source and destination sizes that scaler is for
}

// NewConverter makes a converter to f, whose sizes must be known.
func NewConverter(f Format) *Converter {
	c := &Converter{format: f, background: *image.NewUniform(f.Background)}
	c.pool.New = func() any { return new(scratch) }
	return c
}

// Convert writes img as the converter's format has it; dst is one image of
// Format.Bytes bytes.
func (c *Converter) Convert(dst []byte, img image.Image) {
	s := c.pool.Get().(*scratch)
	defer c.pool.Put(s)
	f := c.format
	bounds := img.Bounds()
	place := f.Place(bounds.Dx(), bounds.Dy())
	src, isGrey := img.(*image.Gray)
	if place.Size() != bounds.Size() {
		if !isGrey {
			img, bounds = c.flatten(s, img), image.Rectangle{Max: bounds.Size()}
		}
		f.write(dst, place, c.resize(s, img, bounds, place))
		return
	}
	if isGrey {
		f.write(dst, place, raster{src.Pix[src.PixOffset(bounds.Min.X, bounds.Min.Y):], src.Stride, 1, place.Min})
		return
	}
	flat := c.flatten(s, img)
	f.write(dst, place, raster{flat.Pix, flat.Stride, 4, place.Min})
}

// ConvertGrey is Convert for w×h grey bytes without gaps.
func (c *Converter) ConvertGrey(dst, pix []byte, w, h int) {
	place := c.format.Place(w, h)
	if place.Size() == image.Pt(w, h) {
		c.format.write(dst, place, raster{pix, w, 1, place.Min})
		return
	}
	s := c.pool.Get().(*scratch)
	s.grey = image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	c.format.write(dst, place, c.resize(s, &s.grey, s.grey.Rect, place))
	c.pool.Put(s)
}

// flatten composites img on the background.
func (c *Converter) flatten(s *scratch, img image.Image) *image.RGBA {
	b := img.Bounds()
	reuse(&s.flat, b.Size())
	draw.Draw(&s.flat, s.flat.Rect, &c.background, image.Point{}, draw.Src)
	draw.Draw(&s.flat, s.flat.Rect, img, b.Min, draw.Over)
	return &s.flat
}

// resize scales the source to place, of which only the part inside the frame
// is computed.
func (c *Converter) resize(s *scratch, src image.Image, bounds, place image.Rectangle) raster {
	f := c.format
	reuse(&s.resized, image.Pt(f.Width, f.Height))
	if scales := [2]image.Point{bounds.Size(), place.Size()}; s.scaler == nil || s.scales != scales {
		s.scaler = xdraw.CatmullRom.NewScaler(place.Dx(), place.Dy(), bounds.Dx(), bounds.Dy())
		s.scales = scales
	}
	s.scaler.Scale(&s.resized, place, src, bounds, draw.Src, nil)
	return raster{s.resized.Pix, s.resized.Stride, 4, image.Point{}}
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

// raster is opaque pixels: grey bytes (step 1) or RGBA (step 4).
type raster struct {
	pix          []byte
	stride, step int
	origin       image.Point // where the first pixel lies in the frame
}

// write copies the part of r inside place and the frame, in the format's
// channels, and sets the rest to the minimum value.
func (f Format) write(dst []byte, place image.Rectangle, r raster) {
	visible := place.Intersect(image.Rect(0, 0, f.Width, f.Height))
	if visible.Dx() < f.Width || visible.Dy() < f.Height {
		clear(dst)
	}
	for y := visible.Min.Y; y < visible.Max.Y; y++ {
		from := r.pix[(y-r.origin.Y)*r.stride+(visible.Min.X-r.origin.X)*r.step:]
		to := dst[(y*f.Width+visible.Min.X)*f.Channels:]
		switch {
		case f.Channels == 1 && r.step == 1:
			copy(to[:visible.Dx()], from)
		case f.Channels == 1:
			for x := range visible.Dx() {
				to[x] = Luma(from[4*x], from[4*x+1], from[4*x+2])
			}
		case r.step == 1:
			for x := range visible.Dx() {
				to[3*x], to[3*x+1], to[3*x+2] = from[x], from[x], from[x]
			}
		default:
			for x := range visible.Dx() {
				copy(to[3*x:3*x+3], from[4*x:4*x+3])
			}
		}
	}
}

// Luma is the grey of a colour: .299 R + .587 G + .114 B (ITU-R BT.601) in
// 16-bit fixed point, rounded; a grey stays what it is.
func Luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}
