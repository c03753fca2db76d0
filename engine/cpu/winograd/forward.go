package winograd

import "ganengine/engine/cpu/gemm"

// ConvForward computes y from x and w.
func (e *Engine) ConvForward(ws, x, w, y []float32, c gemm.Conv) {
	e.run(e.forward(c), ws, x, w, y)
}

// ConvForwardWorkspace is the number of elements of workspace for ConvForward.
func (e *Engine) ConvForwardWorkspace(c gemm.Conv) int {
	j := e.forward(c)
	return e.workspace(&j)
}

func (e *Engine) forward(c gemm.Conv) job {
	j := e.prepare(c, true, false)
	depth := j.phases * j.imagePanels * width
	j.perWorker = j.filterSize(depth) + j.productSize() + j.r*j.r*j.imagePanels*width*width
	j.product = (*Engine).forwardTask
	e.share(&j, j.kPanels)
	return j
}

// filterSize is the size of one panel of filters, with depth terms of each sum:
// [point][depth][width].
func (j *job) filterSize(depth int) int { return j.n * j.n * (depth*width + skew) }

// productSize is the size of a chunk's products: [point][tile][width].
func (j *job) productSize() int { return j.n * j.n * (j.chunk*width + skew) }

func (e *Engine) forwardTask(worker, block, task int) {
	j, s := &e.job, &e.scratch[worker]
	depth := j.phases * j.imagePanels * width
	ws := j.mine(worker)
	filters, ws := ws[:j.filterSize(depth)], ws[j.filterSize(depth):]
	products, turned := ws[:j.productSize()], ws[j.productSize():]
	panel, tiles := j.groupOf(block, task)
	if s.panel != panel {
		s.panel = panel
		e.turnFilters(s, filters, turned, panel)
	}
	k := panel * width
	for ; tiles.left > 0; tiles.next(j.chunk) {
		n := min(j.chunk, tiles.left)
		e.multiply(products, &j.images[block%2], j.phases*j.imagePanels, filters, tiles.at, n)
		for t := range n {
			j.resultPixels(&s.dst, &s.spill[0], j.y, block*j.block+tiles.at+t, k)
			j.toResult(&s.dst[0], &products[t*width], j.chunk*width+skew, min(j.conv.K-k, width))
		}
	}
}

// run of tiles in a block.
type tileRange struct{ at, left int }

// next goes on by a chunk.
func (r *tileRange) next(chunk int) { r.at, r.left = r.at+chunk, r.left-chunk }

// groupOf is the panel of a task and its tiles in the block.
func (j *job) groupOf(block, task int) (panel int, tiles tileRange) {
	_, count := j.tilesOf(block)
	groups := ceil(j.block, j.group)
	at := task % groups * j.group
	return task / groups, tileRange{at, min(j.group, count-at)}
}

// multiply computes the products of n tiles from t0 on with one panel of
// filters: [point][tile][width].
func (e *Engine) multiply(products []float32, tiles *panels, depth int, filters []float32, t0, n int) {
	j := &e.job
	for point := range j.n * j.n {
		b := filters[point*(depth*width*width+skew):]
		for t := 0; t < n; t += e.tiles.Rows {
			e.tiles.SumRows(depth, tiles.at(point, 0, t0+t), tiles.panel, b, products[point*(j.chunk*width+skew)+t*width:])
		}
	}
}

// turnFilters transforms one panel of filters for sums over phases and channels.
func (e *Engine) turnFilters(s *scratch, filters, turned []float32, panel int) {
	j := &e.job
	c := &j.conv
	channels := j.imagePanels * width
	point := j.phases*channels*width + skew
	for phase := range j.phases {
		tap := 0
		for r := phase / c.StrideW; r < c.R; r += c.StrideH {
			for u := phase % c.StrideW; u < c.S; u += c.StrideW {
				for i := range s.rows {
					s.rows[i] = &e.zeros[0]
					if k := panel*width + i; k < c.K {
						s.rows[i] = &j.w[((k*c.R+r)*c.S+u)*c.C]
					}
				}
				e.transposeRows(turned[tap*channels*width:], s, c.C)
				tap++
			}
		}
		for ch := range channels {
			for tap := range j.r * j.r {
				s.src[tap] = &turned[(tap*channels+ch)*width]
			}
			j.filter(&filters[(phase*channels+ch)*width], &s.src[0], point, 0, width)
		}
	}
}

// transposeRows stores n columns of s.rows one after the other, and zeros for
// the columns that the last panel has too many.
func (e *Engine) transposeRows(dst []float32, s *scratch, n int) {
	dst = dst[:ceil(n, width)*width*width]
	clear(dst[n*width:])
	if e.transpose != nil {
		e.transpose(&dst[0], &s.rows[0], n)
		return
	}
	for i, row := range s.rows {
		for c := range n {
			dst[c*width+i] = *at(row, c)
		}
	}
}
