package nn

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
)

// gained is y, normalised, with a gain and a bias per example and channel.
func gained(y, gain, bias []float64, example, c int) []float64 {
	out := make([]float64, len(y))
	for i := range y {
		at := i/example*c + i%c
		out[i] = y[i]*gain[at] + bias[at]
	}
	return out
}

func TestConditionalBatchNorm(t *testing.T) {
	const n, h, c, classes = 4, 2, 3, 5
	s := graph.Shape{n, h, h, c}
	x, labels := numbers(1, s.Size()), []float64{4, 0, 4, 2}
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	layer := func(p *Pass, x *graph.Node) *graph.Node {
		return ConditionalBatchNorm(p, "bn", x, p.B.Literal(graph.I32, graph.Shape{n}, labels), classes, NormOptions{})
	}
	run := func(m Mode) []float64 {
		return l.run(func(b *graph.Builder) { b.Output("y", layer(net.Pass(b, m), b.Literal(graph.F64, s, x))) })["y"].Data
	}
	run(Mode{})
	l.init()
	standard := normalized(x, 1e-5, func(i int) int { return i % c })
	l.near("of equal rows", run(Mode{Train: true}), standard)
	l.randomize(net)
	pick := func(table []float64) (rows []float64) {
		for _, k := range labels {
			rows = append(rows, table[int(k)*c:int(k)*c+c]...)
		}
		return rows
	}
	gain, bias := pick(l.named("g/bn/gain/w")), pick(l.named("g/bn/bias/w"))
	l.near("y", run(Mode{Train: true}), gained(standard, gain, bias, h*h*c, c))
	l.near("in use", run(Mode{}), gained(scaled(x, 1/math.Sqrt(1+1e-5)), gain, bias, h*h*c, c))
	l.differentiable(net, Mode{Train: true}, s, x, layer)
}

func scaled(x []float64, by float64) (y []float64) {
	for _, v := range x {
		y = append(y, v*by)
	}
	return y
}

func TestModulatedBatchNorm(t *testing.T) {
	const n, c, d = 4, 3, 2
	s := graph.Shape{n, 2, 1, c}
	x, v := numbers(1, s.Size()), numbers(2, n*d)
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	layer := func(p *Pass, x *graph.Node) *graph.Node {
		return ModulatedBatchNorm(p, "bn", x, p.B.Literal(graph.F64, graph.Shape{n, d}, v), NormOptions{Eps: .1}, Constant(0))
	}
	run := func() []float64 {
		return l.run(func(b *graph.Builder) {
			b.Output("y", layer(net.Pass(b, Mode{Train: true}), b.Literal(graph.F64, s, x)))
		})["y"].Data
	}
	run()
	l.init()
	standard := normalized(x, .1, func(i int) int { return i % c })
	l.near("of no map", run(), standard)
	l.randomize(net)
	times := func(w []float64, plus float64) (out []float64) {
		for i := range n * c {
			out = append(out, plus+v[i/c*d]*w[i%c*d]+v[i/c*d+1]*w[i%c*d+1])
		}
		return out
	}
	l.near("y", run(), gained(standard, times(l.named("g/bn/gain/w"), 1), times(l.named("g/bn/bias/w"), 0), 2*c, c))
	l.differentiable(net, Mode{Train: true}, s, x, layer)
}

// The formula of the paper's code: means and mean squares, weighed 1/(n+1).
func TestVirtualBatchNorm(t *testing.T) {
	for _, s := range []graph.Shape{{2, 2, 3, 2}, {2, 2}} {
		rs := append(graph.Shape{4}, s[1:]...)
		x, reference := numbers(1, s.Size()), numbers(2, rs.Size())
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F64)
		both := func(p *Pass, x *graph.Node) (y, r *graph.Node) {
			return VirtualBatchNorm(p, "vbn", x, p.B.Literal(graph.F64, rs, reference), NormOptions{Eps: .01})
		}
		f := func(b *graph.Builder) {
			y, r := both(net.Pass(b, Mode{}), b.Literal(graph.F64, s, x))
			b.Output("y", y)
			b.Output("r", r)
		}
		l.run(f)
		l.randomize(net)
		gain, bias := l.named("g/vbn/gain"), l.named("g/vbn/bias")
		example := s.Size() / 2
		want := make([]float64, len(x))
		for i, v := range x {
			mine := func(j int) bool { return j%2 == i%2 && j/example == i/example }
			m1, v1, _ := moments(x, mine)
			m0, v0, _ := moments(reference, func(j int) bool { return j%2 == i%2 })
			mean := m0*4/5 + m1/5
			square := (v0+m0*m0)*4/5 + (v1+m1*m1)/5
			want[i] = (v-mean)/math.Sqrt(square-mean*mean+.01)*gain[i%2] + bias[i%2]
		}
		r := normalized(reference, .01, func(i int) int { return i % 2 })
		for i := range r {
			r[i] = r[i]*gain[i%2] + bias[i%2]
		}
		got := l.run(f)
		l.near("y", got["y"].Data, want)
		l.near("reference", got["r"].Data, r)
		l.differentiable(net, Mode{}, s, x, func(p *Pass, x *graph.Node) *graph.Node {
			y, r := both(p, x)
			return graph.Add(y, graph.Total(graph.Square(r)))
		})
	}
}

func TestProjection(t *testing.T) {
	s := graph.Shape{3, 2}
	x := numbers(1, 6)
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	layer := func(p *Pass, x *graph.Node) *graph.Node {
		return Projection(p, "class", x, p.B.Literal(graph.I32, graph.Shape{3}, []float64{2, 0, 2}), 4, Constant(0))
	}
	f := func(b *graph.Builder) { b.Output("y", layer(net.Pass(b, Mode{}), b.Literal(graph.F64, s, x))) }
	l.run(f)
	l.randomize(net)
	w := l.named("d/class/w")
	got := l.run(f)["y"]
	if !got.Shape.Equal(graph.Shape{3, 1}) {
		t.Errorf("shape %s", got.Shape)
	}
	l.near("y", got.Data, []float64{x[0]*w[4] + x[1]*w[5], x[2]*w[0] + x[3]*w[1], x[4]*w[4] + x[5]*w[5]})
	l.differentiable(net, Mode{}, s, x, layer)
}

func TestActNorm(t *testing.T) {
	for _, s := range []graph.Shape{{3, 2, 2, 2}, {5, 2}} {
		x := numbers(1, s.Size())
		for i := range x {
			x[i] = x[i]*3 + float64(i%2)
		}
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F64)
		f := func(m Mode) func(b *graph.Builder) {
			return func(b *graph.Builder) {
				p := net.Pass(b, m)
				y, det := ActNorm(p, "an", b.Literal(graph.F64, s, x))
				b.Output("y", y)
				b.Output("det", det)
				b.Output("back", ActNormInverse(p, "an", y))
				p.Mode.Values.Commit(b)
			}
		}
		check := func(got map[string][]float64) {
			t.Helper()
			scale, bias := l.named("g/an/scale"), l.named("g/an/bias")
			want, det := make([]float64, len(x)), 0.
			for i := range x {
				want[i] = (x[i] + bias[i%2]) * math.Exp(scale[i%2])
			}
			for i := range s.Size() / s[0] { // the Jacobian of an example is diagonal
				det += scale[i%2]
			}
			l.near("y", got["y"], want)
			l.near("determinant", got["det"], []float64{det})
			l.near("inverse", got["back"], x)
		}
		data := func(m Mode) map[string][]float64 {
			got := l.run(f(m))
			return map[string][]float64{"y": got["y"].Data, "det": got["det"].Data, "back": got["back"].Data}
		}
		data(Mode{})
		l.init()
		l.near("first", data(Mode{})["y"], x)
		l.randomize(net)
		check(data(Mode{}))
		l.differentiable(net, Mode{}, s, x, func(p *Pass, x *graph.Node) *graph.Node {
			y, det := ActNorm(p, "an", x)
			return graph.Add(y, det)
		})
		first := data(Mode{First: true})
		want := normalized(x, 1e-12, func(i int) int { return i % 2 })
		l.near("of the first batch", first["y"], want)
		check(first)
		l.near("after it", data(Mode{})["y"], first["y"])
	}
}

// Two batches in one pass are two passes, for each layer that mixes examples.
func TestBatchesApart(t *testing.T) {
	s := graph.Shape{4, 2, 2, 2}
	one, other := numbers(1, s.Size()), numbers(2, s.Size())
	labels := []float64{0, 1, 1, 2, 2, 0, 1, 0}
	for name, layer := range map[string]func(p *Pass, x, index *graph.Node) *graph.Node{
		"conditional": func(p *Pass, x, index *graph.Node) *graph.Node {
			return ConditionalBatchNorm(p, "l", x, index, 3, NormOptions{})
		},
		"modulated": func(p *Pass, x, index *graph.Node) *graph.Node {
			v := graph.Reshape(graph.Cast(index, graph.F64), graph.Shape{index.Shape[0], 1})
			return ModulatedBatchNorm(p, "l", x, v, NormOptions{}, Normal(0, 1))
		},
		"discrimination": func(p *Pass, x, _ *graph.Node) *graph.Node {
			return MinibatchDiscrimination(p, "l", graph.Reshape(x, graph.Shape{x.Shape[0], 8}), 3, 2, Normal(0, .2), MinibatchOptions{})
		},
		"deviation": func(p *Pass, x, _ *graph.Node) *graph.Node { return MinibatchStdDev(p, x, 2, 1) },
	} {
		l := newLab(t)
		net := NewNet(l.vars, "d", graph.F64)
		run := func(batches int, x, labels []float64) []float64 {
			n := 4 * batches
			return l.run(func(b *graph.Builder) {
				p := net.Pass(b, Mode{Train: true, Batches: batches})
				b.Output("y", layer(p, b.Literal(graph.F64, graph.Shape{n, 2, 2, 2}, x), b.Literal(graph.I32, graph.Shape{n}, labels)))
			})["y"].Data
		}
		run(1, one, labels[:4])
		l.randomize(net)
		want := slices.Concat(run(1, one, labels[:4]), run(1, other, labels[4:]))
		l.near(name, run(2, slices.Concat(one, other), labels), want)
	}
}
