//go:build linux && cgo

package onednn

import (
	"os"
	"runtime"
	"testing"
	"unsafe"
)

// benchmarked opens the library for a benchmark; libraryVar chooses it.
func benchmarked(b *testing.B) *Library {
	b.Helper()
	l, err := Open(os.Getenv(libraryVar), runtime.NumCPU(), "")
	if err != nil {
		missing(b, err.Error())
	}
	b.Cleanup(func() { l.Close() })
	return l
}

// BenchmarkConv measures the layers of DCGAN's discriminator at 64×64, batch
// 128; the generator's are the same ones backwards, but for the first.
func BenchmarkConv(b *testing.B) {
	const batch = 128
	l := benchmarked(b)
	for _, layer := range []struct {
		name string
		conv Conv
	}{
		{"64x64x3-64", square(batch, 64, 3, 64, 4, 2, 1)},
		{"32x32x64-128", square(batch, 32, 64, 128, 4, 2, 1)},
		{"16x16x128-256", square(batch, 16, 128, 256, 4, 2, 1)},
		{"8x8x256-512", square(batch, 8, 256, 512, 4, 2, 1)},
		{"4x4x512-1", square(batch, 4, 512, 1, 4, 1, 0)},
		{"4x4x512-z100", square(batch, 4, 512, 100, 4, 1, 0)},
		{"small", square(1, 8, 16, 16, 3, 1, 1)},
	} {
		for _, d := range directions {
			b.Run(layer.name+"/"+d.name, func(b *testing.B) {
				p, err := d.prepare(l, layer.conv)
				if err != nil {
					b.Fatal(err)
				}
				defer p.Close()
				measure(b, p, layer.conv)
			})
		}
	}
}

// measure runs p inside one Do and reports GFLOP/s.
func measure(b *testing.B, p *Primitive, c Conv) {
	m := operands(b, c.sizes())
	workspace := newMemory(b, int(p.WorkspaceBytes()))
	err := p.library.Do(func() error {
		for b.Loop() {
			if err := p.Run(unsafe.Pointer(&m[0][0]), unsafe.Pointer(&m[1][0]), unsafe.Pointer(&m[2][0]), workspace); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	flops := 2 * float64(c.N*c.P*c.Q*c.K) * float64(c.R*c.S*c.C/c.Groups)
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// BenchmarkDo measures the way to the library's thread and back.
func BenchmarkDo(b *testing.B) {
	l := benchmarked(b)
	for b.Loop() {
		if err := l.Do(func() error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
