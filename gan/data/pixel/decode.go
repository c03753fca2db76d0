package pixel

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"ganengine/gan/data/memory"
)

// maxPixels keeps a damaged or hostile header from asking for all memory.
const maxPixels = 1 << 28

// Header is what an image file says of itself before its pixels.
type Header struct {
	Width, Height int  // when upright
	Grey          bool // no colour
	Alpha         bool // may be transparent
	Deep          bool // 16 bits a channel
	Orientation   Orientation
	pixel         int   // bytes a pixel that decoding takes at most
	Raw           int64 // where the pixels begin in the file if they are bytes as they stand; else 0
}

// Picture is a decoded image as it is stored, and how it is to be turned.
type Picture struct {
	image.Image
	Orientation Orientation
}

// ReadHeader reads an image's header, in any of the formats, by content.
func ReadHeader(file *io.SectionReader) (h Header, err error) {
	defer guard(&err)
	h, _, err = readHeader(file)
	return h, err
}

func readHeader(file *io.SectionReader) (Header, codec, error) {
	c, err := codecOf(file)
	if err != nil {
		return Header{}, c, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Header{}, c, err
	}
	h, err := c.header(file)
	if err != nil {
		return Header{}, c, explain(err)
	}
	if h.Width <= 0 || h.Height <= 0 || h.Width > maxPixels/h.Height {
		return h, c, fmt.Errorf("its header says %dx%d pixels: sizes from 1x1 to %d pixels in all are read", h.Width, h.Height, maxPixels)
	}
	h.Orientation = readOrientation(file, c.exif)
	upright := h.Orientation.size(image.Pt(h.Width, h.Height))
	h.Width, h.Height = upright.X, upright.Y
	return h, c, nil
}

// Bytes is about the most memory that decoding takes.
func (h Header) Bytes() int64 { return int64(h.Width) * int64(h.Height) * int64(h.pixel) }

// Decode reads an image, in any of the formats, by content; of a GIF its first
// frame. The picture is for use alone, which returns before its memory goes back
// to the budget. A decoder, or use, that fails in any way gives an error.
func Decode(ctx context.Context, budget *memory.Budget, file *io.SectionReader, use func(Picture)) error {
	return decode(ctx, budget, file, func(Header) int64 { return 0 }, use)
}

// Read decodes an image into dst, as Decode and Convert.
func (c *Converter) Read(ctx context.Context, budget *memory.Budget, file *io.SectionReader, dst []byte) error {
	return decode(ctx, budget, file, c.workspace, func(p Picture) { c.Convert(dst, p) })
}

// decode takes more(h) bytes of the budget beside those of decoding.
func decode(ctx context.Context, budget *memory.Budget, file *io.SectionReader, more func(Header) int64, use func(Picture)) (err error) {
	defer guard(&err)
	h, c, err := readHeader(file)
	if err != nil {
		return err
	}
	release, err := budget.Take(ctx, h.Bytes()+more(h))
	if err != nil {
		return fmt.Errorf("it has %dx%d pixels: %w", h.Width, h.Height, err)
	}
	defer release()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	img, err := c.decode(file)
	if err != nil {
		return explain(err)
	}
	p := Picture{img, h.Orientation}
	switch size := p.size(); {
	case img.Bounds().Empty():
		return errNoPixels
	case size != image.Pt(h.Width, h.Height):
		return fmt.Errorf("its header says %dx%d pixels, it holds %dx%d", h.Width, h.Height, size.X, size.Y)
	}
	use(p)
	return nil
}

// size is the picture's size when upright.
func (p Picture) size() image.Point { return p.Orientation.size(p.Bounds().Size()) }

var (
	errNoPixels = errors.New("it has no pixels")
	errNoImage  = errors.New("it is an array of another kind")
)

// guard makes an error of a panic: a file that a decoder was not written for
// must not end a run.
func guard(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("it is damaged (reading it fails with %v)", fault)
	}
}

// explain says plainly what a decoder's error means.
func explain(err error) error {
	var ofPNG png.UnsupportedError
	var ofJPEG jpeg.UnsupportedError
	var ofTIFF tiff.UnsupportedError
	switch {
	case errors.Is(err, errAnimated), errors.Is(err, errNoPixels), errors.Is(err, errNoImage):
		return err
	case errors.As(err, &ofPNG), errors.As(err, &ofJPEG), errors.As(err, &ofTIFF), errors.Is(err, bmp.ErrUnsupported):
		return fmt.Errorf("it is of a rare kind that is not read (%w): save it again as PNG", err)
	}
	return fmt.Errorf("it is truncated or damaged (%w)", err)
}

// String is "grey" or "colour", with "+ alpha" and "16-bit" where they apply.
func (h Header) String() string {
	s := "colour"
	if h.Grey {
		s = "grey"
	}
	if h.Alpha {
		s += " + alpha"
	}
	if h.Deep {
		s += ", 16-bit"
	}
	return s
}
