package train

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// Latents builds program "latents": one seed per image (input "seeds", i32 [n])
// to latents (output "z", f32 [n, Z]). An image depends on its seed only.
func (g *Game) Latents(n int) (*graph.Program, error) {
	return graph.Build("latents", g.Vars, func(b *graph.Builder) {
		seeds := b.Input("seeds", graph.I32, graph.Shape{n})
		b.Output("z", graph.Cast(g.Model.LatentsBySeed(b, "z", g.float, seeds), graph.F32))
	})
}

// Generate builds the program that maps latents (input "z", f32 [n, Z]) to
// samples: output "raw" (f32, images in [-1, 1]) and, for images, "pixels"
// (u8). It uses the average of G's weights where there is one, unless trained
// asks for the trained weights; batch norm uses running statistics.
func (g *Game) Generate(name string, n int, trained bool) (*graph.Program, error) {
	return graph.Build(name, g.Vars, func(b *graph.Builder) {
		b.WithPrecision(g.prec, func() {
			z := graph.Cast(b.Input("z", graph.F32, graph.Shape{n, g.Model.Z}), g.float)
			m := nn.Mode{Label: name}
			if g.Avg != nil && !trained {
				m.Values = g.Avg.Values()
			}
			x := g.G.Pass(b, m).Scoped(func(p *nn.Pass) *graph.Node { return g.Model.Generator(p, z) })
			b.Output("raw", graph.Cast(g.Model.ToSymmetric(x), graph.F32))
			if len(g.Model.Sample) == 3 {
				b.Output("pixels", g.Model.ToPixels(x))
			}
		})
	})
}

// Judge builds program "judge": points or images (input "x", f32, as the
// networks see them) to D's logits (output "logits", f32 [n]).
func (g *Game) Judge(n int) (*graph.Program, error) {
	return graph.Build("judge", g.Vars, func(b *graph.Builder) {
		x := graph.Cast(b.Input("x", graph.F32, append(graph.Shape{n}, g.Model.Sample...)), g.float)
		y := g.D.Pass(b, nn.Mode{Label: "judge"}).Scoped(func(p *nn.Pass) *graph.Node { return g.Model.Discriminator(p, x) })
		b.Output("logits", graph.Cast(y, graph.F32))
	})
}
