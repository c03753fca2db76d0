package emit_test

import (
	"testing"

	"ganengine/cuda/emit"
	"ganengine/engine/fuse"
	"ganengine/engine/rewrite"
)

func BenchmarkEmit(b *testing.B) {
	all := programs(b, "dcgan")
	for _, p := range all {
		b.Run(p.Name, func(b *testing.B) {
			var text []byte
			var launches, products int
			for b.Loop() {
				e := emit.New()
				launches, products = 0, 0
				for _, group := range emit.Arrange(fuse.Make(rewrite.ForKernels(p, emit.Claims), fuse.Options{}).Kernels, (*fuse.Kernel).HasItsOwn) {
					if group[0].Kernel.HasItsOwn() {
						products++
						continue
					}
					if _, _, err := e.Launch(group...); err != nil {
						b.Fatal(err)
					}
					launches++
				}
				text = e.Module()
			}
			b.ReportMetric(float64(launches), "launches")
			b.ReportMetric(float64(products), "products")
			b.ReportMetric(float64(len(text))/1024, "KiB")
		})
	}
}
