package measure

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"gorgonia.org/tensor"

	"ganengine/gan/data"
)

// Choose gives n of the numbers below of, in an order that the seed draws: those of a
// smaller n are the first of them.
func Choose(n, of int, seed uint64) []int {
	return rand.New(rand.NewPCG(seed, uint64(of))).Perm(of)[:n]
}

// Read gives the samples of a set that indices name: uint8 [n, h, w, c], or float32
// [n, dim] for points. All processors decode. progress, which may be nil, is told from
// several goroutines how many are read.
func Read(ctx context.Context, set data.Set, indices []int, progress func(done int)) (*tensor.Dense, error) {
	h, w, c := set.Shape()
	n, size := len(indices), h*w*c
	switch set := set.(type) {
	case data.Points:
		rows := make([]float32, n*c)
		err := each(ctx, n, progress, func(i int) error { return set.Read(rows[i*c:(i+1)*c], indices[i]) })
		return tensor.New(tensor.WithShape(n, c), tensor.WithBacking(rows)), err
	case data.Images:
		rows := make([]byte, n*size)
		err := each(ctx, n, progress, func(i int) error { return set.Read(rows[i*size:(i+1)*size], indices[i]) })
		return tensor.New(tensor.WithShape(n, h, w, c), tensor.WithBacking(rows)), err
	}
	return nil, fmt.Errorf("a %T is neither images nor points", set)
}

// each reads n samples on all processors, up to the first that cannot be read.
func each(ctx context.Context, n int, progress func(done int), read func(i int) error) error {
	var next, done atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, min(n, runtime.GOMAXPROCS(0)))
	for worker := range errs {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if ctx.Err() != nil {
					errs[worker] = context.Cause(ctx)
					return
				}
				if err := read(i); err != nil {
					errs[worker] = fmt.Errorf("reading the data: %w", err)
					next.Store(int64(n))
					return
				}
				if k := done.Add(1); progress != nil {
					progress(int(k))
				}
			}
		})
	}
	wg.Wait()
	return firstOf(errs)
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
