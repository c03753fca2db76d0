package main

import (
	"context"
	"fmt"
	"image"
	"strconv"

	"gorgonia.org/tensor"

	"ganengine/engine/printable"
	"ganengine/gan/data"
	"ganengine/gan/measure"
	"ganengine/gan/picture"
)

// nearRows is how many samples the picture of neighbours has.
const nearRows = 8

// neighbours writes the picture of the first samples, each with the training images that
// are nearest to it; name calls a sample. Without -neighbours it does nothing.
func (a *app) neighbours(ctx context.Context, e *evalFlags, r *measure.Request, train data.Set, name func(i int) string) error {
	if e.neighbours == "" {
		return nil
	}
	if len(r.Shape) == 1 {
		return usage("-neighbours is a picture of images, and the samples of this run are points; leave it out")
	}
	with := *r
	with.Train = train
	n, k := min(nearRows, e.n), min(e.k, train.Len())
	h, w, c := train.Shape()
	o := picture.GridOptions{Columns: 1 + k}
	for i := range n {
		o.Rows = append(o.Rows, label(name(i), i))
	}
	o.Rows = picture.Names(o.Rows)
	if err := picture.CheckGrid(n*(1+k), h, w, c, o); err != nil {
		return usage("-neighbours: %w; show fewer, with a smaller -k", err)
	}
	near, err := measure.Nearest(ctx, &with, n, k)
	if err != nil {
		return err
	}
	im, err := drawNear(near, k, o)
	if err != nil {
		return err
	}
	if err := picture.WritePNG(e.neighbours, im); err != nil {
		return err
	}
	if e.asJSON {
		return nil
	}
	return a.printf("%s: %d samples from seed %d, each with the nearest %d of %d training images\n", e.neighbours, n, e.seed, k, train.Len())
}

// label is a sample's name beside its row. One that the font has not is a number.
func label(name string, i int) string {
	if shown := printable.Line(name); shown == name && strconv.QuoteToASCII(name) == strconv.Quote(name) {
		return name
	}
	return "image " + strconv.Itoa(i+1)
}

// drawNear is a row for each sample: itself, then its neighbours over their distances.
func drawNear(near *measure.Close, k int, o picture.GridOptions) (image.Image, error) {
	for _, list := range near.Near {
		o.Captions = append(o.Captions, "")
		for _, x := range list {
			o.Captions = append(o.Captions, strconv.FormatFloat(x.Distance, 'g', 3, 64))
		}
	}
	shape := near.Samples.Shape()
	b, err := picture.NewBuilder(len(o.Captions), shape[1], shape[2], shape[3], o)
	if err != nil {
		return nil, fmt.Errorf("drawing neighbours: %w", err)
	}
	add := func(x *tensor.Dense, first, n int) error {
		size := shape[1] * shape[2] * shape[3]
		return b.Add(picture.Images{N: n, H: shape[1], W: shape[2], C: shape[3], Pix: x.Data().([]uint8)[first*size : (first+n)*size]})
	}
	for i := range near.Near {
		if err := add(near.Samples, i, 1); err != nil {
			return nil, err
		}
		if err := add(near.Train, i*k, k); err != nil {
			return nil, err
		}
	}
	return b.Image(), nil
}
