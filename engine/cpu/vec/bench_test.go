package vec

import "testing"

// BenchmarkTile gives the time per element of tiles that stay in the cache.
func BenchmarkTile(b *testing.B) {
	const n = 2048
	x, y, z := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = float32(i%200)/20 + 0.01
	}
	copy(y, x)
	acc := make([]float64, 64)
	for _, o := range sets() {
		run := func(name string, f func()) {
			b.Run(o.Name()+"/"+name, func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
			})
		}
		for op := Neg; op < unaryOps; op++ {
			run(op.String(), func() { o.Unary(op, z, x) })
		}
		for _, op := range []BinaryOp{Add, Div, Max, Less} {
			run(op.String(), func() { o.Binary(op, z, x, y) })
		}
		run("MulAdd", func() { o.MulAdd(z, x, y, x) })
		run("LeakyReluGrad", func() { o.LeakyReluGrad(z, x, y, 0.2) })
		run("Sum", func() { o.Sum(x) })
		run("Dot", func() { o.Dot(x, y) })
		run("Maximum", func() { o.Maximum(x) })
		run("AddColumns", func() { o.AddColumns(acc, x) })
		run("AllFinite", func() { o.AllFinite(x) })
	}
}
