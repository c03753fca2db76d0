package winograd

import "ganengine/engine/cpu/gemm"

// The sizes below decide how much memory is used, and blockBytes also the order
// of a filter gradient's sums.
const (
	// blockBytes is what the panels of a block of tiles may take, if that is at
	// least blockLeast tiles: enough to transform the filters only a few times.
	blockBytes = 8 << 20
	blockLeast = 128
	// chunkTiles is about how many tiles are multiplied before they are transformed
	// back, while their products still lie in the second-level cache.
	chunkTiles = 64
	// skew keeps the points of one pixel, which are written together, out of one
	// set of the caches.
	skew = 16
)

// job is the call in progress.
type job struct {
	conv gemm.Conv
	*short
	phases               int // stride²
	down, across         int // tiles of an image
	block                int // tiles in a block, the last may be smaller
	group                int // tiles of a task that goes over tiles: whole images, or a block
	chunk                int // tiles of a task that are multiplied at once: whole rows of panels
	imagePanels, kPanels int // panels of channels in one phase, and of filters

	x, w, y []float32 // image, filters, result; one of them is written

	images, results [2]panels // of a block of even and one of odd number
	own             []float32 // the workers' workspaces
	perWorker       int       // elements of one of them

	products int // tasks of each block
	product  func(e *Engine, worker, block, task int)
}

// panels is a block of transformed tiles: for each point, panel of channels and
// group of as many tiles as the kernel has rows, that many rows of width.
type panels struct {
	data                []float32
	rows                int
	point, panel, group int // elements from one to the next
}

func (p *panels) at(point, panel, tile int) []float32 {
	return p.data[point*p.point+panel*p.panel+tile/p.rows*p.group+tile%p.rows*width:]
}

func ceil(a, b int) int { return (a + b - 1) / b }

// Supports says whether there is an algorithm for c: equal strides of 1 or 2,
// two (or, with stride 1, three) taps for each phase, no groups. Pixels that meet
// no tap have gradients, and windows that meet no pixel have results, that must
// be zero and would only nearly be: they are left to others.
func (e *Engine) Supports(c gemm.Conv) bool {
	reached := meet(c.H, c.R, c.P, c.StrideH, c.PadTop) && meet(c.W, c.S, c.Q, c.StrideW, c.PadLeft)
	return reached && e.pick(c) != nil && max(c.C, c.K) <= maxChannels
}

// meet says whether, along one axis, the last pixel has a tap, and the first and
// the last window have a pixel.
func meet(pixels, taps, windows, stride, pad int) bool {
	last := (windows-1)*stride - pad
	return last+taps >= pixels && pad < taps && last < pixels
}

// pick is the algorithm with the fewest multiplications, the first of equals.
func (e *Engine) pick(c gemm.Conv) *short {
	if c.Groups > 1 || c.StrideH != c.StrideW || c.StrideH > 2 || c.R != c.S || c.R%c.StrideH != 0 || c.N*c.P*c.Q*c.C*c.K == 0 {
		return nil
	}
	var best *short
	for _, s := range e.short {
		if s.r*c.StrideH == c.R && (best == nil || s.products(c) < best.products(c)) {
			best = s
		}
	}
	return best
}

// products is the number of multiplications for each pair of channels of an image.
func (s *short) products(c gemm.Conv) int {
	return ceil(c.P, s.m) * ceil(c.Q, s.m) * s.n * s.n * c.StrideH * c.StrideW
}

// Products is the number of multiplications that c takes, to be compared with
// its terms; panels that channels do not fill count whole.
func (e *Engine) Products(c gemm.Conv) int {
	return c.N * e.pick(c).products(c) * ceil(c.C, width) * ceil(c.K, width) * width * width
}

// Tiles is the number of tiles of the result, all images'.
func (e *Engine) Tiles(c gemm.Conv) int {
	s := e.pick(c)
	return c.N * ceil(c.P, s.m) * ceil(c.Q, s.m)
}

// prepare is the job for c with panels of a block for images, results or both.
func (e *Engine) prepare(c gemm.Conv, images, results bool) job {
	j := job{conv: c, short: e.pick(c), phases: c.StrideH * c.StrideW,
		imagePanels: ceil(c.C, width), kPanels: ceil(c.K, width)}
	j.down, j.across = ceil(c.P, j.m), ceil(c.Q, j.m)
	perTile := 0
	if images {
		perTile += j.phases * j.imagePanels
	}
	if results {
		perTile += j.kPanels
	}
	perTile *= j.n * j.n * width * 4
	image, limit := j.down*j.across, max(blockBytes/perTile, blockLeast)
	if image <= limit {
		j.block = ceil(c.N, ceil(c.N, limit/image)) * image
	} else {
		j.block = ceil(c.N*image, ceil(c.N*image, limit))
	}
	// Sums over tiles read all tiles of a panel, the others all panels of a tile.
	rows := e.tiles.Rows
	tiles := ceil(j.block, rows) * rows
	j.chunk = ceil(chunkTiles, rows) * rows
	lay := func(count int) panels {
		p := panels{rows: rows, point: count*tiles*width + skew, panel: rows * width, group: count * rows * width}
		if images && results {
			p.panel, p.group = tiles*width, rows*width
		}
		return p
	}
	for half := range min(j.blocks(), 2) {
		if images {
			j.images[half] = lay(j.phases * j.imagePanels)
		}
		if results {
			j.results[half] = lay(j.kPanels)
		}
	}
	return j
}

// share cuts the tiles of a block into groups of whole images, if it has several,
// so that the workers have some tasks each for each of as many panels. Kernels
// take a group's tiles from its first on, so many at a time.
func (e *Engine) share(j *job, panels int) {
	least := j.down * j.across
	for least%e.tiles.Rows != 0 {
		least += j.down * j.across
	}
	j.group = j.block
	if least < j.block {
		groups := min(ceil(16*e.workers, panels*j.blocks()), j.block/least)
		j.group = ceil(ceil(j.block, least), groups) * least
	}
	j.products = panels * ceil(j.block, j.group)
}

// tiles is the number of all tiles.
func (j *job) tiles() int { return j.conv.N * j.down * j.across }

// blocks is the number of blocks.
func (j *job) blocks() int { return ceil(j.tiles(), j.block) }

// tilesOf is a block's first tile and how many it has.
func (j *job) tilesOf(block int) (first, count int) {
	first = block * j.block
	return first, min(j.block, j.tiles()-first)
}

// workspace is the panels of two blocks, then each worker's.
func (e *Engine) workspace(j *job) int {
	e.reserve(j.products)
	n := e.workers * j.perWorker
	for half := range 2 {
		n += j.n * j.n * (j.images[half].point + j.results[half].point)
	}
	return n
}

// run does the job j.
func (e *Engine) run(j job, ws, x, w, y []float32) {
	c := &j.conv
	j.x, j.w, j.y = x[:c.N*c.H*c.W*c.C], w[:c.K*c.R*c.S*c.C], y[:c.N*c.P*c.Q*c.K]
	for half := range 2 {
		for _, p := range []*panels{&j.images[half], &j.results[half]} {
			size := j.n * j.n * p.point
			p.data, ws = ws[:size], ws[size:]
		}
	}
	j.own = ws[:e.workers*j.perWorker]
	for i := range e.scratch {
		e.scratch[i].panel = -1
	}
	e.job = j
	e.reset(j.blocks(), ceil(j.block, e.tiles.Rows), j.products, e.workers)
	if e.workers > 1 {
		e.par.For(e.workers, e.body)
	} else {
		e.work(0)
	}
	e.job = job{} // keep no one's memory alive
	clear(e.scratch)
}

// mine is a worker's own workspace.
func (j *job) mine(worker int) []float32 {
	return j.own[worker*j.perWorker : (worker+1)*j.perWorker]
}

// transform writes the panels of as many tiles of a block as the kernel has rows.
func (e *Engine) transform(worker, block, task int) {
	j, s := &e.job, &e.scratch[worker]
	first, count := j.tilesOf(block)
	images, results := &j.images[block%2], &j.results[block%2]
	for t := task * e.tiles.Rows; t < min((task+1)*e.tiles.Rows, count); t++ {
		if images.point > 0 {
			for phase := range j.phases {
				j.imagePixels(&s.src, &e.zeros[0], j.x, first+t, phase, 0)
				j.image(&images.at(0, phase*j.imagePanels, t)[0], &s.src[0], images.point, images.panel, j.conv.C)
			}
		}
		if results.point > 0 {
			j.resultPixels(&s.src, &e.zeros[0], j.y, first+t, 0)
			j.result(&results.at(0, 0, t)[0], &s.src[0], results.point, results.panel, j.conv.K)
		}
	}
}

// place is the image of a tile and its first row and column of the result.
func (j *job) place(tile int) (n, p, q int) {
	image := j.down * j.across
	n, tile = tile/image, tile%image
	return n, tile / j.across * j.m, tile % j.across * j.m
}

// imagePixels points at a tile's n×n pixels of one phase, from channel c on, and
// at outside for those that padding adds.
func (j *job) imagePixels(at *[maxPoints]*float32, outside *float32, x []float32, tile, phase, c int) {
	k := &j.conv
	image, p, q := j.place(tile)
	h0, w0 := p*k.StrideH-k.PadTop+phase/k.StrideW, q*k.StrideW-k.PadLeft+phase%k.StrideW
	i := 0
	for h := h0; h < h0+j.n*k.StrideH; h += k.StrideH {
		row := (image*k.H+h)*k.W*k.C + c
		for w := w0; w < w0+j.n*k.StrideW; w += k.StrideW {
			at[i] = outside
			if uint(h) < uint(k.H) && uint(w) < uint(k.W) {
				at[i] = &x[row+w*k.C]
			}
			i++
		}
	}
}

// resultPixels points at a tile's m×m pixels of the result, from filter k on, and
// at outside for those beyond it.
func (j *job) resultPixels(at *[maxPoints]*float32, outside *float32, y []float32, tile, k int) {
	c := &j.conv
	image, p0, q0 := j.place(tile)
	i := 0
	for p := p0; p < p0+j.m; p++ {
		row := (image*c.P+p)*c.Q*c.K + k
		for q := q0; q < q0+j.m; q++ {
			at[i] = outside
			if p < c.P && q < c.Q {
				at[i] = &y[row+q*c.K]
			}
			i++
		}
	}
}

// taps points at the r×r taps of one phase, from channel c of a filter on.
func (j *job) taps(at *[maxPoints]*float32, w []float32, filter, phase, c int) {
	k := &j.conv
	i := 0
	for r := phase / k.StrideW; r < k.R; r += k.StrideH {
		for s := phase % k.StrideW; s < k.S; s += k.StrideW {
			at[i] = &w[((filter*k.R+r)*k.S+s)*k.C+c]
			i++
		}
	}
}
