package winograd

import "ganengine/engine/cpu/gemm"

// ConvInputGrad computes dx, the gradient with respect to x, from dy and w. It is
// the transposed convolution.
func (e *Engine) ConvInputGrad(ws, dy, w, dx []float32, c gemm.Conv) {
	e.run(e.inputGrad(c), ws, dx, w, dy)
}

// ConvInputGradWorkspace is the number of elements of workspace for ConvInputGrad.
func (e *Engine) ConvInputGradWorkspace(c gemm.Conv) int {
	j := e.inputGrad(c)
	return e.workspace(&j)
}

func (e *Engine) inputGrad(c gemm.Conv) job {
	j := e.prepare(c, false, true)
	j.perWorker = j.filterSize(j.kPanels*width) + j.productSize()
	j.product = (*Engine).inputGradTask
	e.share(&j, j.phases*j.imagePanels)
	return j
}

func (e *Engine) inputGradTask(worker, block, task int) {
	j, s := &e.job, &e.scratch[worker]
	ws := j.mine(worker)
	filters, products := ws[:j.filterSize(j.kPanels*width)], ws[j.filterSize(j.kPanels*width):]
	panel, tiles := j.groupOf(block, task)
	phase, c := panel/j.imagePanels, panel%j.imagePanels*width
	if s.panel != panel {
		s.panel = panel
		j.copyFilters(s, filters, phase, c)
	}
	for i := range s.add {
		s.add[i] = &e.zeros[0]
	}
	for ; tiles.left > 0; tiles.next(j.chunk) {
		n := min(j.chunk, tiles.left)
		e.multiply(products, &j.results[block%2], j.kPanels, filters, tiles.at, n)
		for t := range n {
			tile := block*j.block + tiles.at + t
			j.imagePixels(&s.dst, &s.spill[0], j.x, tile, phase, c)
			j.earlier(s, &e.zeros[0], tile)
			j.toImage(&s.dst[0], &s.add[0], &products[t*width], j.chunk*width+skew, min(j.conv.C-c, width))
		}
	}
}

// copyFilters transforms one panel of channels for sums over filters.
func (j *job) copyFilters(s *scratch, filters []float32, phase, c int) {
	depth := j.kPanels * width
	point := depth*width + skew
	for k := range j.conv.K {
		j.taps(&s.src, j.w, k, phase, c)
		j.filter(&filters[k*width], &s.src[0], point, 0, min(j.conv.C-c, width))
	}
	for p := range j.n * j.n {
		clear(filters[p*point+j.conv.K*width : p*point+depth*width])
	}
}

// earlier points at what tiles before have given the pixels s.dst: those of the
// first r-1 rows and columns, which the tiles above and to the left share. Pixels
// that they do not share have been given nothing, as s.add says from the start.
func (j *job) earlier(s *scratch, zeros *float32, tile int) {
	_, p, q := j.place(tile)
	for row := range j.n {
		cols := j.n
		if row >= j.r-1 {
			cols = j.r - 1
		}
		for i := row * j.n; i < row*j.n+cols; i++ {
			s.add[i] = zeros
			if (row < j.r-1 && p > 0 || i-row*j.n < j.r-1 && q > 0) && s.dst[i] != &s.spill[0] {
				s.add[i] = s.dst[i]
			}
		}
	}
}
