package amx

import "ganengine/engine/cpu/gemm"

const (
	// panelBytes is what a task's packed source may take, besides filters, of the
	// second-level cache.
	panelBytes = 1 << 20
	// tasksPerWorker is how many tasks there are at least, where sizes allow.
	tasksPerWorker = 2
)

// products is a forward convolution or an input gradient: each pixel of the result
// is the sum of products of the source's pixels with filters.
type products struct {
	src          source
	down, across axis
	to           int // channels of the result
	columns      int // blocks of them
	taps         int
	backwards    bool

	images        int // blocks of images
	each          int // of them in a task
	strip, strips int // rows of the result in a task, and how many such there are
	per, splits   int // blocks of columns in a task, and so on
	pixels        int // of the source in a task, for each block of images

	filters, result []uint16
	packed, panels  []uint16 // all filters; each worker's sources
}

func (e *Engine) forward(c gemm.Conv) products {
	p := products{to: c.K, taps: c.R * c.S}
	p.src, p.down, p.across = patches(c)
	if p.src.gathered {
		p.taps = 1
	}
	e.divide(&p)
	return p
}

func (e *Engine) inputGrad(c gemm.Conv) products {
	p := products{to: c.C, taps: c.R * c.S, backwards: true,
		src:    source{n: c.N, h: c.P, w: c.Q, c: c.K, depth: ceil(c.K, width)},
		down:   axis{source: c.P, result: c.H, taps: c.R, stride: c.StrideH, pad: c.PadTop, backwards: true},
		across: axis{source: c.Q, result: c.W, taps: c.S, stride: c.StrideW, pad: c.PadLeft, backwards: true}}
	e.divide(&p)
	return p
}

// divide cuts the work into tasks. The filters are read once for each, and so a
// task is as large as the cache allows, but there are some for each worker.
func (e *Engine) divide(p *products) {
	p.columns, p.images = ceil(p.to, width), ceil(p.src.n, width)
	bytes := func() int { return p.down.longest(p.strip) * p.src.w * p.src.depth * blockBytes }
	for p.strip = p.down.result; p.strip > 1 && bytes() > panelBytes; {
		p.strip = ceil(p.strip, 2)
	}
	p.each, p.splits = 1, 1
	if p.strip == p.down.result {
		p.each = min(p.images, max(panelBytes/max(bytes(), 1), 1))
	}
	for e.tasksOf(p) < tasksPerWorker*e.workers && p.each*p.strip > 1 {
		if p.each > 1 {
			p.each = ceil(p.each, 2)
		} else {
			p.strip = ceil(p.strip, 2)
		}
	}
	p.strips = ceil(p.down.result, p.strip)
	p.splits = min(p.columns, ceil(tasksPerWorker*e.workers, e.tasksOf(p)))
	p.per = ceil(p.columns, p.splits)
	p.splits = ceil(p.columns, p.per)
	p.pixels = max(p.down.longest(p.strip)*p.src.w, 1)
}

func (e *Engine) tasksOf(p *products) int {
	return ceil(p.images, p.each) * ceil(p.down.result, p.strip) * p.splits
}

// filterElements is the room for all packed filters.
func (p *products) filterElements() int { return p.columns * p.taps * p.src.depth * block }

// panelElements is the room for a task's source.
func (p *products) panelElements() int { return p.each * p.pixels * p.src.depth * block }

func (e *Engine) productsWorkspace(p products) int {
	e.reserve(&p.src, p.strip*p.across.result*(2+2*p.taps))
	return align + p.filterElements() + e.workers*p.panelElements()
}

func (e *Engine) runProducts(p products, ws, x, w, y []uint16) {
	ws = aligned(ws)
	p.src.data, p.filters, p.result = x, w, y
	p.packed, ws = ws[:p.filterElements()], ws[p.filterElements():]
	p.panels = ws[:e.workers*p.panelElements()]
	e.products = p
	e.run(p.columns*p.taps, (*Engine).packFilters)
	e.run(e.tasksOf(&p), (*Engine).multiply)
	e.products = products{} // keep no one's memory alive
}

// packFilters packs one tap of a block of the result's channels.
func (e *Engine) packFilters(worker, i int) {
	p, w := &e.products, &e.scratch[worker]
	column, tap := i/p.taps*width, i%p.taps
	for b := range p.src.depth {
		dst, from := &p.packed[(i*p.src.depth+b)*block], b*width
		if p.backwards {
			at := (from*p.taps+tap)*p.to + column
			e.pack(w, byRowPairs, dst, &p.filters[at], 2*p.taps*p.to, min(p.src.c-from, width), mask(p.to, column))
		} else {
			at := (column*p.taps+tap)*p.src.c + from
			e.pack(w, byColumnPairs, dst, &p.filters[at], 2*p.taps*p.src.c, min(p.to-column, width), mask(p.src.c, from))
		}
	}
}

// multiply computes some rows and channels of some blocks of images.
func (e *Engine) multiply(worker, i int) {
	p, w := &e.products, &e.scratch[worker]
	split, i := i%p.splits, i/p.splits
	first, last := i%p.strips*p.strip, min((i%p.strips+1)*p.strip, p.down.result)
	images := i / p.strips * p.each
	count := min(p.each, p.images-images)
	panel := p.panels[worker*p.panelElements():][:p.panelElements()]
	perImages := p.pixels * p.src.depth * block
	low, high := p.down.span(first, last)
	for g := range count {
		e.packStrip(w, p, images+g, low, high, panel[g*perImages:])
	}
	p.write(w.program, first, last, low)
	whole := p.down.result * p.across.result * p.to
	for column := split * p.per; column < min((split+1)*p.per, p.columns); column++ {
		for g := range count {
			n := (images + g) * width
			rows := min(p.src.n-n, width)
			w.terms = terms{program: w.program, outputs: (last - first) * p.across.result, a: &panel[g*perImages],
				b: &p.packed[column*p.taps*p.src.depth*block], down: tilesOf(p.src.n, images+g), across: tilesOf(p.to, column)}
			e.kernel.products(&w.terms, p.src.depth, &p.result[n*whole+column*width], 2*whole, rows, mask(p.to, column*width), &w.spill)
		}
	}
}

// packStrip packs the source's rows low to high of a block of images.
func (e *Engine) packStrip(w *scratch, p *products, images, low, high int, dst []uint16) {
	for h := low; h < high; h++ {
		for x := range p.src.w {
			at := ((h-low)*p.src.w + x) * p.src.depth * block
			e.packPixel(w, &p.src, byRows, images, h, x, 0, p.src.depth, dst[at:], block)
		}
	}
}

// write writes the program for the result's rows first to last: low is the
// source's first row that is packed.
func (p *products) write(program []int64, first, last, low int) {
	at, size := 0, int64(p.src.depth*blockBytes)
	for i := first; i < last; i++ {
		for j := range p.across.result {
			program[at] = int64(2 * p.to * (i*p.across.result + j))
			count := at + 1
			at += 2
			for r := range p.down.taps {
				h, ok := p.down.meets(i, r)
				if !ok {
					continue
				}
				for s := range p.across.taps {
					if x, ok := p.across.meets(j, s); ok {
						program[at], program[at+1] = int64((h-low)*p.src.w+x)*size, int64(r*p.across.taps+s)*size
						at += 2
					}
				}
			}
			program[count] = int64(at-count-1) / 2
		}
	}
}

// sized cuts the three arrays to their sizes, so that one too short is found before
// any kernel.
func sized(c gemm.Conv, x, w, y []uint16) (_, _, _ []uint16) {
	return x[:c.N*c.H*c.W*c.C], w[:c.K*c.R*c.S*c.C], y[:c.N*c.P*c.Q*c.K]
}

// ConvForward computes y from x and w.
func (e *Engine) ConvForward(ws, x, w, y []uint16, c gemm.Conv) {
	x, w, y = sized(c, x, w, y)
	e.runProducts(e.forward(c), ws, x, w, y)
}

// ConvForwardWorkspace is the number of elements of workspace for ConvForward.
func (e *Engine) ConvForwardWorkspace(c gemm.Conv) int { return e.productsWorkspace(e.forward(c)) }

// ConvInputGrad computes dx, the gradient with respect to x, from dy and w.
func (e *Engine) ConvInputGrad(ws, dy, w, dx []uint16, c gemm.Conv) {
	dx, w, dy = sized(c, dx, w, dy)
	e.runProducts(e.inputGrad(c), ws, dy, w, dx)
}

// ConvInputGradWorkspace is the number of elements of workspace for ConvInputGrad.
func (e *Engine) ConvInputGradWorkspace(c gemm.Conv) int { return e.productsWorkspace(e.inputGrad(c)) }
