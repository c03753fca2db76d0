package pixel

import (
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// maxPixels keeps a damaged or hostile header from asking for all memory.
const maxPixels = 1 << 28

// Header is what an image file says of itself before its pixels.
type Header struct {
	Width, Height int
	Grey          bool // no colour
	Alpha         bool // may be transparent
	Deep          bool // 16 bits a channel
	pixel         int  // bytes a pixel that decoding takes at most
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
	return h, c, nil
}

// Decode reads an image, in any of the formats, by content; of a GIF its first
// frame. A decoder that fails in any way gives an error.
func Decode(file *io.SectionReader) (img image.Image, err error) {
	defer guard(&err)
	h, c, err := readHeader(file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err = c.decode(file)
	if err != nil {
		return nil, explain(err)
	}
	switch size := img.Bounds().Size(); {
	case img.Bounds().Empty():
		return nil, errNoPixels
	case size != image.Pt(h.Width, h.Height):
		return nil, fmt.Errorf("its header says %dx%d pixels, it holds %dx%d", h.Width, h.Height, size.X, size.Y)
	}
	return img, nil
}

var errNoPixels = errors.New("it has no pixels")

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
	case errors.Is(err, errAnimated), errors.Is(err, errNoPixels):
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
