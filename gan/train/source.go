package train

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/data"
)

// openData opens the real samples of a section, of which key is the name, for a run that goes on
// if since is not nil. progress is told how far it is and notes of each
// conversion once. Drawn data do not depend on run.seed, so that runs of
// several seeds train on the same samples.
func openData(ctx context.Context, key string, d *config.Data, since *data.Bad, progress, notes func(line string)) (data.Set, error) {
	if kinds := data.Kinds(); !slices.Contains(kinds, d.Kind) {
		return nil, &config.Error{Key: key + ".kind", Msg: fmt.Sprintf("%q is not supported by this version; use %s", d.Kind, strings.Join(kinds, ", "))}
	}
	return data.Open(ctx, data.Spec{
		Kind: d.Kind, Path: d.Path,
		Height: d.Height, Width: d.Width, Channels: d.Channels,
		Fit: d.Fit, Background: d.Background,
		Characters: d.Characters,
		Labels:     d.Labels, Limit: d.Limit,
		SkipBad: d.Bad == "skip", Since: since,
		Layout: d.Layout, Modes: d.Modes, Radius: d.Radius, Sigma: d.Sigma,
		Progress: progress,
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

// spread gives the indices of count different samples that lie evenly over a
// set of n >= count: steps of the golden ratio, out of step with any order in
// the set that repeats.
func spread(count, n int) []int {
	stride := max(1, int(uint64(n)*618/1000))
	for gcd(stride, n) != 1 {
		stride++
	}
	out := make([]int, count)
	for i := range out {
		out[i] = int(uint64(i) * uint64(stride) % uint64(n))
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// realImages reads count images, NHWC; the next stands in for one that cannot
// be read, which training says in its turn.
func realImages(set data.Images, count int) ([]byte, error) {
	h, w, c := set.Shape()
	size := h * w * c
	pix := make([]byte, count*size)
	const tries = 64
	n := set.Len()
	for i, at := range spread(count, n) {
		err := set.Read(pix[i*size:(i+1)*size], at)
		for k := 1; err != nil && k < min(tries, n); k++ {
			err = set.Read(pix[i*size:(i+1)*size], (at+k)%n)
		}
		if err != nil {
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
