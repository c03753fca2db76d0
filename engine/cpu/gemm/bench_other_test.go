//go:build !amd64

package gemm

import "testing"

func measure(b *testing.B, _ int, flops float64, f func()) {
	for b.Loop() {
		f()
	}
	gflops(b, flops)
}
