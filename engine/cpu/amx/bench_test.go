package amx

import (
	"fmt"
	"runtime"
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// BenchmarkDCGAN is the layers of the 64×64 discriminator at twice a batch of 128;
// the generator's are the same with forward and input gradient exchanged.
func BenchmarkDCGAN(b *testing.B) {
	e, ok := New(kerneltest.Team(runtime.GOMAXPROCS(0)), isa.Machine())
	if !ok {
		b.Skip("no AMX")
	}
	for _, c := range []gemm.Conv{convtest.Square(256, 64, 3, 64, 4, 2, 1), convtest.Square(256, 32, 64, 128, 4, 2, 1),
		convtest.Square(256, 16, 128, 256, 4, 2, 1), convtest.Square(256, 8, 256, 512, 4, 2, 1), convtest.Square(256, 4, 512, 1, 4, 1, 0), convtest.Square(128, 4, 512, 100, 4, 1, 0)} {
		x, w, y := make([]uint16, c.N*c.H*c.W*c.C), make([]uint16, c.K*c.R*c.S*c.C), make([]uint16, c.N*c.P*c.Q*c.K)
		touch(x, w, y)
		for _, op := range operations {
			ws := make([]uint16, op.Workspace(e, c))
			b.Run(fmt.Sprintf("%s/%dx%dx%d-%d", op.Name, c.H, c.W, c.C, c.K), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					op.Run(e, ws, x, w, y, c)
				}
				b.ReportMetric(2*float64(len(y)*c.R*c.S*c.C)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				b.ReportMetric(float64(2*len(ws))/(1<<20), "MiB")
			})
		}
	}
}

// touch writes all of some memory, so that the system gives it pages of its own.
func touch(memory ...[]uint16) {
	for _, m := range memory {
		for i := range m {
			m[i] = 1
		}
	}
}
