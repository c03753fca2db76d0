package picture

import (
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
	if err := im.checkOne(i); err != nil {
		return err
	}
	scale = max(1, scale)
	if err := CheckGrid(1, im.H, im.W, im.C, GridOptions{Scale: scale}); err != nil {
		return err
	}
	pix, bytes := e.grey.Pix, 1
	if im.C == 3 {
		pix, bytes = e.colour.Pix, 4
	}
	stride := im.W * scale * bytes
	if n := im.H * scale * stride; len(pix) != n {
		pix = make([]byte, n)
	}
	raster{pix, stride, bytes}.place(im, i, 0, 0, scale)
	bounds := image.Rect(0, 0, im.W*scale, im.H*scale)
	if im.C == 1 {
		e.grey = image.Gray{Pix: pix, Stride: stride, Rect: bounds}
		return e.png.Encode(w, &e.grey)
	}
	e.colour = image.NRGBA{Pix: pix, Stride: stride, Rect: bounds}
	return e.png.Encode(w, &e.colour)
}

// RGB writes image i as rows of pixels of three bytes, each pixel scale by scale, into dst of
// 3·scale·H·scale·W bytes.
func RGB(dst []byte, im Images, i, scale int) {
	raster{dst, 3 * im.W * scale, 3}.place(im, i, 0, 0, scale)
}
