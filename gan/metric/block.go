package metric

import (
	"context"
	"runtime"
	"sync"
)

// BlockRows is how many rows are multiplied with how many at most.
const BlockRows = 1024

// Products multiplies rows of numbers, on whatever is fast.
type Products interface {
	// Multiply sets dst[i*m+j] to the product of row i of a with row j of b, in
	// float32; a has n and b has m rows of d numbers, both BlockRows at most.
	Multiply(ctx context.Context, dst, a, b []float32, d int) error
}

// block is the products of some rows of x with some of y.
type block struct {
	x, y   *rows
	xs, ys []int // which rows
	same   bool  // they are the same rows of the same set
	dots   []float32
	ulps   float64
}

// blocks hands over the products of the rows xs of x with the rows ys of y, block by
// block: memory does not grow with their square. Of rows with themselves it hands over
// the blocks on and above the diagonal.
func (c *Comparison) blocks(ctx context.Context, x *rows, xs []int, y *rows, ys []int, same bool, visit func(*block)) error {
	side := func(n int) int { return min(BlockRows, n) }
	a, b := make([]float32, side(len(xs))*x.d), make([]float32, side(len(ys))*y.d)
	dots := make([]float32, side(len(xs))*side(len(ys)))
	for low := 0; low < len(xs); low += BlockRows {
		is := xs[low:min(low+BlockRows, len(xs))]
		left := x.part(a, is)
		from := 0
		if same {
			from = low
		}
		for ; from < len(ys); from += BlockRows {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			js := ys[from:min(from+BlockRows, len(ys))]
			p := dots[:len(is)*len(js)]
			if err := c.Products.Multiply(ctx, p, left, y.part(b, js), x.d); err != nil {
				return err
			}
			visit(&block{x, y, is, js, same && from == low, p, float64(x.d+4) / (1 << 24)})
		}
	}
	return nil
}

// near is the squared distance of row i to row j of the block, and by how much it may
// be wrong: u(d+4)(|x|+|y|)² for the unit roundoff u, which bounds a float32 product of
// d terms in any order (Higham, Accuracy and Stability of Numerical Algorithms, 3.5)
// and the centring.
func (b *block) near(i, j int) (square, wrong float64) {
	p, q := b.x.norm[b.xs[i]], b.y.norm[b.ys[j]]
	return p*p + q*q - 2*float64(b.dots[i*len(b.ys)+j]), b.ulps * (p + q) * (p + q)
}

// below says whether the squared distance is less than a limit: by the product, and
// exactly where that is too close to say.
func (b *block) below(i, j int, limit float64) bool {
	square, wrong := b.near(i, j)
	switch {
	case square+wrong < limit:
		return true
	case square-wrong >= limit:
		return false
	}
	return b.exact(i, j) < limit
}

// less gives the exact squared distance if it is less than a limit.
func (b *block) less(i, j int, limit float64) (float64, bool) {
	if square, wrong := b.near(i, j); square-wrong >= limit {
		return 0, false
	}
	square := b.exact(i, j)
	return square, square < limit
}

func (b *block) exact(i, j int) float64 { return b.x.square(b.xs[i], b.y.Features, b.ys[j]) }

// eachRow and eachColumn visit all pairs of the block in parallel: those of one row,
// or of one column, on one goroutine.
func (b *block) eachRow(visit func(i, j int)) {
	parallel(len(b.xs), func(low, high int) {
		for i := low; i < high; i++ {
			for j := range b.ys {
				visit(i, j)
			}
		}
	})
}

func (b *block) eachColumn(visit func(i, j int)) {
	parallel(len(b.ys), func(low, high int) {
		for i := range b.xs {
			for j := low; j < high; j++ {
				visit(i, j)
			}
		}
	})
}

// parallel deals out the numbers from 0 to n to all processors.
func parallel(n int, f func(low, high int)) {
	parts := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	for p := range parts {
		wg.Go(func() { f(p*n/parts, (p+1)*n/parts) })
	}
	wg.Wait()
}

// all are the numbers from 0 to n-1.
func all(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}
