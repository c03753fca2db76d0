package explore

import (
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

// Format is what samples are written as.
type Format uint8

// The formats: one picture, a picture a sample, arrays of NumPy.
const (
	PNG Format = iota + 1
	Folder
	NPY
	NPZ
)

// FormatOf reads the format from a path: DIR/ (or a directory that exists),
// .png, .npy or .npz.
func FormatOf(path string) (Format, error) {
	if path == "" {
		return 0, fmt.Errorf("name the output: FILE.png, DIR/, FILE.npy or FILE.npz")
	}
	if info, err := os.Stat(path); os.IsPathSeparator(path[len(path)-1]) || err == nil && info.IsDir() {
		return Folder, nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		return PNG, nil
	case ".npy":
		return NPY, nil
	case ".npz":
		return NPZ, nil
	}
	return 0, fmt.Errorf("%s: samples are written to FILE.png, DIR/ (with the slash), FILE.npy or FILE.npz", path)
}

// Layout says how samples are presented.
type Layout struct {
	Names    []string  // one a sample: the files of a folder
	Captions []string  // under the images of a grid
	Rows     []string  // left of the rows of a grid
	Columns  int       // of a grid; 0 chooses
	Z        []float32 // the latents, kept in archives for use with other weights
}

// Write writes the samples in the format that the path says. An archive holds
// arr_0, as numpy.savez calls it, and the latents z.
func (s *Samples) Write(path string, l Layout) error {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	switch format {
	case PNG:
		im, err := s.Picture(l)
		if err != nil {
			return err
		}
		return picture.WritePNG(path, im)
	case Folder:
		return s.writeFolder(path, l.Names)
	case NPY:
		return atomicfile.Write(path, s.writeArray)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return s.writeArchive(w, l) })
}

func (s *Samples) dims() []int { return append([]int{s.N}, s.Shape...) }

func (s *Samples) writeArray(w io.Writer) error {
	if s.Pixels != nil {
		return npy.Write(w, s.dims(), s.Pixels)
	}
	return npy.Write(w, s.dims(), s.Raw)
}

func (s *Samples) writeArchive(w io.Writer, l Layout) error {
	a := npy.NewWriter(w)
	var err error
	if s.Pixels != nil {
		err = npy.Add(a, "arr_0", s.dims(), s.Pixels)
	} else {
		err = npy.Add(a, "arr_0", s.dims(), s.Raw)
	}
	if err != nil {
		return err
	}
	if err := npy.Add(a, "z", []int{s.N, len(l.Z) / s.N}, l.Z); err != nil {
		return err
	}
	return a.Close()
}

func (s *Samples) images() picture.Images {
	return picture.Images{N: s.N, H: s.Shape[0], W: s.Shape[1], C: s.Shape[2], Pix: s.Pixels}
}

func (s *Samples) writeFolder(dir string, names []string) error {
	if len(s.Shape) != 3 {
		return fmt.Errorf("%s: points are written to FILE.png, FILE.npy or FILE.npz, not one by one", dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("making the folder for samples: %w", atomicfile.Explain(err))
	}
	for i := range s.N {
		im, err := s.images().At(i)
		if err != nil {
			return err
		}
		if err := picture.WritePNG(filepath.Join(dir, names[i]+".png"), im); err != nil {
			return err
		}
	}
	return nil
}

// pointsSize is the width of pictures of points, in pixels.
const pointsSize = 800

// Picture draws images as a grid, points of the plane as a scatter, and
// numbers as a histogram.
func (s *Samples) Picture(l Layout) (image.Image, error) {
	switch {
	case len(s.Shape) == 3:
		return picture.Grid(s.images(), picture.GridOptions{Columns: l.Columns, Captions: l.Captions, Rows: l.Rows})
	case s.Shape[0] == 2:
		return picture.Scatter{Range: picture.Around(s.Raw), Fakes: s.Raw}.Draw(pointsSize)
	case s.Shape[0] == 1:
		lo, hi := picture.Span(s.Raw)
		return picture.Histogram{Lo: lo, Hi: hi, Fakes: s.Raw}.Draw(pointsSize)
	}
	return nil, fmt.Errorf("points of %d dimensions have no picture; write them to FILE.npy", s.Shape[0])
}

// An animation's images are enlarged to about frameSize pixels, and each is
// shown for frameTime.
const (
	frameSize = 256
	frameTime = 80 * time.Millisecond
)

// WriteGIF writes images one after the other as an endless animation.
func (s *Samples) WriteGIF(path string) error {
	if len(s.Shape) != 3 {
		return fmt.Errorf("%s: animations are of images, and this run makes points; write FILE.png", path)
	}
	scale := max(1, frameSize/max(s.Shape[0], s.Shape[1]))
	size := s.Shape.Size()
	frames := make([]image.Image, s.N)
	for i := range frames {
		one := picture.Images{N: 1, H: s.Shape[0], W: s.Shape[1], C: s.Shape[2], Pix: s.Pixels[i*size : (i+1)*size]}
		im, err := picture.Grid(one, picture.GridOptions{Scale: scale})
		if err != nil {
			return err
		}
		frames[i] = im
	}
	return picture.WriteGIF(path, frames, frameTime)
}
