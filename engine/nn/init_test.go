package nn

import (
	"math"
	"slices"
	"strconv"
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
		{"truncated", TruncatedNormal(.1), graph.Shape{128, 256}, 0, .1 * .87962566, .2},
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

// Within its bounds the truncated normal distribution is the normal one: shares
// below some points, within five standard errors.
func TestTruncatedNormal(t *testing.T) {
	const n = 1 << 16
	l := newLab(t)
	if err := NewNet(l.vars, "g", graph.F32).Declare(func(p *Pass) { p.Param("w", graph.Shape{n}, TruncatedNormal(1)) }); err != nil {
		t.Fatal(err)
	}
	l.init()
	w := l.named("g/w")
	below := func(x float64) float64 { return .5 * (1 + math.Erf(x/math.Sqrt2)) }
	for _, x := range []float64{-1.9, -1.5, -1, -.3, 0, .7, 1.2, 1.8, 1.99} {
		share := 0.
		for _, v := range w {
			if v < x {
				share += 1. / n
			}
		}
		want := (below(x) - below(-2)) / (below(2) - below(-2))
		l.within("share below", share, want, 5*math.Sqrt(want*(1-want)/n))
	}
}

// Rows, or columns where there are more rows, are orthonormal.
func TestOrthogonal(t *testing.T) {
	for _, s := range []graph.Shape{{1, 1}, {2, 2}, {64, 64}, {63, 64}, {1, 7}, {7, 1}, {60, 24}, {8, 3, 3, 5}} {
		for _, d := range []graph.DType{graph.F32, graph.F64} {
			l := newLab(t)
			if err := NewNet(l.vars, "g", d).Declare(func(p *Pass) { p.Param("w", s, Orthogonal(2)) }); err != nil {
				t.Fatal(err)
			}
			l.init()
			tolerance := map[graph.DType]float64{graph.F32: 1e-5, graph.F64: 1e-13}[d]
			l.within(s.String()+": distance from orthonormal", orthonormal(l.named("g/w"), s, 2), 0, tolerance)
		}
	}
}

// orthonormal is the largest difference of w w'/gain^2, or of w'w/gain^2 where w has
// more rows than columns, from the identity.
func orthonormal(w []float64, s graph.Shape, gain float64) (worst float64) {
	vectors, length := s[0], s.Size()/s[0]
	at := func(i, k int) float64 { return w[i*length+k] }
	if vectors > length {
		vectors, length = length, vectors
		at = func(i, k int) float64 { return w[k*vectors+i] }
	}
	for i := range vectors {
		for j := range i + 1 {
			sum := 0.
			for k := range length {
				sum += at(i, k) * at(j, k) / (gain * gain)
			}
			if i == j {
				sum--
			}
			worst = max(worst, math.Abs(sum))
		}
	}
	return worst
}

// All orthogonal matrices are equally likely: an element has mean 0 and mean square
// 1/n, and diagonal ones are no larger than others.
func TestOrthogonalIsUniform(t *testing.T) {
	const n, times = 4, 400
	l := newLab(t)
	if err := NewNet(l.vars, "g", graph.F64).Declare(func(p *Pass) {
		for i := range times {
			p.Param(strconv.Itoa(i), graph.Shape{n, n}, Orthogonal(1))
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.init()
	var sum, square [n * n]float64
	for i := range times {
		for j, x := range l.named("g/" + strconv.Itoa(i)) {
			sum[j] += x / times
			square[j] += x * x / times
		}
	}
	for j := range sum { // the square of an element has the deviation sqrt(2(n-1)/(n^2 (n+2)))
		l.within("mean", sum[j], 0, 5*math.Sqrt(1./n/times))
		l.within("mean square", square[j], 1./n, 5*math.Sqrt(2.*(n-1)/(n*n*(n+2))/times))
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
