// Package amx computes convolutions and matrix products in bf16 with AMX, the
// processor's tiles of up to 16×16 sums in float32.
//
// The rows of a tile are images. A block of 32 images is packed so that the
// channels of one pixel, of all its images, are tiles that lie one after the other;
// a pixel of the result is then a sum of products of tiles, one term for each tap
// that meets a pixel of the source, whatever the stride. Taps that would meet
// padding are left out. Which pixels meet is told to the kernel as a list of
// addresses (the program), so that the three directions of a convolution are
//
//	forward          pixel of y  = sum over taps, channels of pixels of x × filters
//	input gradient   pixel of dx = sum over taps, filters of pixels of dy × filters
//	filter gradient  tap of dw   = sum over pixels, images of pixels of dy × pixels of x
//
// The last one sums over images: there the images are a tile's columns, two by two.
// Images of few channels are first gathered into patches, all taps of a result's
// pixel, which are the channels of another image.
//
// Packing is part of a task, and a task's packed operands fit the processor's
// second-level cache. Filters alone are packed by all workers before.
//
// Every element is summed in float32, in an order that depends on sizes alone, and
// rounded to bf16 once: results are the same bits for any number of workers.
// Operands below bf16's normal range count as zero.
package amx

//go:generate go run ./internal/gen -out kernel_amd64.s -stubs stubs_amd64.go -needs needs_amd64.go -pkg amx

import (
	"unsafe"

	"ganengine/engine/cpu/gemm"
	"ganengine/engine/internal/isa"
)

const (
	// width is how many images, channels or filters a block has: two tiles of 16.
	width = 32
	// block is the number of elements of a packed block, or of a block of sums.
	block      = width * width
	blockBytes = 2 * block
	sumBytes   = 4 * block
	// align is the length of a row of a tile in elements, a line of the cache.
	align = 32
)

// Engine computes with one pool of workers. It keeps the state of the call in
// progress, so that a call allocates nothing, and is not safe for concurrent use.
//
// Operands and results are bf16's bits. Each operation takes a workspace of at
// least as many elements as the method of the same name with Workspace says, which
// must be called first; its contents do not matter. Shorter slices than the sizes
// need panic.
type Engine struct {
	par     gemm.Parallel
	workers int
	kernel  kernel
	fast    bool
	scratch []scratch // one for each worker
	body    func(worker, i int)

	task func(e *Engine, worker, i int) // of the phase in progress

	products products // the call in progress is one of these
	sums     sums
}

// scratch is what one worker needs besides its part of the workspace.
type scratch struct {
	terms   terms
	program []int64
	patch   []uint16 // of a block of images
	spare   [block]uint16
	spill   [block]float32
}

// New is an engine with AMX, or false where a processor that has these extensions
// has none, or the system gives none.
func New(par gemm.Parallel, have isa.Set) (*Engine, bool) {
	k, ok := fastest(have)
	if !ok {
		return nil, false
	}
	return newEngine(par, k, true), true
}

// NewGeneric is an engine with plain Go loops.
func NewGeneric(par gemm.Parallel) *Engine { return newEngine(par, plain{}, false) }

func newEngine(par gemm.Parallel, k kernel, fast bool) *Engine {
	e := &Engine{par: par, workers: 1, kernel: k, fast: fast}
	if par != nil {
		e.workers = par.Workers()
	}
	e.scratch = make([]scratch, e.workers)
	e.body = func(worker, i int) { e.task(e, worker, i) } // bound once
	return e
}

// Fast says whether the engine has AMX.
func (e *Engine) Fast() bool { return e.fast }

// Supports says whether the engine computes c: anything without groups.
func (e *Engine) Supports(c gemm.Conv) bool {
	return c.Groups <= 1 && min(c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.P, c.Q) > 0
}

// run does a phase's tasks and returns when all are done.
func (e *Engine) run(tasks int, task func(e *Engine, worker, i int)) {
	e.task = task
	if e.workers > 1 && tasks > 1 {
		e.par.Share(tasks, e.body)
		return
	}
	for i := range tasks {
		task(e, 0, i)
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// mask has a bit for each of the columns from at on that a block can hold.
func mask(columns, at int) uint32 { return uint32(1<<min(columns-at, width) - 1) }

// aligned cuts a workspace's start, which may lie anywhere, to a line of the cache.
func aligned(ws []uint16) []uint16 {
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(ws))) / 2 % align
	return ws[skip:]
}

// packing is how a block of up to 32 rows and 32 columns is laid out.
type packing uint8

const (
	byRows        packing = iota // as it is: a left factor summed over columns
	byRowPairs                   // a right factor summed over rows
	byColumnPairs                // a right factor, transposed, summed over columns
	byTransposed                 // a left factor, transposed, summed over rows
)

// pack lays out one block, whose rows lie next bytes apart. Elements that are
// missing are zeros, but rows that are missing in byRows stay as they were: they
// are rows of results that are not kept.
func (e *Engine) pack(s *scratch, how packing, dst, src *uint16, next, rows int, mask uint32) {
	if how == byRows {
		e.kernel.rows(dst, 2*width, src, next, rows, mask)
		return
	}
	if rows < width {
		e.kernel.rows(&s.spare[0], 2*width, src, next, rows, mask)
		clear(s.spare[rows*width:])
		src, next, mask = &s.spare[0], 2*width, 1<<width-1
	}
	switch how {
	case byRowPairs:
		e.kernel.pairs(dst, src, next, width/2, mask)
	case byColumnPairs:
		e.kernel.columns(dst, src, next, mask)
	case byTransposed:
		e.kernel.transposed(dst, src, next, mask)
	}
}
