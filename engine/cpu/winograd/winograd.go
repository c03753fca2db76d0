// Package winograd computes convolutions in float32 with fewer multiplications
// than they have terms, after Winograd's short algorithms (package toom).
//
// A filter of S·r taps and stride S is S² filters of r×r taps and stride 1, one
// for each phase: the pixels at equal places modulo S. F(m, r) computes an m×m
// tile of the result from n×n values of each phase, n = m+r-1:
//
//	y = Aᵀ [ Σ (G g Gᵀ) ∘ (Bᵀ d B) ] A
//
// summed over channels and phases, where the n² places (points) of ∘ are n²
// matrix products of tiles × channels with channels × filters: for 4×4 taps with
// stride 2 and m = 4, 25 multiplications take the place of 64. The three
// operations of a convolution are one algorithm, read in three directions
// (as bilinear algorithms can be transposed):
//
//	forward          y  = Aᵀ [ Σ (G g Gᵀ) ∘ (Bᵀ d B) ] A    summed over phases and channels
//	input gradient   d' = B  [ Σ (G g Gᵀ) ∘ (A y' Aᵀ) ] Bᵀ  summed over filters; tiles overlap and are added
//	filter gradient  g' = Gᵀ [ Σ (Bᵀ d B) ∘ (A y' Aᵀ) ] G   summed over tiles
//
// A block of tiles is transformed straight into the panels that the kernels of
// package gemm read; each worker then makes the filters' panel of a task,
// multiplies, and transforms back into the result. While one block is multiplied
// the next is transformed, so that one worker's memory traffic is hidden behind
// another's arithmetic. Nothing but two blocks and the workers' panels is kept.
//
// What is summed, and in which order, depends on sizes alone: results are the
// same bits for any number of workers. Rounding errors are those of a plain sum
// times a factor of the algorithm: Amplification, four for F(4, 2).
package winograd

//go:generate go run ./internal/gen -out transform_amd64.s -stubs transform_stubs_amd64.go -needs transform_needs_amd64.go -pkg winograd

import (
	"slices"

	"ganengine/engine/cpu/gemm"
	"ganengine/engine/internal/isa"
)

// width is that of gemm's panels.
const width = gemm.TileWidth

// maxChannels bounds what padding reads.
const maxChannels = 4096

// Engine computes convolutions with one pool of workers. It keeps the state of
// the call in progress, so that a call allocates nothing, and is not safe for
// concurrent use.
//
// Each operation takes a workspace of at least as many elements as the method
// of the same name with Workspace says; its contents do not matter.
type Engine struct {
	par     gemm.Parallel
	workers int
	tiles   gemm.Tiles
	short   []*short
	// transpose stores n columns of width rows one after the other; nil where
	// plain loops do it.
	transpose func(dst *float32, src **float32, n int)
	scratch   []scratch // one for each worker
	zeros     [maxChannels]float32
	body      func(worker int) // work, bound once

	job job // the call in progress
	queue
}

// scratch is what one worker needs besides its part of the workspace.
type scratch struct {
	src, dst, add [maxPoints]*float32
	rows          [width]*float32
	spill         [width]float32 // what lies outside of the result
	panel         int            // whose filters are in the workspace, or -1
}

// New is an engine with the fastest kernels for a processor that has these
// extensions. A nil par means the calling goroutine alone.
func New(par gemm.Parallel, have isa.Set) *Engine {
	e := &Engine{par: par, workers: 1, tiles: best(have), short: plainShorts()}
	e.vectorise(e.tiles.Lanes)
	if par != nil {
		e.workers = par.Workers()
	}
	e.scratch = make([]scratch, e.workers)
	e.body = e.work
	return e
}

// best is the fastest tiles that the processor runs with their transforms.
func best(have isa.Set) gemm.Tiles {
	all := gemm.AllTiles(have)
	return all[slices.IndexFunc(all, func(t gemm.Tiles) bool { return runs(have, t.Lanes) })]
}

// Name says which kernels the engine uses, for logs.
func (e *Engine) Name() string { return e.tiles.Name }

// Fast says whether the engine has vector instructions: elsewhere other
// algorithms are faster.
func (e *Engine) Fast() bool { return e.tiles.Fast() }
