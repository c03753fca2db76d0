package explore

import (
	"context"
	"fmt"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/session"
	"ganengine/gan/game"
)

// samples are generated images [n, h, w, c], as pixels or as numbers, or
// points [n, dim].
type samples struct {
	N      int
	Shape  graph.Shape // of one sample
	Raw    []float32   // points in the data's units, or images in [-1, 1]
	Pixels []uint8     // images without Raw
}

// numbers is a copy of sample i, [Shape.Size()]: its pixels, 0 to 255, or Raw.
func (s *samples) numbers(i int) []float32 {
	size := s.Shape.Size()
	if s.Pixels != nil {
		return numbersOf(s.Pixels[i*size : (i+1)*size])
	}
	return slices.Clone(s.Raw[i*size : (i+1)*size])
}

// numbersOf is pixels as they are, 0 to 255.
func numbersOf(pixels []byte) []float32 {
	out := make([]float32, len(pixels))
	for i, x := range pixels {
		out[i] = float32(x)
	}
	return out
}

// each generates the samples of all latents part by part, and hands each part
// over with the number of its first sample. raw asks for the numbers of images
// in place of their pixels.
func (e *Explorer) each(ctx context.Context, l Latents, raw bool, f func(first int, s *samples) error) error {
	return e.parts(ctx, l, func(first int, z []float32) error {
		s, err := e.generated(ctx, z, raw)
		if err != nil {
			return err
		}
		return f(first, s)
	})
}

// parts hands over all latents, as many at once as are generated at once.
func (e *Explorer) parts(ctx context.Context, l Latents, f func(first int, z []float32) error) error {
	for first := 0; first < l.Len(); first += e.chunk {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		z, err := l.Read(ctx, first, min(e.chunk, l.Len()-first))
		if err != nil {
			return err
		}
		if err := f(first, z); err != nil {
			return err
		}
	}
	return nil
}

// run maps at most one chunk of latents.
func (e *Explorer) run(ctx context.Context, z []float32) (*session.Result, error) {
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	e.scatter(z)
	r, err := e.generate.Finish(e.inputs...)
	if err != nil {
		return nil, fmt.Errorf("generating: %w", err)
	}
	return r, nil
}

// generated is run for samples.
func (e *Explorer) generated(ctx context.Context, z []float32, raw bool) (*samples, error) {
	s := &samples{N: len(z) / e.Width(), Shape: e.out.Shape}
	r, err := e.run(ctx, z)
	if err != nil {
		return nil, err
	}
	n := s.N * s.Shape.Size()
	if raw || e.Points() {
		s.Raw = r.Floats(e.generate.Index(game.Samples))[:n]
	} else {
		s.Pixels = r.Bytes(e.generate.Index(game.SamplePixels))[:n]
	}
	return s, nil
}
