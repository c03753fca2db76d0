package amx

import (
	"unsafe"

	"ganengine/engine/cpu/gemm"
)

const (
	// sumsBytes is what a task's packed images and its sums may take of the
	// second-level cache.
	sumsBytes = 3 << 19
	// sumsTasks is how many tasks a filter gradient has at least, where sizes
	// allow: by its number parts are cut, and so the order of sums.
	sumsTasks = 16
	// partBytes bounds the sums of all parts but the first.
	partBytes = 32 << 20
	// reloadBytes is how many bytes are packed in the time that it takes to load a
	// block of sums and to store it.
	reloadBytes = 400
)

// sums is a filter gradient: for each tap, the sum over pixels of the products of
// the result's gradient with the source.
type sums struct {
	src, grad    source // the convolution's source, and its result's gradient
	down, across axis
	taps         int

	images         int // blocks of images
	rows, columns  int // blocks of filters, and of the source's channels
	cut                // of a task
	high, wide     int // tasks that the blocks of rows, and of columns, are cut into
	strips, rounds int // strips of an image; strips of all images
	parts          int // that the rounds are cut into
	ring           int // rows of the source that are kept packed
	pixels         int // of them, for each block of images

	result       []uint16
	sums         []float32 // [part][row][column][tap] blocks
	panels       []uint16  // each worker's sources and gradients
	sourcesPanel int       // elements of the first of these
}

// cut is a task's share in a round: some blocks of filters and channels, rows of
// the result, blocks of images.
type cut struct{ rows, columns, strip, each int }

func (e *Engine) filterGrad(c gemm.Conv) sums {
	g := sums{taps: c.R * c.S, grad: source{n: c.N, h: c.P, w: c.Q, c: c.K, depth: ceil(c.K, width)}}
	g.src, g.down, g.across = patches(c)
	if g.src.gathered {
		g.taps = 1
	}
	g.images, g.rows, g.columns = ceil(c.N, width), g.grad.depth, g.src.depth
	g.cut = g.choose()
	g.high, g.wide = ceil(g.rows, g.cut.rows), ceil(g.columns, g.cut.columns)
	g.strips = ceil(c.P, g.strip)
	g.rounds = ceil(g.images, g.each) * g.strips
	g.parts = min(g.rounds, ceil(sumsTasks, g.high*g.wide), 1+partBytes/g.sumsBytes())
	g.ring = max(g.down.longest(g.strip), 1)
	g.pixels = g.ring * g.src.w
	g.sourcesPanel = g.each * g.pixels * g.cut.columns * block
	return g
}

// sumsBytes is the size of all sums of a part.
func (g *sums) sumsBytes() int { return g.rows * g.columns * g.taps * sumBytes }

// choose finds the cut that reads and reloads least, of those that fit the cache.
func (g *sums) choose() cut {
	var best cut
	least := -1
	for strip := g.down.result; ; strip = ceil(strip, 2) {
		longest := g.down.longest(strip)
		for rows := g.rows; ; rows = ceil(rows, 2) {
			for columns := g.columns; ; columns = ceil(columns, 2) {
				t := cut{rows: rows, columns: columns, strip: strip, each: 1}
				bytes, cost := g.cost(&t, longest)
				if bytes > sumsBytes {
					cost += bytes << 32 // only if nothing fits
				}
				if least < 0 || cost < least {
					best, least = t, cost
				}
				if columns == 1 {
					break
				}
			}
			if rows == 1 {
				break
			}
		}
		if strip == 1 {
			return best
		}
	}
}

// cost is what a task takes of the cache, with as many blocks of images as fit, and
// how many bytes all of them pack, with other work as bytes.
func (g *sums) cost(t *cut, longest int) (bytes, cost int) {
	source, grad := longest*g.src.w*t.columns*blockBytes, t.strip*g.grad.w*t.rows*blockBytes
	own := t.rows * t.columns * g.taps * sumBytes
	if t.strip == g.down.result {
		t.each = max(min(g.images, (sumsBytes-own)/(source+grad)), 1)
	}
	rounds := ceil(g.images, t.each) * ceil(g.down.result, t.strip)
	packed := g.images * (g.src.h*g.src.w*t.columns + g.grad.h*g.grad.w*t.rows) * blockBytes
	cost = ceil(g.rows, t.rows) * ceil(g.columns, t.columns) * (packed + rounds*reloadBytes*t.rows*t.columns*g.taps)
	return own + t.each*(source+grad), cost
}

// panelElements is the room for a round's images of one task.
func (g *sums) panelElements() int {
	return g.sourcesPanel + g.each*g.strip*g.grad.w*g.cut.rows*block
}

func (e *Engine) sumsWorkspace(g sums) int {
	e.reserve(&g.src, g.taps*(2+2*g.each*g.strip*g.across.result))
	return align + g.parts*g.sumsBytes()/2 + e.workers*g.panelElements()
}

// ConvFilterGrad computes dw, the gradient with respect to w, from x and dy.
func (e *Engine) ConvFilterGrad(ws, x, dy, dw []uint16, c gemm.Conv) {
	x, dw, dy = sized(c, x, dw, dy)
	g := e.filterGrad(c)
	g.src.data, g.grad.data, g.result = x, dy, dw
	ws = aligned(ws)
	n := g.parts * g.sumsBytes() / 2
	g.sums = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(ws[:n]))), n/2)
	g.panels = ws[n:][:e.workers*g.panelElements()]
	e.sums = g
	e.run(g.parts*g.high*g.wide, (*Engine).accumulate)
	e.run(g.rows*g.columns, (*Engine).addParts)
	e.sums = sums{} // keep no one's memory alive
}

// ConvFilterGradWorkspace is the number of elements of workspace for
// ConvFilterGrad.
func (e *Engine) ConvFilterGradWorkspace(c gemm.Conv) int { return e.sumsWorkspace(e.filterGrad(c)) }

// accumulate computes a part's sums of some filters and channels.
func (e *Engine) accumulate(worker, i int) {
	g, w := &e.sums, &e.scratch[worker]
	wide, i := i%g.wide, i/g.wide
	high, part := i%g.high, i/g.high
	row, column := high*g.cut.rows, wide*g.cut.columns
	rows, columns := min(g.cut.rows, g.rows-row), min(g.cut.columns, g.columns-column)
	panel := g.panels[worker*g.panelElements():][:g.panelElements()]
	sources, grads := panel[:g.sourcesPanel], panel[g.sourcesPanel:]
	perRow := g.each * g.strip * g.grad.w * block
	perColumn := g.each * g.pixels * block
	from, to := part*g.rounds/g.parts, (part+1)*g.rounds/g.parts
	packed := 0 // the source's rows before are packed, as far as they are needed
	for round := from; round < to; round++ {
		first := round % g.strips * g.strip
		last := min(first+g.strip, g.down.result)
		images := round / g.strips * g.each
		count := min(g.each, g.images-images)
		low, high := g.down.span(first, last)
		if first == 0 || round == from {
			packed = low
		}
		for n := range count {
			for h := max(low, packed); h < high; h++ {
				for x := range g.src.w {
					at := (n*g.pixels + g.place(h, x)) * block
					e.packPixel(w, &g.src, byRowPairs, images+n, h, x, column, column+columns, sources[at:], perColumn)
				}
			}
			for p := first; p < last; p++ {
				for q := range g.grad.w {
					at := ((n*g.strip+p-first)*g.grad.w + q) * block
					e.packPixel(w, &g.grad, byTransposed, images+n, p, q, row, row+rows, grads[at:], perRow)
				}
			}
		}
		packed = high
		g.write(w.program, count, first, last)
		for r := range rows {
			for c := range columns {
				at := ((part*g.rows+row+r)*g.columns + column + c) * g.taps * block
				w.terms = terms{program: w.program, outputs: g.taps, a: &grads[r*perRow], b: &sources[c*perColumn],
					down: tilesOf(g.grad.c, row+r), across: tilesOf(g.src.c, column+c)}
				e.kernel.sums(&w.terms, &g.sums[at], round > from)
			}
		}
	}
}

// place is where a pixel lies in the packed source. Rows take the place of those
// that no strip needs any more. In a row the pixels that one tap meets lie side by
// side, so that the cache fetches them before they are needed.
func (g *sums) place(h, x int) int {
	stride := g.across.stride
	return h%g.ring*g.src.w + x%stride*(g.src.w/stride) + min(x%stride, g.src.w%stride) + x/stride
}

// tilesOf is how many tiles of a block hold some of the channels.
func tilesOf(channels, b int) int { return min(ceil(channels-b*width, width/2), 2) }

// write writes the program for the result's rows first to last of some blocks of
// images.
func (g *sums) write(program []int64, images, first, last int) {
	at := 0
	for r := range g.down.taps {
		for s := range g.across.taps {
			program[at] = int64(r*g.across.taps+s) * sumBytes
			count := at + 1
			at += 2
			for n := range images {
				for p := first; p < last; p++ {
					h, ok := g.down.meets(p, r)
					if !ok {
						continue
					}
					for q := range g.across.result {
						if x, ok := g.across.meets(q, s); ok {
							program[at] = int64((n*g.strip+p-first)*g.grad.w+q) * blockBytes
							program[at+1] = int64(n*g.pixels+g.place(h, x)) * blockBytes
							at += 2
						}
					}
				}
			}
			program[count] = int64(at-count-1) / 2
		}
	}
}

// addParts adds the parts of a block of filters and channels, for all taps.
func (e *Engine) addParts(_, i int) {
	g := &e.sums
	row, column := i/g.columns*width, i%g.columns*width
	for tap := range g.taps {
		at := (row*g.taps+tap)*g.src.c + column
		e.kernel.narrow(&g.result[at], 2*g.taps*g.src.c, min(g.grad.c-row, width), mask(g.src.c, column),
			&g.sums[(i*g.taps+tap)*block], g.parts, g.sumsBytes())
	}
}
