package explore

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ganengine/engine/atomicfile"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/game"
	"ganengine/gan/npy"
	"ganengine/gan/picture"
)

// From is a sampler that begins with samples: it gives their codes, or samples made
// of them. What it gives of one depends on that one only.
type From struct {
	e       *Explorer
	in      *game.Stream
	program *session.Program
	input   device.HostBuffer
}

// NoSampler says that a system lacks a sampler.
type NoSampler struct{ Model, Kind string }

func (e *NoSampler) Error() string {
	return fmt.Sprintf("models of kind %s have no sampler %s", e.Model, e.Kind)
}

// Directions are where a system translates to, the usual one first: "" alone, or
// names such as b and a. Without any the error is a *NoSampler.
func (e *Explorer) Directions() (out []string, err error) {
	for _, s := range e.Game.Samplers {
		if kind, to, _ := strings.Cut(s.Kind, "."); kind == game.Translate {
			out = append(out, to)
		}
	}
	if out == nil {
		return nil, &NoSampler{e.Config.Model.Kind, game.Translate}
	}
	return out, nil
}

// From compiles a sampler that begins with samples. A system that has none of this
// kind is a *NoSampler.
func (e *Explorer) From(kind string) (*From, error) {
	s := e.Game.Sampler(kind)
	if s == nil {
		return nil, &NoSampler{e.Config.Model.Kind, kind}
	}
	return e.from(s)
}

func (e *Explorer) from(s *game.Sampler) (*From, error) {
	kind := s.Kind
	p, err := s.Program(kind, e.chunk, e.trained)
	if err != nil {
		return nil, err
	}
	at := -1
	if len(p.Inputs) == 1 {
		at = slices.IndexFunc(e.Game.Streams, func(s *game.Stream) bool { return s.Name == p.Inputs[0].InputName() })
	}
	if at < 0 {
		return nil, fmt.Errorf("sampler %s of model %s takes more than samples of one stream, and this version has nothing else to give it", kind, e.Config.Model.Kind)
	}
	if err := e.session.Compile(p); err != nil {
		return nil, err
	}
	f := &From{e: e, in: e.Game.Streams[at], program: e.session.Program(kind)}
	inputs, err := e.newInputs(f.program)
	if err != nil {
		return nil, err
	}
	f.input = inputs[0]
	return f, nil
}

// Points says whether it takes points, not images.
func (f *From) Points() bool { return f.in.Samples() == game.Points }

// Open opens samples: an image, a folder of images, or points in FILE.npy or
// FILE.npz, float32 [n, dim]. notes is told once of each conversion of images.
func (f *From) Open(ctx context.Context, path string, notes func(string)) (*Inputs, error) {
	return openInputs(ctx, f.e.Config, f.in, path, notes)
}

// given are samples in the form that a stream has them.
type given interface {
	Len() int
	read(ctx context.Context, dst []byte, first, n int) error // n from number first on: pixels, or float32
}

// each runs the sampler over all inputs part by part, and hands each part over with
// the number of its first sample.
func (f *From) each(ctx context.Context, in given, use func(first, n int, r *session.Result) error) error {
	if err := f.e.prepare(ctx); err != nil {
		return err
	}
	for first := 0; first < in.Len(); first += f.e.chunk {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n := min(f.e.chunk, in.Len()-first)
		if err := in.read(ctx, f.input.Data(), first, n); err != nil {
			return err
		}
		r, err := f.program.Finish(f.input)
		if err != nil {
			return err
		}
		if err := use(first, n, r); err != nil {
			return err
		}
	}
	return nil
}

// output finds an output, with the shape of a row.
func (f *From) output(name string) (at int, row graph.Shape, err error) {
	if at = f.program.Index(name); at < 0 {
		return 0, nil, fmt.Errorf("sampler %s of model %s gives no %s", f.program.Graph.Name, f.e.Config.Model.Kind, name)
	}
	return at, f.program.Graph.Outputs[at].Value.Shape[1:], nil
}

// numbers hands over the float32 rows of an output.
func (f *From) numbers(ctx context.Context, in given, name string, add func([]float32) error) error {
	at, row, err := f.output(name)
	if err != nil {
		return err
	}
	return f.each(ctx, in, func(_, n int, r *session.Result) error { return add(r.Floats(at)[:n*row.Size()]) })
}

// images hands over the images that are made.
func (f *From) images(ctx context.Context, in given, add func(first int, im picture.Images) error) error {
	at, row, err := f.output(game.SamplePixels)
	if err != nil {
		return err
	}
	return f.each(ctx, in, func(first, n int, r *session.Result) error {
		return add(first, picture.Images{N: n, H: row[0], W: row[1], C: row[2], Pix: r.Bytes(at)[:n*row.Size()]})
	})
}

// writeNumbers writes an output as one array, float32 [n, ...]; in an archive it is
// called name.
func (f *From) writeNumbers(ctx context.Context, path string, in *Inputs, output, name string) error {
	_, row, err := f.output(output)
	if err != nil {
		return err
	}
	array := func(w io.Writer) error {
		return stream(w, append([]int{in.Len()}, row...), func(add func([]float32) error) error { return f.numbers(ctx, in, output, add) })
	}
	if format, _ := FormatOf(path); format != NPZ {
		return atomicfile.Write(path, array)
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		a := npy.NewWriter(w)
		part, err := a.Create(name)
		if err == nil {
			err = array(part)
		}
		if err != nil {
			return err
		}
		return a.Close()
	})
}

// WriteCodes writes the codes of samples, float32 [n, z], to FILE.npy or FILE.npz,
// where they are z.
func (f *From) WriteCodes(ctx context.Context, path string, in *Inputs) error {
	return f.writeNumbers(ctx, path, in, game.Encoded, "z")
}

// WritePairs draws samples and what is made of them in one picture: images side by
// side, points as two colours.
func (f *From) WritePairs(ctx context.Context, path string, in *Inputs) error {
	var im image.Image
	var err error
	if f.Points() {
		im, err = f.scatter(ctx, in, true)
	} else {
		im, err = f.pairs(ctx, in)
	}
	if err != nil {
		return err
	}
	return picture.WritePNG(path, im)
}

// pairs is a grid of images, each with the one made of it to its right.
func (f *From) pairs(ctx context.Context, in *Inputs) (image.Image, error) {
	b, err := newPairs(in.Len(), f.in.Shape, nil)
	if err != nil {
		return nil, err
	}
	err = f.images(ctx, in, func(_ int, made picture.Images) error { return b.add(f.input.Data(), made) })
	return b.Image(), err
}

// pairs is a grid under construction of images and what belongs to each, side by side.
type pairs struct {
	*picture.Builder
	shape graph.Shape
}

// newPairs begins a grid of n pairs of images of a shape; captions, which may be nil, are
// two for each.
func newPairs(n int, shape graph.Shape, captions []string) (*pairs, error) {
	o := pairsOptions(n)
	o.Captions = captions
	b, err := picture.NewBuilder(2*n, shape[0], shape[1], shape[2], o)
	return &pairs{b, shape}, err
}

func pairsOptions(n int) picture.GridOptions {
	return picture.GridOptions{Columns: 2 * max(1, int(math.Round(math.Sqrt(float64(2*n))/2)))}
}

// add puts the next images beside others.
func (p *pairs) add(given []byte, made picture.Images) error {
	h, w, c := p.shape[0], p.shape[1], p.shape[2]
	if made.H != h || made.W != w || made.C != c {
		return fmt.Errorf("of images %dx%dx%d the model makes others, %dx%dx%d: they are no pairs", h, w, c, made.H, made.W, made.C)
	}
	both, size := picture.Images{N: 2 * made.N, H: h, W: w, C: c}, h*w*c
	for i := range made.N {
		both.Pix = append(append(both.Pix, given[i*size:(i+1)*size]...), made.Pix[i*size:(i+1)*size]...)
	}
	return p.Add(both)
}

// scatter draws the points that are made, with those given where both is set.
func (f *From) scatter(ctx context.Context, in *Inputs, both bool) (image.Image, error) {
	_, row, err := f.output(game.Samples)
	if err != nil {
		return nil, err
	}
	if err := plottable(in.Len(), row[0]); err != nil {
		return nil, err
	}
	var given, made []float32
	if both {
		if given, err = in.points.Read(ctx, 0, in.Len()); err != nil {
			return nil, err
		}
		given = slices.Clone(given) // Read's memory is used again
	}
	if err := f.numbers(ctx, in, game.Samples, func(x []float32) error {
		made = append(made, x...)
		return nil
	}); err != nil {
		return nil, err
	}
	return plot(row[0], plotted{given: given, made: made})
}

// Check says why what is made of the inputs cannot be written to path; nil where it
// can be.
func (f *From) Check(path string, in *Inputs) error {
	_, _, err := f.target(path, in)
	return err
}

// target is the folder and the names in it for what is made of images; nothing for
// points.
func (f *From) target(path string, in *Inputs) (dir string, names []string, err error) {
	if err := in.Spare(path); err != nil {
		return "", nil, err
	}
	format, _ := FormatOf(path)
	switch {
	case f.Points() && format == PNG:
		_, row, err := f.output(game.Samples)
		if err == nil {
			err = plottable(in.Len(), row[0])
		}
		return "", nil, err
	case f.Points() && format != NPY && format != NPZ:
		return "", nil, fmt.Errorf("%s: points are written to FILE.npy, FILE.npz or FILE.png", path)
	case f.Points():
		return "", nil, nil
	case in.single && format == PNG:
		return filepath.Dir(path), []string{filepath.Base(path)}, nil
	case format != Folder && (in.single || filepath.Ext(path) != ""):
		return "", nil, fmt.Errorf("%s: an image is written to FILE.png or DIR/, a folder of images to DIR/", path)
	}
	names, err = in.names(path)
	return path, names, err
}

// Write writes what is made of each of the inputs: images to FILE.png, or to a
// folder under the names that they have; points to an array, or as a picture.
func (f *From) Write(ctx context.Context, path string, in *Inputs) error {
	dir, names, err := f.target(path, in)
	format, _ := FormatOf(path)
	switch {
	case err != nil:
		return err
	case !f.Points():
		return f.writeImages(ctx, dir, names, in)
	case format != PNG:
		return f.writeNumbers(ctx, path, in, game.Samples, "arr_0")
	}
	im, err := f.scatter(ctx, in, false)
	if err != nil {
		return err
	}
	return picture.WritePNG(path, im)
}

func (f *From) writeImages(ctx context.Context, dir string, names []string, in *Inputs) error {
	for i := range names {
		names[i] = filepath.Join(dir, filepath.FromSlash(names[i]))
		if err := os.MkdirAll(filepath.Dir(names[i]), 0o777); err != nil {
			return fmt.Errorf("making the folder for images: %w", atomicfile.Explain(err))
		}
	}
	return f.images(ctx, in, func(first int, made picture.Images) error {
		return writeEach(made, func(i int) string { return names[first+i] })
	})
}
