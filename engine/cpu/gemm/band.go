package gemm

// A convolution of an image of few channels (a first layer) has few terms and many
// pixels, and gathering their patches takes as long as multiplying. So the rows of the
// image that a row of result pixels meets are interleaved, a band: value x of row r at
// x*R + r. There each pixel's patch lies side by side, in the order (column, channel,
// row), and the patches' overlap is stored once. Patches are then rows of a strided
// operand: the first one of the forward product, and the second one of a filter
// gradient's, whose terms are the pixels.

// bandRows is how many rows of a result are a task.
const bandRows = 8

// bandParts is the most parts that a filter gradient is summed in.
const bandParts = 16

// bands says that a convolution's forward product and filter gradient take this way. With
// AVX-512 gathering was measured with others' convolutions, and is left as it is.
func (e *Engine[T]) bands(c Conv) bool {
	return e.strided == 8 && c.narrow() && c.patch() <= maxK && c.N*c.P*c.Q > 0
}

// patch is the number of values of a pixel's patch.
func (c Conv) patch() int { return c.R * c.S * c.C }

// patchStep is the number of values from one pixel's patch to the next in a band.
func (c Conv) patchStep() int { return c.StrideW * c.C * c.R }

// bandWidth is the number of values that each row of the image gives a band.
func (c Conv) bandWidth() int { return ((c.Q-1)*c.StrideW + c.S) * c.C }

// bandSize is the size of a band, and of what a kernel reads behind the last patch.
func (c Conv) bandSize() int { return c.bandWidth()*c.R + maxWidth }

// band is the call in progress: images, packed filters or their sums, and results.
type band[T Float] struct {
	conv       Conv
	x, y       []T
	filters    []T // forward: panels of 16; else each part's sums, filters × patch
	own        []T // each worker's band
	filterGrad bool
}

func (e *Engine[T]) bandWorkspace(c Conv, filterGrad bool) int {
	n := e.workers * c.bandSize()
	if filterGrad {
		return n + c.bandParts()*c.K*c.patch()
	}
	return n + ceil(c.K, maxWidth)*maxWidth*c.patch()
}

// bandParts depends on the sizes alone.
func (c Conv) bandParts() int { return min(c.N, bandParts) }

func (e *Engine[T]) bandForward(ws, x, w, y []T, c Conv) {
	size := e.workers * c.bandSize()
	e.band = band[T]{conv: c, x: x, y: y, own: ws[:size], filters: ws[size:]}
	e.band.packFilters(w)
	e.shareBands(c.N * ceil(c.P, bandRows))
}

func (e *Engine[T]) bandFilterGrad(ws, x, dy, dw []T, c Conv) {
	size := e.workers * c.bandSize()
	e.band = band[T]{conv: c, x: x, y: dy, own: ws[:size], filters: ws[size:], filterGrad: true}
	sums := e.band.filters
	e.shareBands(c.bandParts())
	patch := c.patch()
	for k := range c.K {
		for i := range patch {
			sum := sums[k*patch+i]
			for part := 1; part < c.bandParts(); part++ {
				sum += sums[(part*c.K+k)*patch+i]
			}
			dw[k*patch+c.tap(i)] = sum
		}
	}
}

// tap is where value i of a patch in a band lies among a filter's: (row, column, channel).
func (c Conv) tap(i int) int { return i%c.R*c.S*c.C + i/c.R }

// shareBands does so many tasks, with the workers where the work is worth it.
func (e *Engine[T]) shareBands(tasks int) {
	if c := &e.band.conv; e.isWorth(c.N * c.P * c.Q * c.K * c.patch()) {
		e.par.Share(tasks, e.bandBody)
	} else {
		for i := range tasks {
			e.bandTask(0, i)
		}
	}
	e.band = band[T]{} // keep no one's memory alive
}

// packFilters makes panels of 16 filters, in the order of a patch.
func (b *band[T]) packFilters(w []T) {
	c := &b.conv
	patch := c.patch()
	b.filters = b.filters[:ceil(c.K, maxWidth)*maxWidth*patch]
	clear(b.filters)
	for k := range c.K {
		panel := b.filters[k/maxWidth*maxWidth*patch+k%maxWidth:]
		for i := range patch {
			panel[i*maxWidth] = w[k*patch+c.tap(i)]
		}
	}
}

// bandTask computes some rows of one image's result, or a part of a filter gradient.
func (e *Engine[T]) bandTask(worker, task int) {
	c := &e.band.conv
	if !e.band.filterGrad {
		rows := ceil(c.P, bandRows)
		first := task % rows * bandRows
		for p := first; p < min(first+bandRows, c.P); p++ {
			e.bandRow(worker, task/rows, p)
		}
		return
	}
	parts, size := c.bandParts(), c.K*c.patch()
	sums := e.band.filters[task*size : (task+1)*size]
	first := task * c.N / parts
	for n := first; n < (task+1)*c.N/parts; n++ {
		for p := range c.P {
			e.addBandRow(worker, sums, n, p, n > first || p > 0)
		}
	}
}

// bandRow computes row p of image n's result.
func (e *Engine[T]) bandRow(worker, n, p int) {
	b := &e.band
	c := &b.conv
	row, y := b.lay(worker, n, p), b.y[(n*c.P+p)*c.Q*c.K:]
	s := stridedPart[T]{terms: c.patch(), a: lying[T]{free: c.patchStep(), red: 1}, b: packed[T](nil, c.patch())}
	for k := 0; k < c.K; k += maxWidth {
		stridedSIMD(e.strided, c.Q, min(maxWidth, c.K-k), &s, row, b.filters[k*c.patch():], y[k:], c.K, false)
	}
}

// addBandRow adds the products of row p of image n's result to a filter gradient's sums,
// or begins these.
func (e *Engine[T]) addBandRow(worker int, sums []T, n, p int, add bool) {
	b := &e.band
	c := &b.conv
	row, y := b.lay(worker, n, p), b.y[(n*c.P+p)*c.Q*c.K:]
	s := stridedPart[T]{terms: c.Q, a: lying[T]{free: 1, red: c.K}, b: lying[T]{red: c.patchStep()}}
	for i := 0; i < c.patch(); i += maxWidth {
		stridedSIMD(e.strided, c.K, min(maxWidth, c.patch()-i), &s, y, row[i:], sums[i:], c.patch(), add)
	}
}

// lay interleaves the rows of the image that row p of image n's result meets.
func (b *band[T]) lay(worker, n, p int) []T {
	c := &b.conv
	width, left, size, step := c.bandWidth(), c.PadLeft*c.C, c.bandSize(), c.R
	out := b.own[worker*size : (worker+1)*size]
	clear(out[width*step:])
	for r := range step {
		h := p*c.StrideH - c.PadTop + r
		var row []T
		if uint(h) < uint(c.H) {
			row = b.x[(n*c.H+h)*c.W*c.C:][:c.W*c.C]
		}
		row = row[:min(len(row), max(width-left, 0))]
		at := r
		for range min(left, width) {
			out[at] = 0
			at += step
		}
		for _, v := range row {
			out[at] = v
			at += step
		}
		for ; at < width*step; at += step {
			out[at] = 0
		}
	}
	return out
}
