package train

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
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
	spec, err := specOf(key, d)
	if err != nil {
		return nil, err
	}
	spec.Since, spec.Progress = since, progress
	return data.Open(ctx, spec, notes)
}

// specOf is what a section, of which key is the name, asks for.
func specOf(key string, d *config.Data) (data.Spec, error) {
	if kinds := data.Kinds(); !slices.Contains(kinds, d.Kind) {
		return data.Spec{}, &config.Error{Key: key + ".kind", Msg: fmt.Sprintf("%q is not supported by this version; use %s", d.Kind, strings.Join(kinds, ", "))}
	}
	return data.Spec{
		Kind: d.Kind, Path: d.Path,
		Height: d.Height, Width: d.Width, Channels: d.Channels,
		Fit: d.Fit, Background: d.Background,
		Characters: d.Characters,
		Labels:     d.Labels, Limit: d.Limit,
		SkipBad: d.Bad == "skip",
		Layout:  d.Layout, Modes: d.Modes, Radius: d.Radius, Sigma: d.Sigma,
	}, nil
}

// SampleShape is the shape of one real sample: [h, w, c], or [dim] for points.
func SampleShape(set data.Set) graph.Shape {
	h, w, c := set.Shape()
	if _, ok := set.(data.Points); ok {
		return graph.Shape{c}
	}
	return graph.Shape{h, w, c}
}

// spread are the indices of count different samples that lie evenly over a
// set of n >= count: steps of the golden ratio, out of step with any order in
// the set that repeats.
func spread(count, n int) iter.Seq[int] {
	stride := max(1, int(uint64(n)*618/1000))
	for gcd(stride, n) != 1 {
		stride++
	}
	return func(yield func(int) bool) {
		for i := range count {
			if !yield(int(uint64(i) * uint64(stride) % uint64(n))) {
				return
			}
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// tries is how many samples may fail in place of one that people see: training says
// so in its turn.
const tries = 64

// realImages reads count images, NHWC; the next stands in for one that cannot be read.
func realImages(set data.Images, count int) ([]byte, error) {
	h, w, c := set.Shape()
	size := h * w * c
	pix := make([]byte, 0, count*size)
	n := set.Len()
	for at := range spread(count, n) {
		dst := pix[len(pix) : len(pix)+size]
		err := set.Read(dst, at)
		for k := 1; err != nil && k < min(tries, n); k++ {
			err = set.Read(dst, (at+k)%n)
		}
		if err != nil {
			return nil, fmt.Errorf("data: reading sample %d: %w", at, err)
		}
		pix = pix[:len(pix)+size]
	}
	return pix, nil
}

// samplesOf reads so many samples as programs take them, pixels NHWC or float32.
func samplesOf(set data.Set, count int) ([]byte, error) {
	images, ok := set.(data.Images)
	if ok {
		return realImages(images, count)
	}
	points, _, err := realPoints(set.(data.Points), count)
	out := make([]byte, 0, 4*len(points))
	for _, x := range points {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out, err
}

// realRows reads so many images of each of the first classes, NHWC, one class after
// the other; have says how many of a class there are, at most columns.
func realRows(set data.Images, classes, columns int) (pix []byte, have []int, err error) {
	h, w, c := set.Shape()
	size := h * w * c
	pix, have = make([]byte, classes*columns*size), make([]int, classes)
	failed, left := make([]int, classes), classes*columns
	for at := range spread(set.Len(), set.Len()) {
		k := set.Label(at)
		if k < 0 || k >= classes || have[k] == columns {
			continue
		}
		if err := set.Read(pix[(k*columns+have[k])*size:][:size], at); err != nil {
			if failed[k]++; failed[k] == tries {
				return nil, nil, fmt.Errorf("data: reading sample %d: %w", at, err)
			}
			continue
		}
		have[k]++
		if left--; left == 0 {
			break
		}
	}
	return pix, have, nil
}

// realPoints reads count points, [count, dim], and their classes, -1 without labels.
func realPoints(set data.Points, count int) (points []float32, classes []int32, err error) {
	_, _, dim := set.Shape()
	points = make([]float32, count*dim)
	for at := range spread(count, set.Len()) {
		i := len(classes)
		if err := set.Read(points[i*dim:(i+1)*dim], at); err != nil {
			return nil, nil, fmt.Errorf("data: reading sample %d: %w", at, err)
		}
		classes = append(classes, int32(set.Label(at)))
	}
	return points, classes, nil
}
