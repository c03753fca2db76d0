package train

import (
	"context"
	"fmt"
	"math/bits"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/data"
)

// OpenData opens the real samples of a configuration. notes, which may be nil,
// is told of each conversion once. Drawn data do not depend on run.seed, so
// that runs of several seeds train on the same samples.
func OpenData(ctx context.Context, cfg *config.Config, notes func(line string)) (data.Set, error) {
	d := cfg.Data
	return data.Open(ctx, data.Spec{
		Kind: d.Kind, Path: d.Path,
		Height: d.Height, Width: d.Width, Channels: d.Channels,
		Fit: d.Fit, Background: d.Background,
		Labels: d.Labels, Limit: d.Limit,
		Layout: d.Layout, Modes: d.Modes, Radius: d.Radius, Sigma: d.Sigma,
	}, notes)
}

// SampleShape is the shape of one real sample: [h, w, c], or [dim] for points.
func SampleShape(set data.Set) graph.Shape {
	h, w, c := set.Shape()
	if _, ok := set.(data.Points); ok {
		return graph.Shape{c}
	}
	return graph.Shape{h, w, c}
}

// spread gives the indices of count samples that lie evenly over a set of n,
// out of step with any order in it (Weyl's sequence of the golden ratio).
func spread(count, n int) []int {
	out := make([]int, count)
	for i := range out {
		high, _ := bits.Mul64(uint64(i)*0x9e3779b97f4a7c15, uint64(n))
		out[i] = int(high)
	}
	return out
}

// realImages reads count images, NHWC.
func realImages(set data.Images, count int) ([]byte, error) {
	h, w, c := set.Shape()
	size := h * w * c
	pix := make([]byte, count*size)
	for i, at := range spread(count, set.Len()) {
		if err := set.Read(pix[i*size:(i+1)*size], at); err != nil {
			return nil, fmt.Errorf("data: reading sample %d: %w", at, err)
		}
	}
	return pix, nil
}

// realPoints reads count points, [count, dim].
func realPoints(set data.Points, count int) ([]float32, error) {
	_, _, dim := set.Shape()
	points := make([]float32, count*dim)
	for i, at := range spread(count, set.Len()) {
		if err := set.Read(points[i*dim:(i+1)*dim], at); err != nil {
			return nil, fmt.Errorf("data: reading sample %d: %w", at, err)
		}
	}
	return points, nil
}
