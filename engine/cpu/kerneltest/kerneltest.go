// Package kerneltest is what the tests of the CPU's kernels share: workers, random
// operands, and memory with sentinels around it.
package kerneltest

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"
)

// Team is gemm.Parallel, of as many goroutines as it says.
type Team int

// Workers implements gemm.Parallel.
func (w Team) Workers() int { return int(w) }

// For implements gemm.Parallel; each call of body has a goroutine of its own.
func (w Team) For(n int, body func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { body(i) })
	}
	wg.Wait()
}

// Share implements gemm.Parallel; each worker has every Workers()-th number.
func (w Team) Share(n int, body func(worker, i int)) {
	w.For(int(w), func(worker int) {
		for i := worker; i < n; i += int(w) {
			body(worker, i)
		}
	})
}

// Worth implements gemm.Parallel: starting goroutines takes a while.
func (w Team) Worth() int { return 20_000 }

// Float is an element type.
type Float interface{ float32 | float64 }

// Random is n normally distributed numbers.
func Random[T Float](r *rand.Rand, n int) []T {
	x := make([]T, n)
	for i := range x {
		x[i] = T(r.NormFloat64())
	}
	return x
}

const (
	sentinel = -98765
	behind   = 37 // sentinels behind the elements
)

// Fenced is n elements with sentinels around them, offset of them before.
func Fenced[T Float](n, offset int) (whole, inside []T) {
	whole = make([]T, offset+n+behind)
	for i := range whole {
		whole[i] = sentinel
	}
	return whole, whole[offset : offset+n : offset+n]
}

// FencedNaN is Fenced with elements whose values must not matter.
func FencedNaN[T Float](n, offset int) (whole, inside []T) {
	whole, inside = Fenced[T](n, offset)
	for i := range inside {
		inside[i] = T(math.NaN())
	}
	return whole, inside
}

// CheckFence fails the test if a sentinel around n elements has changed.
func CheckFence[T Float](t *testing.T, whole []T, n, offset int) {
	t.Helper()
	for i, v := range whole {
		if (i < offset || i >= offset+n) && v != sentinel {
			t.Fatalf("wrote %v at %d outside [0, %d)", v, i-offset, n)
		}
	}
}
