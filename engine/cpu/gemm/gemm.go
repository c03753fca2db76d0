// Package gemm is the pure Go path's matrix product and convolutions: packed
// and blocked after Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (2008), with BLIS's loop order. The inner kernel is AVX2
// assembly for float32 (6×16, written by internal/gen with avo, chosen when the
// CPU has AVX2 and FMA) and plain Go otherwise (4×4, float32 and float64). Small
// products of plain matrices have kernels of both AVX2 and AVX-512 that pack what they
// must only.
//
// Convolutions are implicit matrix products: packing gathers patches straight
// from NHWC activations, so there is no im2col buffer, and an input gradient is
// a gathering product per phase of the stride (or, to few channels, a product
// whose terms each row of the image then collects).
//
// Every element of a result is summed in an order that depends on the sizes
// alone: results are the same bits for any number of workers.
package gemm

//go:generate go run ./internal/gen -out gemm_amd64.s -stubs stubs_amd64.go -needs needs_amd64.go -pkg gemm
//go:generate go run ./internal/genwide -out wide_amd64.s -stubs wide_stubs_amd64.go -needs wide_needs_amd64.go -pkg gemm
//go:generate go run ./internal/genstrided -out strided_amd64.s -stubs strided_stubs_amd64.go -needs strided_needs_amd64.go -pkg gemm

import "ganengine/engine/internal/isa"

// Float is an element type.
type Float interface{ float32 | float64 }

// Parallel runs body(0) ... body(n-1), in any order and on any goroutines, and
// returns when all are done.
type Parallel interface {
	For(n int, body func(i int))
	// Share is For for bodies that are told which worker runs them, 0 to
	// Workers()-1, each of them one at a time. A worker has the same part of the
	// numbers in each call, as far as it can.
	Share(n int, body func(worker, i int))
	Workers() int
	// Worth is the least nanoseconds of work that should be shared.
	Worth() int
}

// Engine computes products with one pool of workers. It keeps the state of the
// call in progress, so that a call allocates nothing, and is not safe for
// concurrent use.
//
// Each operation takes a workspace ws of at least as many elements as the
// method of the same name with Workspace says; its contents do not matter.
// Inputs and output must not overlap; shorter slices than the sizes need panic.
type Engine[T Float] struct {
	par     Parallel
	workers int
	simd    bool  // only ever true where T is float32 and the CPU runs the kernel for AVX2
	strided lanes // of the kernels for strided products
	mr, nr  int   // the tile of packed products

	// task, foldRow, addPartsTask and bandTask, bound once
	body, foldBody, partsBody, bandBody func(worker, i int)
	scratch                             []scratch // one for each worker
	zeros                               [maxK]T   // what padding reads

	job  job[T] // the call in progress
	grid grid
	ws   []T
	fold fold[T]
	band band[T]
	sum  sum[T]
	runs uint64 // calls, so that workers know what they have packed for which
}

// New is an engine with the fastest kernels for a processor that has these
// extensions. A nil par means the calling goroutine alone.
func New[T Float](par Parallel, have isa.Set) *Engine[T] {
	var z T
	_, single := any(z).(float32)
	e := &Engine[T]{par: par, workers: 1, mr: 4, nr: 4}
	if single && have.Runs(kernelNeeds) {
		e.simd, e.strided = true, stridedFor(have)
		e.mr, e.nr = 6, 16
	}
	if par != nil {
		e.workers = par.Workers()
	}
	e.scratch = make([]scratch, e.workers)
	e.body, e.foldBody, e.partsBody, e.bandBody = e.task, e.foldRow, e.addPartsTask, e.bandTask
	return e
}

// Name says which kernel the engine uses, for logs.
func (e *Engine[T]) Name() string {
	switch {
	case e.strided == 16:
		return "avx512"
	case e.simd:
		return "avx2"
	}
	return "go"
}

// Product describes C = Alpha op(A) op(B) + Beta C for row-major matrices,
// op(A) M×K and op(B) K×N. With Batch products at once, matrix b of each
// operand starts Step elements after matrix b-1; steps may be zero for A and B.
// Where Beta is zero, C is not read.
type Product[T Float] struct {
	M, N, K             int
	TransA, TransB      bool // A is stored K×M, B is stored N×K
	LDA, LDB, LDC       int  // elements between rows; zero means no gap
	Alpha, Beta         T
	Batch               int // zero means one
	StepA, StepB, StepC int
}

// Multiply computes p.
func (e *Engine[T]) Multiply(ws []T, p Product[T], a, b, c []T) {
	j := p.job()
	j.a.data, j.b.data, j.c = a, b, c
	e.run(ws, j)
}

// MultiplyWorkspace is the number of elements of workspace that p needs.
func (e *Engine[T]) MultiplyWorkspace(p Product[T]) int { return e.workspace(p.job()) }

func (p Product[T]) job() job[T] {
	lda, ldb, ldc := p.LDA, p.LDB, p.LDC
	a, b := operand[T]{step: p.StepA}, operand[T]{step: p.StepB}
	if p.TransA {
		a.free, a.red = 1, orElse(lda, p.M)
	} else {
		a.free, a.red = orElse(lda, p.K), 1
	}
	if p.TransB {
		b.free, b.red = orElse(ldb, p.K), 1
	} else {
		b.free, b.red = 1, orElse(ldb, p.N)
	}
	return job[T]{
		m: p.M, n: p.N, k: p.K, batch: max(p.Batch, 1), alpha: p.Alpha, beta: p.Beta,
		a: a, b: b, rowAt: linear(orElse(ldc, p.N)), colAt: linear(1), step: p.StepC,
	}
}

func orElse(v, otherwise int) int {
	if v != 0 {
		return v
	}
	return otherwise
}
