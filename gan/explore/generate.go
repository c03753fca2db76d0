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

	classes []int32 // that each was asked for by, -1 without; of each alone
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

// each generates the samples of all latents part by part, and hands each part over
// with the number of its first sample, while the device makes the next. raw asks for the
// numbers of images in place of their pixels.
func (e *Explorer) each(ctx context.Context, l Latents, raw bool, f func(first int, s *samples) error) error {
	return e.results(ctx, l, func(first int, classes []int32, r *session.Result) error {
		s := e.samples(r, len(classes), raw)
		s.classes = classes
		return f(first, s)
	})
}

// results is each for the results that samples are rows of, with the classes of all that a
// part has.
func (e *Explorer) results(ctx context.Context, l Latents, f func(first int, classes []int32, r *session.Result) error) error {
	var made struct { // that is enqueued, and not handed over yet
		first   int
		classes []int32
		result  *session.Result
	}
	hand := func() error {
		r := made.result
		if made.result = nil; r == nil {
			return nil
		}
		if err := r.Wait(); err != nil {
			return fmt.Errorf("generating: %w", err)
		}
		return f(made.first, made.classes, r)
	}
	err := e.parts(ctx, l, func(first int, z []float32) error {
		r, err := e.enqueue(ctx, z)
		if err != nil {
			return err
		}
		err = hand()
		made.first, made.classes, made.result = first, e.classesOf(z), r
		return err
	})
	if err == nil {
		return hand()
	}
	if made.result != nil {
		_ = made.result.Wait() // err came first
	}
	return err
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

// enqueue has at most one chunk of latents mapped. Two may be under way.
func (e *Explorer) enqueue(ctx context.Context, z []float32) (*session.Result, error) {
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	inputs := e.inputs[e.runs%len(e.inputs)]
	e.runs++
	e.scatter(inputs, z)
	r, err := e.generate.Run(inputs...)
	if err != nil {
		return nil, fmt.Errorf("generating: %w", err)
	}
	return r, nil
}

// samples are the first n rows of a result of generate.
func (e *Explorer) samples(r *session.Result, n int, raw bool) *samples {
	s := &samples{N: n, Shape: e.out.Shape}
	if raw || e.Points() {
		s.Raw = r.Floats(e.generate.Index(game.Samples))[:n*s.Shape.Size()]
	} else {
		s.Pixels = r.Bytes(e.generate.Index(game.SamplePixels))[:n*s.Shape.Size()]
	}
	return s
}
