package report

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
)

// quality is that of pictures which a page has no room for as they are: enough that samples show what they show.
const quality = 88

// checkPNG says what is wrong with a file that should be a PNG of at most mostPixels.
func checkPNG(b []byte) error {
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return err
	}
	if int64(c.Width)*int64(c.Height) > mostPixels {
		return fmt.Errorf("it has %d by %d pixels, no picture of ours", c.Width, c.Height)
	}
	return nil
}

// compact is a PNG as a JPEG, without the enlargement of its pixels where all of them were enlarged alike.
func compact(b []byte) ([]byte, error) {
	if err := checkPNG(b); err != nil {
		return nil, err
	}
	im, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	small, err := reduced(im)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, small, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// reduced is a picture whose pixels are squares of n by n, with one of each; as it is where there is no such n.
func reduced(im image.Image) (image.Image, error) {
	pix, stride, bytes, err := pixels(im)
	if err != nil {
		return nil, err
	}
	w, h := im.Bounds().Dx(), im.Bounds().Dy()
	for n := 8; n > 1; n-- {
		if w%n == 0 && h%n == 0 && enlarged(pix, stride, bytes, w, h, n) {
			return thinned(pix, stride, bytes, w/n, h/n, n), nil
		}
	}
	return im, nil
}

// pixels are those of the kinds that our pictures have; others are drawn over.
func pixels(im image.Image) (pix []byte, stride, bytes int, err error) {
	switch im := im.(type) {
	case *image.Gray:
		return im.Pix, im.Stride, 1, nil
	case *image.RGBA:
		return im.Pix, im.Stride, 4, nil
	}
	if im.Bounds().Empty() {
		return nil, 0, 0, errors.New("an empty picture")
	}
	c := image.NewRGBA(image.Rect(0, 0, im.Bounds().Dx(), im.Bounds().Dy()))
	draw.Draw(c, c.Bounds(), im, im.Bounds().Min, draw.Src)
	return c.Pix, c.Stride, 4, nil
}

// enlarged says whether each square of n by n pixels is of one colour.
func enlarged(pix []byte, stride, size, w, h, n int) bool {
	for y := range h {
		row := pix[y*stride:][:w*size]
		if y%n > 0 {
			if !bytes.Equal(row, pix[(y-1)*stride:][:w*size]) {
				return false
			}
			continue
		}
		for x := 0; x < w; x += n {
			first := row[x*size:][:size]
			for k := 1; k < n; k++ {
				if !bytes.Equal(row[(x+k)*size:][:size], first) {
					return false
				}
			}
		}
	}
	return true
}

// thinned takes each n-th pixel.
func thinned(pix []byte, stride, size, w, h, n int) image.Image {
	var out []byte
	var im image.Image
	if size == 1 {
		g := image.NewGray(image.Rect(0, 0, w, h))
		im, out = g, g.Pix
	} else {
		c := image.NewRGBA(image.Rect(0, 0, w, h))
		im, out = c, c.Pix
	}
	for y := range h {
		for x := range w {
			copy(out[(y*w+x)*size:][:size], pix[y*n*stride+x*n*size:])
		}
	}
	return im
}
