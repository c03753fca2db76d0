package gemm

// The input gradient of a convolution from few channels (a first layer, or the
// transposed convolution that ends a generator in an image) would gather every
// value of dy once for each tap and each phase and multiply it with hardly
// anything. There it is cheaper to multiply first, pixels × taps, and to add up
// afterwards what each element of dx receives, in the order of rows of taps and
// then of result columns.

// foldSize bounds the products that are kept at once, in elements, to what fits
// the last-level cache.
const foldSize = 1 << 20

// narrow says that the input gradient takes this way.
func (c Conv) narrow() bool { return c.C <= 8 && c.K >= 16 && c.Groups <= 1 && !c.whole() }

// fold is the adding in progress: dx from products of as many images.
type fold[T Float] struct {
	conv         Conv
	dx, products []T
}

// foldImages is the number of images to multiply at once: equal lots, but for
// the last.
func (c Conv) foldImages() int {
	lots := min(max(ceil(c.N*c.P*c.Q*c.R*c.S*c.C, foldSize), 1), max(c.N, 1))
	return ceil(c.N, lots)
}

// narrowProduct: result pixels × taps, summed over filters.
func narrowProduct[T Float](c Conv) job[T] {
	taps := c.R * c.S * c.C
	return job[T]{
		m: c.N * c.P * c.Q, n: taps, k: c.K, batch: 1, alpha: 1,
		a:     operand[T]{free: c.K, red: 1},
		b:     operand[T]{free: 1, red: taps},
		rowAt: linear(taps), colAt: linear(1),
	}
}

func (e *Engine[T]) narrowWorkspace(c Conv) int {
	c.N = c.foldImages()
	j := narrowProduct[T](c)
	return j.m*j.n + e.workspace(j)
}

func (e *Engine[T]) narrowInputGrad(ws []T, dy, w, dx []T, c Conv) {
	images, size := c.foldImages(), c.P*c.Q*c.R*c.S*c.C
	kept, ws := ws[:images*size], ws[images*size:]
	for left := c.N; left > 0; left -= c.N {
		c.N = min(images, left)
		j := narrowProduct[T](c)
		j.a.data, j.b.data, j.c = dy, w, kept
		e.run(ws, j)
		e.fold = fold[T]{conv: c, dx: dx, products: kept}
		if e.isWorth(16 * c.N * size) {
			e.par.Share(c.N*c.H, e.foldBody)
		} else {
			for row := range c.N * c.H {
				e.fold.row(row)
			}
		}
		dy, dx = dy[c.N*c.P*c.Q*c.K:], dx[c.N*c.H*c.W*c.C:]
	}
	e.fold = fold[T]{}
}

// foldRow adds up one row of dx.
func (e *Engine[T]) foldRow(_, row int) { e.fold.row(row) }

// row adds up row h of image n, n*H + h = row.
func (f *fold[T]) row(row int) {
	c := &f.conv
	n, h := row/c.H, row%c.H
	dx := f.dx[row*c.W*c.C : (row+1)*c.W*c.C]
	clear(dx)
	for r := range c.R {
		p := (h + c.PadTop - r) / c.StrideH
		if h+c.PadTop < r || p*c.StrideH != h+c.PadTop-r || p >= c.P {
			continue
		}
		taps := c.S * c.C
		for q := range c.Q {
			from := (((n*c.P+p)*c.Q+q)*c.R + r) * taps
			src := f.products[from : from+taps]
			at := (q*c.StrideW - c.PadLeft) * c.C
			if at < 0 {
				src, at = src[min(-at, taps):], 0
			}
			if at >= len(dx) {
				break
			}
			dst := dx[at:]
			for i, v := range src[:min(len(src), len(dst))] {
				dst[i] += v
			}
		}
	}
}
