package explore

import (
	"context"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/session"
)

// Device is the device that the networks are on, the caller's of Open.
func (e *Explorer) Device() device.Device { return e.session.Device() }

// Shape is that of one sample: [h, w, c], or [dim] of points.
func (e *Explorer) Shape() graph.Shape { return e.out.Shape }

// Averaged says whether the average of the weights generates, not the trained ones.
func (e *Explorer) Averaged() bool { return !e.trained }

// Array generates the samples of latents into memory: pixels uint8 [n, h, w, c], or
// points float32 [n, dim] in the data's units. progress, which may be nil, is told how
// many there are.
func (e *Explorer) Array(ctx context.Context, l Latents, progress func(done int)) (*tensor.Dense, error) {
	made := e.generate.Gather(e.generate.Index(e.out.Output()), l.Len())
	err := e.results(ctx, l, func(_ int, classes []int32, r *session.Result) error {
		made.Add(r, len(classes))
		tell(progress, made.Len())
		return nil
	})
	return made.Array(), err
}

// Labels gives the classes of latents, -1 each where samples are not asked for by class.
func (e *Explorer) Labels(ctx context.Context, l Latents) (classes []int32, err error) {
	err = e.parts(ctx, l, func(_ int, z []float32) error {
		classes = append(classes, e.classesOf(z)...)
		return nil
	})
	return classes, err
}

// Section is the section of the data that the sampler's samples are of: "" for [data].
func (f *From) Section() string { return f.in.Section }

// Array gives what is made of samples in memory, in their form: pixels uint8
// [n, h, w, c], or points float32 [n, dim] in the data's units. progress, which may be
// nil, is told how many there are.
func (f *From) Array(ctx context.Context, x *tensor.Dense, progress func(done int)) (*tensor.Dense, error) {
	return f.Output(ctx, f.in.Output(), x, progress)
}

// Output gives an output of the sampler, a row for each of the samples in memory.
func (f *From) Output(ctx context.Context, output string, x *tensor.Dense, progress func(done int)) (*tensor.Dense, error) {
	shape := x.Shape()
	if !slices.Equal(graph.Shape(shape[1:]), f.in.Shape) {
		return nil, fmt.Errorf("samples %v are given, and sampler %s of model %s takes %v of each", shape, f.program.Graph.Name, f.e.Config.Model.Kind, f.in.Shape)
	}
	at, _, err := f.output(output)
	if err != nil {
		return nil, err
	}
	made := f.program.Gather(at, shape[0])
	err = f.each(ctx, array{x}, func(_, n int, r *session.Result) error {
		made.Add(r, n)
		tell(progress, made.Len())
		return nil
	})
	return made.Array(), err
}

func tell(progress func(done int), done int) {
	if progress != nil {
		progress(done)
	}
}

// array is samples in memory.
type array struct{ x *tensor.Dense }

func (a array) Len() int { return a.x.Shape()[0] }

func (a array) read(_ context.Context, dst []byte, first, n int) error {
	size := a.x.Shape().TotalSize() / a.Len()
	switch data := a.x.Data().(type) {
	case []uint8:
		copy(dst, data[first*size:(first+n)*size])
	case []float32:
		copy(device.View[float32](dst), data[first*size:(first+n)*size])
	default:
		return fmt.Errorf("samples of %v are neither pixels nor points", a.x.Dtype())
	}
	return nil
}
