// Package arrays reads NumPy's files as data: an .npz with the samples in x, images,
// data or arr_0 and their classes in y, labels or arr_1, or a .npy of samples alone.
//
// Images are uint8 or float, [n, h, w], [n, h, w, channels] or [n, channels, h, w];
// floats lie in [-1, 1], [0, 1] or [0, 255], as the first images tell. Two dimensions
// are points, or rows of pixels where a size is configured. Rows are read from the
// file as they are asked for; of an archive that is packed (numpy.savez_compressed)
// arrays are unpacked into memory, where there is enough.
package arrays

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"strings"

	"ganengine/gan/data/classes"
	"ganengine/gan/data/pixel"
	"ganengine/gan/data/points"
	"ganengine/gan/data/uniform"
)

// Open opens the samples in a file, a *uniform.Set of images or a *points.Set; notes
// is told of each conversion.
func Open(ctx context.Context, path string, o uniform.Options, notes func(string)) (any, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	set, err := f.open(ctx, o, notes)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.close())
	}
	return set, nil
}

func (f *file) open(ctx context.Context, o uniform.Options, notes func(string)) (any, error) {
	x, err := f.samples()
	if err != nil {
		return nil, err
	}
	if len(x.Shape) < 2 || len(x.Shape) > 4 || x.row == 0 {
		return nil, fmt.Errorf("array %s is neither images [n, h, w] or [n, h, w, channels] nor points [n, d]", x)
	}
	n := x.Shape[0]
	if o.Limit > 0 {
		n = min(n, o.Limit)
	}
	if n == 0 {
		return nil, fmt.Errorf("array %s holds no samples", x)
	}
	l := labels{}
	if o.Labels {
		if l, err = f.labels(x, n); err != nil {
			return nil, err
		}
	}
	print, err := x.digest(ctx, n)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(print, "%v %q", l.of, l.names))
	fingerprint := fmt.Sprintf("npz:%x", sum[:16])
	var held int64
	for _, c := range f.columns {
		held += c.held
	}
	if len(x.Shape) == 2 && o.Format.Height == 0 {
		return f.points(ctx, x, n, l, fingerprint, held)
	}
	i, err := imagesOf(x, n, o.Format)
	if err != nil {
		return nil, err
	}
	if i.note != "" {
		notes(i.note)
	}
	return uniform.New(ctx, uniform.Source{N: n, Height: i.height, Width: i.width, Channels: i.channels, Read: i.read, Labels: l.of, Classes: l.names,
		Fingerprint: func() string { return fingerprint }, Held: held, Close: f.close}, o.Format, notes)
}

func (f *file) points(ctx context.Context, x *column, n int, l labels, fingerprint string, held int64) (any, error) {
	s := &points.Set{N: n, Dim: x.row, Labels: l.of, Names: l.names, Print: fingerprint, Held: held, Closer: f.close}
	s.Row = func(dst []float32, i int) error {
		buf := make([]byte, x.rowBytes())
		if err := x.read(buf, i); err != nil {
			return err
		}
		for k := range dst {
			dst[k] = float32(x.float(buf, k))
		}
		return nil
	}
	if err := s.Check(ctx); err != nil {
		return nil, fmt.Errorf("array %s: %w", x, err)
	}
	return s, nil
}

// labels are the classes of samples; both nil without.
type labels struct {
	of    []int32
	names []string
}

// labels reads the classes of the first n samples of x: integers from 0.
func (f *file) labels(x *column, n int) (l labels, err error) {
	y := f.named(labelNames)
	switch {
	case y == nil:
		return l, fmt.Errorf("it has no labels (looked for an array %s): add one, or set labels = false", strings.Join(labelNames, ", "))
	case len(y.Shape) == 0 || y.row != 1 || y.floats():
		return l, fmt.Errorf("labels %s are no list of integers: save them as int64 [n], or set labels = false", y)
	case y.Shape[0] != x.Shape[0]:
		return l, fmt.Errorf("it holds %d labels (%s) and %d samples (%s): the two do not belong together", y.Shape[0], y.name, x.Shape[0], x.name)
	}
	l.of = make([]int32, n)
	most := int64(0)
	buf := make([]byte, y.rowBytes())
	for i := range l.of {
		if err := y.read(buf, i); err != nil {
			return l, err
		}
		v := y.integer(buf, 0)
		if v < 0 || v >= classes.Most {
			return l, fmt.Errorf("label %d (%s) is %d: classes from 0 to %d are read", i, y.name, v, classes.Most-1)
		}
		l.of[i], most = int32(v), max(most, v)
	}
	l.names = classes.Numbers(int(most) + 1)
	return l, nil
}

// looked is how many rows tell of all: evenly spread, both ends among them.
const looked = 256

// digest identifies an array by its header and some of its rows: there may be
// hundreds of gigabytes.
func (c *column) digest(ctx context.Context, n int) ([]byte, error) {
	h := sha256.New()
	fmt.Fprintln(h, c.DType, n, c.Shape[1:])
	buf := make([]byte, c.rowBytes())
	for k := range min(looked, n) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := c.read(buf, k*(n-1)/max(1, min(looked, n)-1)); err != nil {
			return nil, err
		}
		h.Write(buf)
	}
	return h.Sum(nil), nil
}

// images are an array's rows as pixels.
type images struct {
	x                       *column
	height, width, channels int
	planes                  bool    // channels come first
	scale, shift            float64 // of floats to bytes
	note                    string
}

// imagesOf says how rows are images.
func imagesOf(x *column, n int, f pixel.Format) (*images, error) {
	i := &images{x: x, scale: 1}
	is := func(d int) bool { return d == 1 || d == 3 || d == 4 }
	switch s := x.Shape; {
	case len(s) == 2:
		var ok bool
		if i.height, i.width, i.channels, ok = uniform.Sides(s[1], f); !ok {
			return nil, fmt.Errorf("a row of %s is no image of %dx%d, nor a square one", x, f.Width, f.Height)
		}
	case len(s) == 3:
		i.height, i.width, i.channels = s[1], s[2], 1
	case is(s[3]):
		i.height, i.width, i.channels = s[1], s[2], s[3]
	case is(s[1]):
		i.height, i.width, i.channels, i.planes = s[2], s[3], s[1], s[1] > 1
	default:
		return nil, fmt.Errorf("images %s have neither 1, 3 nor 4 channels, last or first", x)
	}
	const most = 1 << 28 // pixels, as of any image
	if i.height > most/i.width {
		return nil, fmt.Errorf("images %s have more than %d pixels", x, most)
	}
	switch {
	case x.DType == "uint8":
		return i, nil
	case !x.floats():
		return nil, fmt.Errorf("images %s are integers of more than a byte: save them with .astype(numpy.uint8)", x)
	}
	return i, i.rangeOf(n)
}

// rangeOf finds the range of floats by the first images.
func (i *images) rangeOf(n int) error {
	low, high := math.Inf(1), math.Inf(-1)
	buf := make([]byte, i.x.rowBytes())
	for k := range min(looked, n) {
		if err := i.x.read(buf, k); err != nil {
			return err
		}
		for e := range i.x.row {
			v := i.x.float(buf, e)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return fmt.Errorf("image %d of %s has a value %v", k, i.x, v)
			}
			low, high = min(low, v), max(high, v)
		}
	}
	text := "0 to 255"
	switch {
	case low >= -1.001 && low < 0 && high <= 1.001:
		i.scale, i.shift, text = 127.5, 127.5, "-1 to 1"
	case low >= 0 && high <= 1.001:
		i.scale, text = 255, "0 to 1"
	case low < 0 || high > 255:
		return fmt.Errorf("images %s have values from %g to %g: bring them to 0 to 1, -1 to 1 or 0 to 255", i.x, low, high)
	}
	i.note = fmt.Sprintf("%s taken to lie in %s, and rounded to bytes", i.x.DType, text)
	return nil
}

// read implements uniform.Source's Read.
func (i *images) read(dst []byte, k int) ([]byte, error) {
	if i.x.DType == "uint8" && !i.planes {
		return dst, i.x.read(dst, k)
	}
	buf := make([]byte, i.x.rowBytes())
	if err := i.x.read(buf, k); err != nil {
		return nil, err
	}
	size := i.height * i.width
	for e := range dst {
		from := e
		if i.planes {
			from = e%i.channels*size + e/i.channels
		}
		if !i.x.floats() {
			dst[e] = buf[from]
			continue
		}
		v := i.x.float(buf, from)
		if math.IsNaN(v) {
			return nil, fmt.Errorf("element %d is no number", from)
		}
		dst[e] = byte(max(0, min(255, math.Round(i.scale*v+i.shift))))
	}
	return dst, nil
}
