package pixel

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // registers the decoders that Decode and ReadHeader know
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"
	"strings"

	_ "golang.org/x/image/webp"
)

// maxPixels keeps a damaged or hostile header from asking for all memory.
const maxPixels = 1 << 28

// Header is what an image file says of itself before its pixels.
type Header struct {
	Width, Height int
	Grey          bool // no colour
	Alpha         bool // may be transparent
	Deep          bool // 16 bits a channel
}

// Extensions are the file name endings, lower case, of the image formats that
// Decode reads.
func Extensions() []string { return []string{".png", ".jpg", ".jpeg", ".gif", ".webp"} }

// HasExtension says whether name ends as an image file does.
func HasExtension(name string) bool {
	dot := strings.LastIndexByte(name, '.')
	return dot >= 0 && slices.Contains(Extensions(), strings.ToLower(name[dot:]))
}

// ReadHeader reads an image's header: PNG, JPEG, GIF or WebP, by content.
func ReadHeader(r io.Reader) (Header, error) {
	b := bufio.NewReader(r)
	if isAnimatedWebP(b) {
		return Header{}, errAnimated
	}
	config, _, err := image.DecodeConfig(b)
	if err != nil {
		return Header{}, explain(err)
	}
	h := Header{Width: config.Width, Height: config.Height}
	if h.Width <= 0 || h.Height <= 0 || h.Width > maxPixels/h.Height {
		return h, fmt.Errorf("its header says %dx%d pixels: sizes from 1x1 to %d pixels in all are read", h.Width, h.Height, maxPixels)
	}
	switch m := config.ColorModel.(type) {
	case color.Palette:
		h.Grey = true
		for _, c := range m {
			r, g, b, a := c.RGBA()
			h.Grey = h.Grey && r == g && g == b
			h.Alpha = h.Alpha || a != 0xffff
		}
	default:
		h.Grey = m == color.GrayModel || m == color.Gray16Model
		h.Alpha = m == color.NRGBAModel || m == color.NRGBA64Model || m == color.NYCbCrAModel
		h.Deep = m == color.Gray16Model || m == color.RGBA64Model || m == color.NRGBA64Model
	}
	return h, nil
}

// Decode reads an image: PNG, JPEG, GIF (its first frame) or WebP, by content.
func Decode(r io.Reader) (image.Image, error) {
	b := bufio.NewReader(r)
	if isAnimatedWebP(b) {
		return nil, errAnimated
	}
	img, _, err := image.Decode(b)
	if err != nil {
		return nil, explain(err)
	}
	if img.Bounds().Empty() {
		return nil, errors.New("it has no pixels")
	}
	return img, nil
}

var errAnimated = errors.New("it is an animated WebP, of which no frame can be read")

// isAnimatedWebP looks at the flags of the VP8X chunk, with which such files
// begin (WebP Container Specification). Their headers would pass.
func isAnimatedWebP(r *bufio.Reader) bool {
	const flags, animation = 20, 1 << 1
	b, err := r.Peek(flags + 1)
	return err == nil && string(b[:4]) == "RIFF" && string(b[8:16]) == "WEBPVP8X" && b[flags]&animation != 0
}

// explain says plainly what a decoder's error means.
func explain(err error) error {
	if errors.Is(err, image.ErrFormat) {
		return errors.New("it is no PNG, JPEG, GIF or WebP image")
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
