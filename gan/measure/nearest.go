package measure

import (
	"context"
	"errors"
	"fmt"

	"gorgonia.org/tensor"

	"ganengine/gan/data"
	"ganengine/gan/features"
	"ganengine/gan/metric"
)

// source hands over the features of a set in parts of one block, so that memory does not
// grow with it.
func (r *Request) source(set data.Set, by features.Extractor) metric.Source {
	return func(ctx context.Context, visit func(first int, part *metric.Features) error) error {
		total := set.Len()
		indices := make([]int, total)
		for i := range indices {
			indices[i] = i
		}
		for first := 0; first < total; first += metric.BlockRows {
			last := min(first+metric.BlockRows, total)
			part, _, err := extract(ctx, by, last-first, wanted{features: true}, func(ctx context.Context, low, n int) (*tensor.Dense, error) {
				return Read(ctx, set, indices[first+low:first+low+n], nil)
			})
			if err != nil {
				return err
			}
			r.tell(fmt.Sprintf("compared with %d of %d training samples", last, total))
			if err := visit(first, part); err != nil {
				return err
			}
		}
		return nil
	}
}

// Close are generated images with the training images that are nearest to each.
type Close struct {
	Samples *tensor.Dense // uint8 [n, h, w, c]
	Train   *tensor.Dense // uint8 [n*k, h, w, c]: those of each sample, nearest first
	Near    [][]metric.Neighbour
}

// Nearest draws n samples and finds the k training samples that are nearest to each, by
// pixels as shares of 255. Check found the request good, and it has Train.
func Nearest(ctx context.Context, r *Request, n, k int) (near *Close, err error) {
	near = &Close{}
	if near.Samples, err = r.Generate(ctx, 0, n, r.counter("generated", 0, n)); err != nil {
		return nil, err
	}
	x, err := metric.NewFeatures(near.Samples)
	if err != nil {
		return nil, err
	}
	pixels := features.Plain(r.Shape)
	products, err := r.products(pixels.Width(), n)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, products.Close()) }()
	if near.Near, err = metric.Nearest(ctx, products, x, r.source(r.Train, pixels), k); err != nil {
		return nil, err
	}
	var indices []int
	for _, list := range near.Near {
		for _, neighbour := range list {
			indices = append(indices, neighbour.Index)
		}
	}
	near.Train, err = Read(ctx, r.Train, indices, nil)
	return near, err
}
