package gemm

import (
	"fmt"
	"runtime"
	"testing"

	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

func gflops(b *testing.B, flops float64) {
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkMultiply(b *testing.B) {
	for _, n := range []int{16, 64, 256, 2048} {
		for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
			e := New[float32](kerneltest.Team(workers), isa.Machine())
			p := Product[float32]{M: n, N: n, K: n, Alpha: 1}
			x, y, z, ws := make([]float32, n*n), make([]float32, n*n), make([]float32, n*n), make([]float32, e.MultiplyWorkspace(p))
			b.Run(fmt.Sprintf("%s/%d/workers=%d", e.Name(), n, workers), func(b *testing.B) {
				measure(b, workers, 2*float64(n)*float64(n)*float64(n), func() { e.Multiply(ws, p, x, y, z) })
			})
		}
	}
}

// BenchmarkLayers is the products of linear layers: forward, the input's gradient
// and the weights', as graph.Linear has them.
func BenchmarkLayers(b *testing.B) {
	for _, l := range []struct{ batch, in, out int }{{64, 2, 64}, {64, 64, 64}, {64, 64, 1}, {512, 128, 128}, {512, 128, 2}, {512, 2, 128}, {100, 784, 1200}, {100, 1200, 1200}, {200, 1200, 1200}, {128, 100, 8192}} {
		for name, p := range map[string]Product[float32]{
			"forward": {M: l.batch, N: l.out, K: l.in, TransB: true, Alpha: 1},
			"input":   {M: l.batch, N: l.in, K: l.out, Alpha: 1},
			"weights": {M: l.out, N: l.in, K: l.batch, TransA: true, Alpha: 1},
		} {
			for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
				e := New[float32](kerneltest.Team(workers), isa.Machine())
				x, y, z, ws := make([]float32, p.M*p.K), make([]float32, p.N*p.K), make([]float32, p.M*p.N), make([]float32, e.MultiplyWorkspace(p))
				b.Run(fmt.Sprintf("%s/%d-%d-%d/workers=%d", name, l.batch, l.in, l.out, workers), func(b *testing.B) {
					measure(b, workers, 2*float64(p.M)*float64(p.N)*float64(p.K), func() { e.Multiply(ws, p, x, y, z) })
				})
			}
		}
	}
}

// BenchmarkGeneric is the plain Go kernel in the type of the parity tests.
func BenchmarkGeneric(b *testing.B) {
	const n = 128
	e := New[float64](nil, 0)
	p := Product[float64]{M: n, N: n, K: n, Alpha: 1}
	x, z, ws := make([]float64, n*n), make([]float64, n*n), make([]float64, e.MultiplyWorkspace(p))
	for b.Loop() {
		e.Multiply(ws, p, x, x, z)
	}
	gflops(b, 2*n*n*n)
}

// BenchmarkDCGAN is the layers of the 64×64 discriminator at batch 32; the
// generator's are the same with forward and input gradient exchanged.
func BenchmarkDCGAN(b *testing.B) {
	workers := runtime.GOMAXPROCS(0)
	e := New[float32](kerneltest.Team(workers), isa.Machine())
	layer := func(size, c, k, stride, pad int) Conv {
		return Conv{N: 32, H: size, W: size, C: c, K: k, R: 4, S: 4, StrideH: stride, StrideW: stride, PadTop: pad, PadLeft: pad}.padded(pad, pad)
	}
	for _, c := range []Conv{layer(64, 3, 64, 2, 1), layer(32, 64, 128, 2, 1), layer(16, 128, 256, 2, 1), layer(8, 256, 512, 2, 1), layer(4, 512, 1, 1, 0), layer(4, 512, 100, 1, 0)} {
		x, w, y := make([]float32, c.N*c.H*c.W*c.C), make([]float32, c.K*c.R*c.S*c.C), make([]float32, c.N*c.P*c.Q*c.K)
		for _, op := range operations[float32]() {
			ws := make([]float32, op.workspace(e, c))
			b.Run(fmt.Sprintf("%s/%dx%dx%d-%d", op.name, c.H, c.W, c.C, c.K), func(b *testing.B) {
				measure(b, workers, 2*float64(len(y))*float64(c.R*c.S*c.C), func() { op.run(e, ws, x, w, y, c) })
			})
		}
	}
}
