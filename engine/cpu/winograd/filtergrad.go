package winograd

import "ganengine/engine/cpu/gemm"

// ConvFilterGrad computes dw, the gradient with respect to w, from x and dy.
func (e *Engine) ConvFilterGrad(ws, x, dy, dw []float32, c gemm.Conv) {
	e.run(e.filterGrad(c), ws, x, dw, dy)
}

// ConvFilterGradWorkspace is the number of elements of workspace for ConvFilterGrad.
func (e *Engine) ConvFilterGradWorkspace(c gemm.Conv) int {
	j := e.filterGrad(c)
	return e.workspace(&j)
}

// sumSize is the size of one point's sums, filters × channels.
const sumSize = width*width + skew

func (e *Engine) filterGrad(c gemm.Conv) job {
	j := e.prepare(c, true, true)
	j.perWorker = j.n * j.n * sumSize
	j.product, j.products = (*Engine).filterGradTask, j.phases*j.imagePanels*j.kPanels
	return j
}

func (e *Engine) filterGradTask(worker, block, task int) {
	j, s := &e.job, &e.scratch[worker]
	sums := j.mine(worker)
	_, count := j.tilesOf(block)
	imagePanel, kPanel := task/j.kPanels, task%j.kPanels
	for point := range j.n * j.n {
		a, b := j.results[block%2].at(point, kPanel, 0), j.images[block%2].at(point, imagePanel, 0)
		for k := 0; k < width; k += gemm.TileRows {
			gemm.SumColumns(count, a[k:], b, sums[point*sumSize+k*width:], e.fast)
		}
	}
	phase, c := imagePanel/j.imagePanels, imagePanel%j.imagePanels*width
	for k := range min(j.conv.K-kPanel*width, width) {
		j.taps(&s.dst, j.w, kPanel*width+k, phase, c)
		s.add = s.dst
		if block == 0 {
			for i := range s.add {
				s.add[i] = &e.zeros[0]
			}
		}
		j.toFilter(&s.dst[0], &s.add[0], &sums[k*width], sumSize, min(j.conv.C-c, width))
	}
}
