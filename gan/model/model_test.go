package model

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*options)
		sample graph.Shape
		parts  []string
	}{
		"not a power of two": {nil, graph.Shape{48, 48, 3}, []string{"data.size", "8, 16, 32, 64", "48x48"}},
		"not square":         {nil, graph.Shape{64, 32, 3}, []string{"data.size", "square", "64x32"}},
		"too small":          {nil, graph.Shape{4, 4, 3}, []string{"data.size", "4x4"}},
		"points":             {nil, graph.Shape{2}, []string{"model.kind", "the data are points", "use mlp"}},
		"no such init":       {func(m *options) { m.Init = "zero" }, graph.Shape{8, 8, 1}, []string{"model.init", `"zero"`}},
	} {
		cfg := standard()
		if c.change != nil {
			c.change(&cfg)
		}
		m, err := cfg.model(c.sample)
		if m != nil || err == nil {
			t.Errorf("%s: %v, %v", name, m, err)
			continue
		}
		for _, part := range c.parts {
			if !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: error %q does not say %q in one line", name, err, part)
			}
		}
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		kind, output string
		sample       graph.Shape
		want         Range
	}{
		{"dcgan", "", graph.Shape{8, 8, 1}, Symmetric},
		{"mlp", "tanh", graph.Shape{8, 8, 1}, Symmetric},
		{"mlp", "linear", graph.Shape{8, 8, 1}, Symmetric},
		{"mlp", "sigmoid", graph.Shape{8, 8, 1}, Unit},
		{"mlp", "linear", graph.Shape{2}, Points},
		{"mlp", "sigmoid", graph.Shape{2}, Points},
	} {
		cfg := standard()
		cfg.kind, cfg.MLP.Output = c.kind, c.output
		m, err := cfg.model(c.sample)
		if err != nil || m.Range != c.want {
			t.Errorf("%s %s of %s: range %v (%v), want %d", c.kind, c.output, c.sample, m, err, c.want)
		}
	}
}

// Every pixel comes back from what the networks see, and black and white are
// the ends of the range exactly. The factor and the product are off by half a
// unit of up to 2 each, the sum by one of up to 1.
func TestPixels(t *testing.T) {
	const off = (2 + 2 + 1.) / (1 << 24)
	pixels := make([]float64, 256)
	for i := range pixels {
		pixels[i] = float64(i)
	}
	for output, ends := range map[string][2]float64{"tanh": {-1, 1}, "sigmoid": {0, 1}} {
		c := dense()
		c.MLP.Output = output
		r := newRig(t, c, graph.Shape{4, 4, 1})
		out := r.run(func(b *graph.Builder) {
			x := r.Range.FromPixels(b.Literal(graph.U8, graph.Shape{256}, pixels), graph.F32)
			b.Output("x", x)
			b.Output("symmetric", r.Range.ToSymmetric(x))
			b.Output("pixels", r.Range.ToPixels(x))
		})
		for i, x := range out[0] {
			if want := ends[0] + (ends[1]-ends[0])*float64(i)/255; math.Abs(x-want) > off {
				t.Errorf("%s: pixel %d is seen as %.9g, want %.9g", output, i, x, want)
			}
			if want := -1 + 2*float64(i)/255; math.Abs(out[1][i]-want) > 2*off {
				t.Errorf("%s: pixel %d is %.9g of [-1, 1], want %.9g", output, i, out[1][i], want)
			}
		}
		if out[0][0] != ends[0] || out[0][255] != ends[1] {
			t.Errorf("%s: black and white are %.9g and %.9g", output, out[0][0], out[0][255])
		}
		if !slices.Equal(out[2], pixels) {
			t.Errorf("%s: pixels come back as %v", output, out[2])
		}
	}
}

// round(127.5 x + 127.5), clamped.
func TestToPixelsRounds(t *testing.T) {
	r := newRig(t, dense(), graph.Shape{4, 4, 1})
	x := []float64{-1e30, -1.01, -1, -.999, -.997, -.996, -.0001, 0, .0039, .0040, .997, 1, 1.01, 1e30}
	out := r.run(func(b *graph.Builder) { b.Output("y", r.Range.ToPixels(b.Literal(graph.F32, graph.Shape{len(x)}, x))) })
	for i, got := range out[0] {
		if want := min(max(math.Floor(127.5*x[i]+127.5+.5), 0), 255); got != want {
			t.Errorf("%g becomes %g, want %g", x[i], got, want)
		}
	}
}

// Latents have variance 1, and uniform ones stay within the square root of 3.
func TestLatents(t *testing.T) {
	for _, dist := range []string{"normal", "uniform"} {
		c := dense()
		c.Z, c.ZDist = 64, dist
		r := newRig(t, c, graph.Shape{2})
		draw := func() [][]float64 {
			return r.run(func(b *graph.Builder) {
				b.Output("z", r.Latents(b, "z", graph.F32, 256))
				b.Output("other", r.Latents(b, "other", graph.F32, 256))
				seeds := make([]float64, 256)
				for i := range seeds {
					seeds[i] = float64(i)
				}
				b.Output("seeded", r.LatentsBySeed(b, "seeded", graph.F32, b.Literal(graph.I32, graph.Shape{256}, seeds)))
			})
		}
		out := draw()
		for i, z := range out {
			n := math.Sqrt(float64(len(z)))
			if m, s := moments(z); math.Abs(m) > 5/n || math.Abs(s-1) > 5/n {
				t.Errorf("%s, output %d: mean %g, standard deviation %g", dist, i, m, s)
			}
			if most := max(slices.Max(z), -slices.Min(z)); (most <= math.Sqrt(3)+1e-6) != (dist == "uniform") {
				t.Errorf("%s, output %d reaches %g", dist, i, most)
			}
		}
		again := draw()
		if slices.Equal(out[0], out[1]) || slices.Equal(out[0], again[0]) {
			t.Errorf("%s: two streams or two runs draw the same", dist)
		}
		if !slices.Equal(out[2], again[2]) {
			t.Errorf("%s: the latents of a seed depend on the run", dist)
		}
	}
}

// A latent depends on its seed only, not on batch or place.
func TestLatentsBySeed(t *testing.T) {
	for _, dist := range []string{"normal", "uniform"} {
		c := dense()
		c.ZDist = dist
		r := newRig(t, c, graph.Shape{2})
		draw := func(seeds ...float64) []float64 {
			return r.run(func(b *graph.Builder) {
				b.Output("z", r.LatentsBySeed(b, "z", graph.F32, b.Literal(graph.I32, graph.Shape{len(seeds)}, seeds)))
			})[0]
		}
		alone, third := draw(17), draw(3, 17, 17, 4)
		if !slices.Equal(alone, third[6:9]) || !slices.Equal(alone, third[3:6]) {
			t.Errorf("%s: seed 17 gives %v alone, %v among others", dist, alone, third)
		}
		if slices.Equal(third[:3], third[9:]) {
			t.Errorf("%s: two seeds give the same", dist)
		}
	}
}

// Each configured initialiser, with its scale.
func TestInitialisers(t *testing.T) {
	const in, out = 80, 120
	for kind, std := range map[string]float64{
		"normal":         .3,
		"uniform":        .3 / math.Sqrt(3),
		"he-normal":      .3 * math.Sqrt(2./in),
		"he-uniform":     .3 * math.Sqrt(2./in),
		"glorot-uniform": .3 * math.Sqrt(2./(in+out)),
	} {
		c := dense()
		c.Z, c.Init, c.InitScale, c.MLP.GHidden = in, kind, .3, []int{out}
		r := newRig(t, c, graph.Shape{2})
		r.init()
		x := r.values[r.vars.ByName("g/dense0/w")].Data
		n := math.Sqrt(float64(len(x)))
		if m, s := moments(x); math.Abs(m) > 5*std/n || math.Abs(s-std) > 5*std/n {
			t.Errorf("%s: mean %g, standard deviation %g, want 0 and %g", kind, m, s, std)
		}
	}
}
