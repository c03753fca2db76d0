package nn

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
)

// The moments of what initialisers draw, within five standard errors.
func TestInitialisers(t *testing.T) {
	matrix, filter := graph.Shape{64, 256}, graph.Shape{32, 4, 2, 64} // fans 256 64, and 512 256
	for _, c := range []struct {
		name      string
		init      Init
		shape     graph.Shape
		mean, std float64
		bound     float64 // of uniform ones; 0: none
	}{
		{"constant", Constant(-3), matrix, -3, 0, 0},
		{"normal", Normal(1, .02), matrix, 1, .02, 0},
		{"uniform", Uniform(.05), matrix, 0, .05 / math.Sqrt(3), .05},
		{"he normal", HeNormal(), matrix, 0, math.Sqrt(2. / 256), 0},
		{"he normal filter", HeNormal(), filter, 0, math.Sqrt(2. / 512), 0},
		{"he uniform", HeUniform(), matrix, 0, math.Sqrt(2. / 256), math.Sqrt(6. / 256)},
		{"he uniform filter", HeUniform(), filter, 0, math.Sqrt(2. / 512), math.Sqrt(6. / 512)},
		{"glorot", GlorotUniform(), matrix, 0, math.Sqrt(2. / 320), math.Sqrt(6. / 320)},
		{"glorot filter", GlorotUniform(), filter, 0, math.Sqrt(2. / 768), math.Sqrt(6. / 768)},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			net := NewNet(l.vars, "g", graph.F64)
			if err := net.Declare(func(p *Pass) { p.Param("w", c.shape, c.init) }); err != nil {
				t.Fatal(err)
			}
			l.init()
			w := l.named("g/w")
			n := float64(len(w))
			mean, variance, _ := moments(w, func(int) bool { return true })
			if math.Abs(mean-c.mean) > 5*c.std/math.Sqrt(n) {
				t.Errorf("mean %g, want %g", mean, c.mean)
			}
			if std := math.Sqrt(variance); math.Abs(std-c.std) > 5*c.std/math.Sqrt(2*n) {
				t.Errorf("standard deviation %g, want %g", std, c.std)
			}
			if largest := max(slices.Max(w), -slices.Min(w)); c.bound > 0 && (largest > c.bound || largest < .99*c.bound) {
				t.Errorf("largest %g, want just below %g", largest, c.bound)
			}
		})
	}
}

// Two parameters have streams of their own, and a seed gives them again.
func TestInitialStreams(t *testing.T) {
	values := func() (a, b []float64) {
		l := newLab(t)
		if err := NewNet(l.vars, "g", graph.F32).Declare(func(p *Pass) {
			p.Param("a", graph.Shape{50}, Normal(0, 1))
			p.In("layer", func() { p.Param("a", graph.Shape{50}, Normal(0, 1)) })
		}); err != nil {
			t.Fatal(err)
		}
		l.init()
		return l.named("g/a"), l.named("g/layer/a")
	}
	a, b := values()
	again, _ := values()
	if slices.Equal(a, b) || !slices.Equal(a, again) {
		t.Error("parameters share a stream, or a seed does not repeat it")
	}
}
