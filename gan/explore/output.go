package explore

import (
	"context"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ganengine/engine/atomicfile"
	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

// Format is what samples are written as.
type Format uint8

// The formats: one picture, a picture a sample as files or as a WebDataset shard, arrays of NumPy.
const (
	PNG Format = iota + 1
	Folder
	Tar
	NPY
	NPZ
)

// FormatOf reads the format from a path: DIR/ (or a directory that exists),
// .png, .tar, .npy or .npz.
func FormatOf(path string) (Format, error) {
	if path == "" {
		return 0, fmt.Errorf("name the output: FILE.png, DIR/, FILE.tar, FILE.npy or FILE.npz")
	}
	if info, err := os.Stat(path); os.IsPathSeparator(path[len(path)-1]) || err == nil && info.IsDir() {
		return Folder, nil
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		return PNG, nil
	case ".tar":
		return Tar, nil
	case ".npy":
		return NPY, nil
	case ".npz":
		return NPZ, nil
	}
	return 0, fmt.Errorf("%s: samples are written to FILE.png, DIR/ (with the slash), FILE.tar, FILE.npy or FILE.npz", path)
}

// Output says how samples are presented.
type Output struct {
	Raw     bool                          // numbers in place of pixels, in arrays
	Name    func(i int) string            // of the file of sample i in a folder or a shard, without extension
	Classed bool                          // a folder for each class in a folder
	Caption func(i int, of string) string // under image i of a grid, of the class of that name, "" without; nil for none
	Rows    []string                      // left of the rows of a grid
	Columns int                           // of a grid; 0 chooses
	Lengths []int                         // of the rows of a grid, where they are not all as long; none: all but the last one
	Scale   int                           // pixels per pixel of pictures; 0 chooses
	Jumps   *Jumps                        // is told of the samples of a picture; may be nil
	Done    func(n int)                   // is told how many samples of a folder, a shard or an array are written; may be nil
}

// Write generates the samples of latents and writes them in the format that the
// path says, part by part: memory does not grow with their number, but for that
// of one picture, which has its bounds (*picture.TooLarge). An archive holds
// arr_0, as numpy.savez calls it, the latents z, and the classes y where there are any.
func (e *Explorer) Write(ctx context.Context, path string, l Latents, o Output) error {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	switch format {
	case PNG:
		im, err := e.Picture(ctx, l, o)
		if err != nil {
			return err
		}
		return picture.WritePNG(path, im)
	case Folder:
		return e.writeFolder(ctx, path, l, o)
	case Tar:
		return atomicfile.Write(path, func(w io.Writer) error { return e.writeShard(ctx, path, w, l, o) })
	case NPY:
		return atomicfile.Write(path, func(w io.Writer) error { return e.writeArray(ctx, w, l, o) })
	}
	return atomicfile.Write(path, func(w io.Writer) error { return e.writeArchive(ctx, npy.NewWriter(w), l, o) })
}

func (e *Explorer) writeArray(ctx context.Context, w io.Writer, l Latents, o Output) error {
	shape := append([]int{l.Len()}, e.out.Shape...)
	if o.Raw || e.Points() {
		return stream(w, shape, func(add func([]float32) error) error {
			return e.each(ctx, l, true, func(first int, s *samples) error {
				tell(o.Done, first+s.N)
				return add(s.Raw)
			})
		})
	}
	return stream(w, shape, func(add func([]uint8) error) error {
		return e.each(ctx, l, false, func(first int, s *samples) error {
			tell(o.Done, first+s.N)
			return add(s.Pixels)
		})
	})
}

// stream writes one array, whose elements come in parts.
func stream[T npy.Element](w io.Writer, shape []int, parts func(add func([]T) error) error) error {
	s, err := npy.NewStream[T](w, shape)
	if err == nil {
		err = parts(s.Append)
	}
	if err != nil {
		return err
	}
	return s.Close()
}

// writeArchive reads the latents once for each array: those of an archive follow each other.
func (e *Explorer) writeArchive(ctx context.Context, a *npy.Writer, l Latents, o Output) error {
	w, err := a.Create("arr_0")
	if err != nil {
		return err
	}
	if err := e.writeArray(ctx, w, l, o); err != nil {
		return err
	}
	if w, err = a.Create("z"); err != nil {
		return err
	}
	if err := stream(w, []int{l.Len(), e.Z()}, func(add func([]float32) error) error {
		return e.parts(ctx, l, func(_ int, z []float32) error {
			for row := 0; row < len(z); row += e.Width() {
				if err := add(z[row : row+e.Z()]); err != nil {
					return err
				}
			}
			return nil
		})
	}); err != nil {
		return err
	}
	if err := e.writeClasses(ctx, a, l); err != nil {
		return err
	}
	return a.Close()
}

func (e *Explorer) writeClasses(ctx context.Context, a *npy.Writer, l Latents) error {
	if e.Classes() == 0 {
		return nil
	}
	w, err := a.Create("y")
	if err != nil {
		return err
	}
	return stream(w, []int{l.Len()}, func(add func([]int32) error) error {
		return e.parts(ctx, l, func(_ int, z []float32) error { return add(e.classesOf(z)) })
	})
}

func (s *samples) images() picture.Images {
	return picture.Images{N: s.N, H: s.Shape[0], W: s.Shape[1], C: s.Shape[2], Pix: s.Pixels}
}

const (
	pointsSize = 800     // width of pictures of points, in pixels
	mostPoints = 1 << 20 // in one picture
)

// Picture draws the samples of latents: images as a grid, points of the plane as
// a scatter, and numbers as a histogram.
func (e *Explorer) Picture(ctx context.Context, l Latents, o Output) (image.Image, error) {
	if e.Points() {
		return e.plot(ctx, l, o.Jumps)
	}
	shape := e.out.Shape
	g := picture.GridOptions{Columns: o.Columns, Lengths: o.Lengths, Scale: o.Scale, Rows: o.Rows}
	if err := picture.CheckGrid(l.Len(), shape[0], shape[1], shape[2], g); err != nil {
		return nil, err
	}
	var err error
	if g.Captions, err = e.captions(ctx, l, o.Caption); err != nil {
		return nil, err
	}
	b, err := picture.NewBuilder(l.Len(), shape[0], shape[1], shape[2], g)
	if err != nil {
		return nil, err
	}
	err = e.each(ctx, l, false, func(_ int, s *samples) error {
		if o.Jumps != nil {
			o.Jumps.add(s)
		}
		return b.Add(s.images())
	})
	return b.Image(), err
}

// captions are what is under each image of a grid.
func (e *Explorer) captions(ctx context.Context, l Latents, caption func(i int, of string) string) (out []string, err error) {
	if caption == nil {
		return nil, nil
	}
	classes, err := e.Labels(ctx, l)
	if err != nil {
		return nil, err
	}
	names := picture.Names(e.ClassNames())
	for i, k := range classes {
		of := ""
		if k >= 0 {
			of = names[k]
		}
		out = append(out, caption(i, of))
	}
	return out, nil
}

func (e *Explorer) plot(ctx context.Context, l Latents, jumps *Jumps) (image.Image, error) {
	dim := e.out.Shape[0]
	if err := plottable(l.Len(), dim); err != nil {
		return nil, err
	}
	var points []float32
	var classes []int32
	if err := e.each(ctx, l, true, func(_ int, s *samples) error {
		if jumps != nil {
			jumps.add(s)
		}
		points, classes = append(points, s.Raw...), append(classes, s.classes...)
		return nil
	}); err != nil {
		return nil, err
	}
	return plot(dim, plotted{made: points, classes: classes, names: picture.Names(e.ClassNames())})
}

// plottable says why n points have no picture; nil where they have.
func plottable(n, dim int) error {
	switch {
	case dim > 2:
		return fmt.Errorf("points of %d dimensions have no picture; write them to FILE.npy", dim)
	case n > mostPoints:
		return &picture.TooLarge{Why: fmt.Sprintf("a picture of %d points shows no more than one of %d", n, mostPoints)}
	}
	return nil
}

// plotted is points of one or two dimensions, given ones and made ones, these with their
// classes where they have names.
type plotted struct {
	given, made []float32
	classes     []int32
	names       []string
}

func plot(dim int, p plotted) (image.Image, error) {
	all := slices.Concat(p.given, p.made)
	if dim == 2 {
		return picture.Scatter{Range: picture.Around(all), Reals: p.given, Fakes: p.made, Classes: p.names, FakeClasses: p.classes}.Draw(pointsSize)
	}
	lo, hi := picture.Span(all)
	return picture.Histogram{Lo: lo, Hi: hi, Reals: p.given, Fakes: p.made, Classes: p.names, FakeClasses: p.classes}.Draw(pointsSize)
}

// An animation's images are enlarged to about frameSize pixels, and each is
// shown for frameTime. Its frames are in memory as a whole.
const (
	frameSize  = 256
	frameTime  = 80 * time.Millisecond
	mostFrames = 1 << 28 // bytes, a pixel each
)

// WriteGIF writes images one after the other as an endless animation, and tells jumps, which
// may be nil, of them. One that is too long is a *picture.TooLarge.
func (e *Explorer) WriteGIF(ctx context.Context, path string, l Latents, jumps *Jumps) error {
	if e.Points() {
		return fmt.Errorf("%s: animations are of images, and this run makes points; write FILE.png", path)
	}
	shape := e.out.Shape
	scale := e.frameScale()
	if most := mostFrames / (shape[0] * shape[1] * scale * scale); l.Len() > most {
		return &picture.TooLarge{Why: fmt.Sprintf("an animation of %d images, where at most %d of this size fit", l.Len(), most)}
	}
	a := picture.NewAnimation(frameTime)
	if err := e.each(ctx, l, false, func(_ int, s *samples) error {
		if jumps != nil {
			jumps.add(s)
		}
		frames := make([]image.Image, s.N)
		for i := range frames {
			im, err := s.images().At(i, scale)
			if err != nil {
				return err
			}
			frames[i] = im
		}
		return a.Add(frames...)
	}); err != nil {
		return err
	}
	return atomicfile.Write(path, a.Encode)
}
