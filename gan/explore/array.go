package explore

import (
	"context"
	"fmt"
	"slices"

	"gorgonia.org/tensor"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/gan/game"
	"ganengine/gan/picture"
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
	shape := append([]int{l.Len()}, e.out.Shape...)
	size := e.out.Shape.Size()
	var pixels []uint8
	var points []float32
	if e.Points() {
		points = make([]float32, l.Len()*size)
	} else {
		pixels = make([]uint8, l.Len()*size)
	}
	if err := e.each(ctx, l, false, func(first int, s *samples) error {
		if e.Points() {
			copy(points[first*size:], s.Raw)
		} else {
			copy(pixels[first*size:], s.Pixels)
		}
		if progress != nil {
			progress(first + s.N)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	if e.Points() {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(points)), nil
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(pixels)), nil
}

// Section is the section of the data that the sampler's samples are of: "" for [data].
func (f *From) Section() string { return f.in.Section }

// Array gives what is made of samples in memory, in their form: pixels uint8
// [n, h, w, c], or points float32 [n, dim] in the data's units. progress, which may be
// nil, is told how many there are.
func (f *From) Array(ctx context.Context, x *tensor.Dense, progress func(done int)) (*tensor.Dense, error) {
	shape := x.Shape()
	if !slices.Equal(graph.Shape(shape[1:]), f.in.Shape) {
		return nil, fmt.Errorf("samples %v are given, and sampler %s of model %s takes %v of each", shape, f.program.Graph.Name, f.e.Config.Model.Kind, f.in.Shape)
	}
	tell := func(done int) {
		if progress != nil {
			progress(done)
		}
	}
	if f.Points() {
		_, row, err := f.output(game.Samples)
		if err != nil {
			return nil, err
		}
		var made []float32
		err = f.numbers(ctx, array{x}, game.Samples, func(points []float32) error {
			made = append(made, points...)
			tell(len(made) / row.Size())
			return nil
		})
		return tensor.New(tensor.WithShape(append([]int{shape[0]}, row...)...), tensor.WithBacking(made)), err
	}
	_, row, err := f.output(game.SamplePixels)
	if err != nil {
		return nil, err
	}
	var made []uint8
	err = f.images(ctx, array{x}, func(first int, part picture.Images) error {
		made = append(made, part.Pix...)
		tell(first + part.N)
		return nil
	})
	return tensor.New(tensor.WithShape(append([]int{shape[0]}, row...)...), tensor.WithBacking(made)), err
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
		fill(dst, data[first*size:(first+n)*size])
	default:
		return fmt.Errorf("samples of %v are neither pixels nor points", a.x.Dtype())
	}
	return nil
}
