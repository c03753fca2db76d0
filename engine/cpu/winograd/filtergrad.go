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
	j.perWorker = imagesAtOnce * j.n * j.n * sumSize
	j.product, j.products = (*Engine).filterGradTask, ceil(j.phases*j.imagePanels, imagesAtOnce)*j.kPanels
	return j
}

// imagesAtOnce is how many panels of the image one of the results is multiplied with
// while it lies in the first cache: all come from the last one.
const imagesAtOnce = 4

func (e *Engine) filterGradTask(worker, block, task int) {
	j, s := &e.job, &e.scratch[worker]
	sums := j.mine(worker)
	_, count := j.tilesOf(block)
	kPanel, first := task%j.kPanels, task/j.kPanels*imagesAtOnce
	images := min(imagesAtOnce, j.phases*j.imagePanels-first)
	sum := func(image, point int) []float32 { return sums[(image*j.n*j.n+point)*sumSize:] }
	for point := range j.n * j.n {
		a := j.results[block%2].at(point, kPanel, 0)
		for image := range images {
			b := j.images[block%2].at(point, first+image, 0)
			e.tiles.SumColumns(count, a, b, sum(image, point))
		}
	}
	for image := range images {
		j.addFilters(s, &e.zeros[0], sum(image, 0), block, first+image, kPanel)
	}
}

// addFilters adds the sums of a panel of the image and one of the results to the
// gradient, which the first block begins.
func (j *job) addFilters(s *scratch, zeros *float32, sums []float32, block, imagePanel, kPanel int) {
	phase, c := imagePanel/j.imagePanels, imagePanel%j.imagePanels*width
	for k := range min(j.conv.K-kPanel*width, width) {
		j.taps(&s.dst, j.w, kPanel*width+k, phase, c)
		s.add = s.dst
		if block == 0 {
			for i := range s.add {
				s.add[i] = zeros
			}
		}
		j.toFilter(&s.dst[0], &s.add[0], &sums[k*width], sumSize, min(j.conv.C-c, width))
	}
}
