package explore

import (
	"context"

	"gorgonia.org/tensor"

	"ganengine/engine/device"
	"ganengine/engine/graph"
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
