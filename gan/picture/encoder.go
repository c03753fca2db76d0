package picture

import (
	"fmt"
	"image"
	"image/png"
	"io"
)

// An Encoder writes images one after the other as PNG files, in memory that it uses again. It compresses for
// speed: files are some tenths larger than those of EncodePNG. It is for one goroutine.
type Encoder struct {
	png    png.Encoder
	buffer *png.EncoderBuffer
	grey   image.Gray
	colour image.NRGBA
}

// NewEncoder makes an Encoder.
func NewEncoder() *Encoder {
	e := &Encoder{}
	e.png = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: e}
	return e
}

// Get and Put implement png.EncoderBufferPool with one buffer.
func (e *Encoder) Get() *png.EncoderBuffer  { return e.buffer }
func (e *Encoder) Put(b *png.EncoderBuffer) { e.buffer = b }

// Encode writes image i, each pixel scale by scale; 0 is 1.
func (e *Encoder) Encode(w io.Writer, im Images, i, scale int) error {
	if err := im.check(); err != nil {
		return err
	}
	if i < 0 || i >= im.N {
		return fmt.Errorf("picture: image %d of %d", i, im.N)
	}
	scale = max(1, scale)
	if err := CheckGrid(1, im.H, im.W, im.C, GridOptions{Scale: scale}); err != nil {
		return err
	}
	size, channels := im.H*im.W*im.C, 1
	if im.C == 3 {
		channels = 4
	}
	pix := e.colour.Pix
	if im.C == 1 {
		pix = e.grey.Pix
	}
	if n := im.H * im.W * scale * scale * channels; len(pix) != n {
		pix = make([]byte, n)
	}
	enlarge(pix, im.Pix[i*size:(i+1)*size], im.W, im.C, channels, scale)
	bounds := image.Rect(0, 0, im.W*scale, im.H*scale)
	if im.C == 1 {
		e.grey = image.Gray{Pix: pix, Stride: im.W * scale, Rect: bounds}
		return e.png.Encode(w, &e.grey)
	}
	e.colour = image.NRGBA{Pix: pix, Stride: 4 * im.W * scale, Rect: bounds}
	return e.png.Encode(w, &e.colour)
}

// enlarge writes an image of rows of width pixels, from bytes each, to one whose pixels have to bytes, of which
// those beyond from are 255 and those of a grey pixel are all its own: each pixel scale by scale.
func enlarge(dst, src []byte, width, from, to, scale int) {
	row := width * scale * to
	for y := 0; y*width*from < len(src); y++ {
		first := dst[y*scale*row:][:row]
		at := 0
		for x := range width {
			p := src[(y*width+x)*from:][:from]
			for range scale {
				for k := range to {
					switch {
					case k < from:
						first[at+k] = p[k]
					case from == 1:
						first[at+k] = p[0]
					default:
						first[at+k] = 255
					}
				}
				at += to
			}
		}
		for k := 1; k < scale; k++ {
			copy(dst[(y*scale+k)*row:][:row], first)
		}
	}
}

// RGB writes image i as rows of pixels of three bytes, each pixel scale by scale, into dst of
// 3·scale·H·scale·W bytes.
func RGB(dst []byte, im Images, i, scale int) {
	size := im.H * im.W * im.C
	enlarge(dst, im.Pix[i*size:(i+1)*size], im.W, im.C, 3, scale)
}
