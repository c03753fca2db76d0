package picture

import (
	"image"
	"image/color"
)

// maxCarried bounds the error that a pixel takes over. Without it, errors that no palette colour can balance add
// up until a pixel of a far colour speckles a smooth region.
const maxCarried = 20

// dither maps a picture to a palette by Floyd and Steinberg's error diffusion ("An adaptive algorithm for spatial
// grey scale", 1976). The nearest colour is looked up once per cell of a 64x64x64 cube, which makes it tens of
// times faster than image/draw's search per pixel; what the cell is off by is diffused like any other error.
func dither(m *image.RGBA, palette color.Palette) *image.Paletted {
	p := image.NewPaletted(m.Bounds(), palette)
	colours := make([][3]int32, len(palette))
	for i, c := range palette {
		rgba := c.(color.RGBA)
		colours[i] = [3]int32{int32(rgba.R), int32(rgba.G), int32(rgba.B)}
	}
	cube := make([]int16, 1<<18) // index + 1; 0 is not looked up yet
	w, h := m.Rect.Dx(), m.Rect.Dy()
	// Errors in sixteenths, with a column of margin on each side.
	this, next := make([][3]int32, w+2), make([][3]int32, w+2)
	for y := range h {
		for x := range w {
			var v [3]int32
			for c := range 3 {
				v[c] = min(max(int32(m.Pix[y*m.Stride+4*x+c])+min(max((this[x+1][c]+8)>>4, -maxCarried), maxCarried), 0), 255)
			}
			cell := &cube[v[0]>>2<<12|v[1]>>2<<6|v[2]>>2]
			if *cell == 0 {
				*cell = nearest(colours, [3]int32{v[0]&^3 + 2, v[1]&^3 + 2, v[2]&^3 + 2}) + 1
			}
			p.Pix[y*p.Stride+x] = uint8(*cell - 1)
			for c := range 3 {
				e := v[c] - colours[*cell-1][c]
				this[x+2][c] += 7 * e
				next[x][c] += 3 * e
				next[x+1][c] += 5 * e
				next[x+2][c] += e
			}
		}
		this, next = next, this
		clear(next)
	}
	return p
}

// nearest is the index of the colour at the least squared distance, the first of equals.
func nearest(colours [][3]int32, v [3]int32) int16 {
	best, at := int32(1<<30), 0
	for i, c := range colours {
		d := (c[0]-v[0])*(c[0]-v[0]) + (c[1]-v[1])*(c[1]-v[1]) + (c[2]-v[2])*(c[2]-v[2])
		if d < best {
			best, at = d, i
		}
	}
	return int16(at)
}
