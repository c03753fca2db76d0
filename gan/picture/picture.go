// Package picture turns arrays into pictures for people: sample grids, point clouds over the discriminator's
// field, histograms, animations.
//
// Images are [n, height, width, channels], one channel for grey or three for colour. Small images are enlarged
// by whole factors with nearest neighbours, so every pixel stays a sharp square. Everything is deterministic.
package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"io"

	"ganengine/engine/atomicfile"
)

// Images is a batch of images, NHWC.
type Images struct {
	N, H, W, C int
	Pix        []uint8
}

func (im Images) checkShape() error {
	switch {
	case im.C != 1 && im.C != 3:
		return fmt.Errorf("picture: images have %d channels, want 1 (grey) or 3 (colour)", im.C)
	case im.N < 1 || im.H < 1 || im.W < 1:
		return fmt.Errorf("picture: %d images of %dx%d are nothing to draw", im.N, im.H, im.W)
	}
	return nil
}

func (im Images) check() error {
	if err := im.checkShape(); err != nil {
		return err
	}
	if len(im.Pix) != im.N*im.H*im.W*im.C {
		return fmt.Errorf("picture: %d bytes for %d images of %dx%dx%d", len(im.Pix), im.N, im.H, im.W, im.C)
	}
	return nil
}

// checkOne is check for whoever wants image i alone.
func (im Images) checkOne(i int) error {
	if err := im.check(); err != nil {
		return err
	}
	if i < 0 || i >= im.N {
		return fmt.Errorf("picture: image %d of %d", i, im.N)
	}
	return nil
}

// Clear makes image i an empty place of a grid.
func (im Images) Clear(i int) {
	size := im.H * im.W * im.C
	for k := range im.Pix[i*size:][:size] {
		im.Pix[i*size+k] = sheetColor.Y
	}
}

// At gives image i as a picture of its own, an image.Gray or an opaque image.RGBA, each pixel scale by scale.
func (im Images) At(i, scale int) (image.Image, error) {
	if err := im.checkOne(i); err != nil {
		return nil, err
	}
	size := im.W * im.H * im.C
	return Grid(Images{N: 1, H: im.H, W: im.W, C: im.C, Pix: im.Pix[i*size : (i+1)*size]}, GridOptions{Scale: scale})
}

// EncodePNG encodes a picture; grey ones stay grey.
func EncodePNG(im image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	return b.Bytes(), nil
}

// WritePNG replaces the file at path by a picture, whole.
func WritePNG(path string, im image.Image) error {
	return atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, im) })
}
