package winograd

import "ganengine/engine/cpu/gemm"

// The sizes below decide how much memory is used, and blockBytes also the order
// of a filter gradient's sums.
const (
	// blockBytes is what the panels of a block of tiles may take, if that is at
	// least blockLeast tiles: enough to transform the filters only a few times.
	blockBytes = 8 << 20
	blockLeast = 64
	// chunk is how many tiles are multiplied before they are transformed back,
	// while their products still lie in the second-level cache.
	chunk = 64
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
	imagePanels, kPanels int // panels of channels in one phase, and of filters

	x, w, y []float32 // image, filters, result; one of them is written

	images, results panels    // of the block at hand
	own             []float32 // the workers' workspaces
	perWorker       int       // elements of one of them
	first, count    int       // the block's tiles
	tasks           int       // of the stage
}

// panels is a block of transformed tiles: [point][panel][tile][width].
type panels struct {
	data         []float32
	point, panel int // elements from one to the next
}

func (p *panels) at(point, panel, tile int) []float32 {
	return p.data[point*p.point+panel*p.panel+tile*width:]
}

func (p panels) size(points int) int { return points * p.point }

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
		blocks := ceil(c.N, limit/image)
		j.block = ceil(c.N, blocks) * image
		j.group = min(ceil(chunk, image)*image, j.block)
	} else {
		blocks := ceil(c.N*image, limit)
		j.block = ceil(c.N*image, blocks)
		j.group = j.block
	}
	tiles := ceil(j.block, gemm.TileRows) * gemm.TileRows
	if images {
		j.images = panels{point: j.phases*j.imagePanels*tiles*width + skew, panel: tiles * width}
	}
	if results {
		j.results = panels{point: j.kPanels*tiles*width + skew, panel: tiles * width}
	}
	return j
}

// tiles is the number of all tiles.
func (j *job) tiles() int { return j.conv.N * j.down * j.across }

// workspace is the panels of a block, then each worker's.
func (e *Engine) workspace(j *job) int {
	points := j.n * j.n
	return j.images.size(points) + j.results.size(points) + e.workers*j.perWorker
}

// start cuts the workspace and makes j the job in progress.
func (e *Engine) start(j job, ws, x, w, y []float32) {
	c := &j.conv
	j.x, j.w, j.y = x[:c.N*c.H*c.W*c.C], w[:c.K*c.R*c.S*c.C], y[:c.N*c.P*c.Q*c.K]
	images, results := j.images.size(j.n*j.n), j.results.size(j.n*j.n)
	j.images.data, ws = ws[:images], ws[images:]
	j.results.data, ws = ws[:results], ws[results:]
	j.own = ws[:e.workers*j.perWorker]
	for i := range e.scratch {
		e.scratch[i].panel = -1
	}
	e.job = j
}

// blocks runs the stage after the transforms for one block of tiles after the
// other; tasks is the stage's tasks for a number of tiles.
func (e *Engine) blocks(s stage, tasks func(j *job) int) {
	j := &e.job
	total := j.tiles()
	for j.first = 0; j.first < total; j.first += j.block {
		j.count = min(j.block, total-j.first)
		e.do(transform, ceil(j.count, transformTiles))
		e.do(s, tasks(j))
	}
	e.job = job{} // keep no one's memory alive
	clear(e.scratch)
}

// mine is a worker's own workspace.
func (j *job) mine(worker int) []float32 {
	return j.own[worker*j.perWorker : (worker+1)*j.perWorker]
}

// transformTiles is how many tiles are transformed in one task.
const transformTiles = 8

// transformTiles takes tiles of the block and writes the panels of their images
// and results.
func (e *Engine) transformTiles(worker int) {
	j, s := &e.job, &e.scratch[worker]
	for {
		task := e.take()
		if task < 0 {
			return
		}
		for t := task * transformTiles; t < min((task+1)*transformTiles, j.count); t++ {
			if j.images.point > 0 {
				for phase := range j.phases {
					j.imagePixels(&s.src, &e.zeros[0], j.x, j.first+t, phase, 0)
					j.image(&j.images.at(0, phase*j.imagePanels, t)[0], &s.src[0], j.images.point, j.images.panel, j.conv.C)
				}
			}
			if j.results.point > 0 {
				j.resultPixels(&s.src, &e.zeros[0], j.y, j.first+t, 0)
				j.result(&j.results.at(0, 0, t)[0], &s.src[0], j.results.point, j.results.panel, j.conv.K)
			}
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
