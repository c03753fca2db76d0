package cpu

import (
	"testing"

	"ganengine/engine/graph"
)

// BenchmarkClusters times what stands between convolutions, on DCGAN-64's
// largest activations, in bytes of operands and results that must move.
func BenchmarkClusters(b *testing.B) {
	shape := graph.Shape{128, 32, 32, 64}
	cases := []struct {
		name   string
		values int // full-size values that must be read or written
		f      func(b *graph.Builder, x, dy *graph.Node)
	}{
		{"copy", 2, func(b *graph.Builder, x, _ *graph.Node) { b.Output("y", graph.Scale(x, 2)) }},
		{"add", 3, func(b *graph.Builder, x, dy *graph.Node) { b.Output("y", graph.Add(x, dy)) }},
		{"tanh", 2, func(b *graph.Builder, x, _ *graph.Node) { b.Output("y", graph.Tanh(x)) }},
		{"sum", 1, func(b *graph.Builder, x, _ *graph.Node) { b.Output("y", graph.Total(x)) }},
		{"columns", 1, func(b *graph.Builder, x, _ *graph.Node) { b.Output("y", graph.ReduceSum(x, 0, 1, 2)) }},
		{"norm", 4, func(b *graph.Builder, x, _ *graph.Node) {
			b.Output("y", graph.LeakyRelu(graph.Normalize(x, 1e-5, 0, 1, 2), .2))
		}},
		{"optimiser", 3, func(b *graph.Builder, x, dy *graph.Node) {
			b.Output("y", graph.Sub(x, graph.Div(dy, graph.Shift(graph.Sqrt(graph.Square(dy)), 1e-8))))
		}},
		{"norm gradient", 7, func(b *graph.Builder, x, dy *graph.Node) {
			y := graph.LeakyRelu(graph.Normalize(x, 1e-5, 0, 1, 2), .2)
			b.Output("dx", graph.Gradients(y, dy, x)[0])
		}},
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			vars := graph.NewVars()
			x, dy := variable(vars, "x", graph.F32, shape...), variable(vars, "dy", graph.F32, shape...)
			out := variable(vars, "out", graph.F32, shape...)
			p := program(b, vars, func(g *graph.Builder) {
				c.f(g, g.Read(x), g.Read(dy))
			})
			if y := p.Outputs[0].Value; y.Shape.Equal(shape) { // stored, not copied to the host
				p.Outputs, p.Updates = nil, []graph.Update{{Var: out, Value: y}}
			}
			r := build(b, open(b, options()["default"]), p, 1)
			b.SetBytes(int64(c.values * shape.Size() * 4))
			for b.Loop() {
				r.run()
			}
		})
	}
}
