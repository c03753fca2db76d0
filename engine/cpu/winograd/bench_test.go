package winograd

import (
	"fmt"
	"runtime"
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// BenchmarkDCGAN is the layers of the 64×64 discriminator at batch 128; the
// generator's are the same with forward and input gradient exchanged. GFLOP/s are
// those of the convolution, real ones those of its matrix products.
func BenchmarkDCGAN(b *testing.B) {
	e := New(kerneltest.Team(runtime.GOMAXPROCS(0)), isa.Machine())
	for _, c := range []gemm.Conv{convtest.Square(128, 32, 64, 128, 4, 2, 1), convtest.Square(128, 16, 128, 256, 4, 2, 1), convtest.Square(128, 8, 256, 512, 4, 2, 1)} {
		x, w, y := make([]float32, c.N*c.H*c.W*c.C), make([]float32, c.K*c.R*c.S*c.C), make([]float32, c.N*c.P*c.Q*c.K)
		for _, op := range operations {
			ws := make([]float32, op.Workspace(e, c))
			b.Run(fmt.Sprintf("%s/%dx%dx%d-%d", op.Name, c.H, c.W, c.C, c.K), func(b *testing.B) {
				for b.Loop() {
					op.Run(e, ws, x, w, y, c)
				}
				rate := float64(b.N) / b.Elapsed().Seconds() / 1e9
				b.ReportMetric(2*float64(len(y)*c.R*c.S*c.C)*rate, "GFLOP/s")
				b.ReportMetric(2*float64(e.Products(c))*rate, "real-GFLOP/s")
				b.ReportMetric(float64(4*len(ws))/(1<<20), "MiB")
			})
		}
	}
}
