package nn

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

// kindOf is one layer with a weight: how it is built, the weight's shape and the
// element of the matrix [out, rest] that lies at an index of it.
type kindOf struct {
	name   string
	in     graph.Shape
	build  func(p *Pass, x *graph.Node, how ...Weight) *graph.Node
	weight graph.Shape
	row    func(i int) int
}

func kinds() []kindOf {
	w := Window{Kernel: 2, Stride: 1}
	return []kindOf{
		{"dense", graph.Shape{5, 3}, func(p *Pass, x *graph.Node, how ...Weight) *graph.Node {
			return Dense(p, "layer", x, 4, Normal(0, 1), Constant(.5), how...)
		}, graph.Shape{4, 3}, func(i int) int { return i / 3 }},
		{"conv", graph.Shape{2, 3, 3, 2}, func(p *Pass, x *graph.Node, how ...Weight) *graph.Node {
			return Conv(p, "layer", x, 3, w, Normal(0, 1), Constant(.5), how...)
		}, graph.Shape{3, 2, 2, 2}, func(i int) int { return i / 8 }},
		{"transposed", graph.Shape{2, 2, 2, 3}, func(p *Pass, x *graph.Node, how ...Weight) *graph.Node {
			return ConvTranspose(p, "layer", x, 2, w, Normal(0, 1), Constant(.5), how...)
		}, graph.Shape{3, 2, 2, 2}, func(i int) int { return i % 2 }},
	}
}

// rows are the matrix of w in the order of outputs.
func (k kindOf) rows(w []float64) (m [][]float64) {
	for i, x := range w {
		for len(m) <= k.row(i) {
			m = append(m, nil)
		}
		m[k.row(i)] = append(m[k.row(i)], x)
	}
	return m
}

// step is one of power iteration.
func step(m [][]float64, u []float64) (next []float64, sigma float64) {
	v := make([]float64, len(m[0]))
	for i, row := range m {
		for j, x := range row {
			v[j] += u[i] * x
		}
	}
	norm(v)
	next = make([]float64, len(m))
	for i, row := range m {
		for j, x := range row {
			next[i] += x * v[j]
		}
	}
	return next, norm(next)
}

// norm makes x of length 1 and gives what it was.
func norm(x []float64) float64 {
	sum := 0.
	for _, v := range x {
		sum += v * v
	}
	for i := range x {
		x[i] /= math.Sqrt(sum)
	}
	return math.Sqrt(sum)
}

// applied runs the layer in a pass of mode m; plain runs it with w in place of
// what how makes.
func (k kindOf) applied(l *lab, net *Net, m Mode, how ...Weight) []float64 {
	l.Helper()
	return l.run(func(b *graph.Builder) {
		p := net.Pass(b, m)
		b.Output("y", k.build(p, b.Literal(graph.F64, k.in, numbers(1, k.in.Size())), how...))
		p.Mode.Values.Commit(b)
	})["y"].Data
}

func (k kindOf) plain(t *testing.T, w, bias []float64) []float64 {
	t.Helper()
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	k.applied(l, net, Mode{})
	l.set("d/layer/w", w...)
	l.set("d/layer/b", bias...)
	return k.applied(l, net, Mode{})
}

func TestSpectralNorm(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			l := newLab(t)
			net := NewNet(l.vars, "d", graph.F64)
			k.applied(l, net, Mode{}, SpectralNorm{})
			if got := names(net.State()); got != "d/layer/u in d/state" {
				t.Errorf("state %s", got)
			}
			l.init()
			w, m := l.named("d/layer/w"), k.rows(l.named("d/layer/w"))
			u := l.named("d/layer/u")
			scaled := func(sigma float64) []float64 {
				out := make([]float64, len(w))
				for i := range w {
					out[i] = w[i] / sigma
				}
				return k.plain(t, out, l.named("d/layer/b"))
			}
			// One step a pass, kept by those that track in training alone.
			next, sigma := step(m, u)
			for _, mode := range []Mode{{}, {Train: true}, {Track: true}} {
				l.near("untracked", k.applied(l, net, mode, SpectralNorm{}), scaled(sigma))
				l.near("untracked state", l.named("d/layer/u"), u)
			}
			l.near("tracked", k.applied(l, net, Mode{Train: true, Track: true}, SpectralNorm{}), scaled(sigma))
			l.near("tracked state", l.named("d/layer/u"), next)
			for range 49 {
				k.applied(l, net, Mode{Train: true, Track: true}, SpectralNorm{})
			}
			_, found := step(m, l.named("d/layer/u"))
			best := next
			for range 10000 {
				best, sigma = step(m, best)
			}
			l.within("sigma after 50 passes", found/sigma, 1, 1e-3)
			// Where u is the singular vector, u and v as constants is the derivative itself.
			l.set("d/layer/u", best...)
			l.differentiable(net, Mode{}, k.in, numbers(1, k.in.Size()), func(p *Pass, x *graph.Node) *graph.Node { return k.build(p, x, SpectralNorm{}) })
		})
	}
}

// u and v are constants wherever the iteration stands: for the sum of a w/sigma the
// derivative by w is (a - (a.w/sigma) u v')/sigma.
func TestSpectralNormGradient(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	s := graph.Shape{3, 2}
	if err := net.Declare(func(p *Pass) { SpectralNorm{}.Weight(p, s, 0, Normal(0, 1)) }); err != nil {
		t.Fatal(err)
	}
	l.init()
	w, a := l.named("d/w"), numbers(1, 6)
	m := kindOf{row: func(i int) int { return i / 2 }}.rows(w)
	u, sigma := step(m, l.named("d/u"))
	transposed := [][]float64{{w[0], w[2], w[4]}, {w[1], w[3], w[5]}}
	v := make([]float64, 2)
	for i := range v {
		for k, x := range transposed[i] {
			v[i] += x * l.named("d/u")[k]
		}
	}
	norm(v)
	dot := 0.
	for i := range w {
		dot += a[i] * w[i]
	}
	want := make([]float64, 6)
	for i := range want {
		want[i] = (a[i] - dot/sigma*u[i/2]*v[i%2]) / sigma
	}
	got := l.run(func(b *graph.Builder) {
		y := SpectralNorm{}.Weight(net.Pass(b, Mode{}), s, 0, Normal(0, 1))
		b.Output("dw", graph.Gradients(graph.Total(graph.Mul(y, b.Literal(graph.F64, s, a))), nil, b.Read(net.Params()[0]))[0])
	})
	l.near("dw", got["dw"].Data, want)
}

// A weight that a pass uses twice is made once, and passes that share values go on
// from one another.
func TestSpectralNormSharedInPass(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	f := func(b *graph.Builder, m Mode) *Pass {
		p := net.Pass(b, m)
		x := b.Literal(graph.F64, graph.Shape{2, 3}, numbers(1, 6))
		one := Dense(p, "fc", x, 3, Normal(0, 1), nil, SpectralNorm{})
		b.Output("one"+m.Label, one)
		b.Output("two"+m.Label, Dense(p, "fc", one, 3, Normal(0, 1), nil, SpectralNorm{}))
		return p
	}
	l.run(func(b *graph.Builder) { f(b, Mode{}) })
	l.init()
	k := kindOf{row: func(i int) int { return i / 3 }}
	u := l.named("d/fc/u")
	for range 2 {
		u, _ = step(k.rows(l.named("d/fc/w")), u)
	}
	l.run(func(b *graph.Builder) {
		v := NewValues()
		f(b, Mode{Label: "a", Train: true, Track: true, Values: v})
		f(b, Mode{Label: "b", Train: true, Track: true, Values: v}).Mode.Values.Commit(b)
	})
	l.near("u", l.named("d/fc/u"), u)
}

// A weight of zeros stays one: there is no direction to divide by.
func TestSpectralNormOfZeros(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	f := func(b *graph.Builder) {
		x := b.Literal(graph.F64, graph.Shape{2, 3}, numbers(1, 6))
		b.Output("y", Dense(net.Pass(b, Mode{}), "fc", x, 2, Constant(0), nil, SpectralNorm{}))
	}
	l.run(f)
	l.init()
	l.near("y", l.run(f)["y"].Data, make([]float64, 4))
}

// Precision of products does not touch sigma.
func TestSpectralNormInFullPrecision(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F32)
	p, err := graph.Build("narrow", l.vars, func(b *graph.Builder) {
		b.WithPrecision(graph.BF16Mode, func() {
			x := b.Input("x", graph.F32, graph.Shape{2, 3})
			b.Output("y", Dense(net.Pass(b, Mode{}), "fc", x, 4, Normal(0, 1), nil, SpectralNorm{}))
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	narrow := 0
	for _, n := range p.Nodes {
		if n.Op == graph.OpMatMul && n.DType == graph.BF16 {
			narrow++
		}
	}
	if narrow != 1 {
		t.Errorf("%d products in bf16, want the layer's alone", narrow)
	}
}

func TestWeightNorm(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			l := newLab(t)
			net := NewNet(l.vars, "d", graph.F64)
			k.applied(l, net, Mode{}, WeightNorm{})
			l.init()
			for i, g := range l.named("d/layer/g") {
				if g != 1 {
					t.Errorf("g[%d] starts at %g", i, g)
				}
			}
			l.randomize(net)
			check := func() {
				v, g := l.named("d/layer/v"), l.named("d/layer/g")
				m := k.rows(v)
				w := make([]float64, len(v))
				for i := range w {
					w[i] = g[k.row(i)] * v[i] / norm(append([]float64{}, m[k.row(i)]...))
				}
				l.near("y", k.applied(l, net, Mode{}, WeightNorm{}), k.plain(t, w, l.named("d/layer/b")))
			}
			check()
			l.differentiable(net, Mode{}, k.in, numbers(1, k.in.Size()), func(p *Pass, x *graph.Node) *graph.Node { return k.build(p, x, WeightNorm{}) })

			// A first pass leaves what it gave itself to later ones.
			first := k.applied(l, net, Mode{First: true}, WeightNorm{Scale: .5})
			channels := len(l.named("d/layer/g"))
			for c := range channels {
				mean, variance, _ := moments(first, func(i int) bool { return i%channels == c })
				l.within("first mean", mean, 0, 1e-12)
				l.within("first deviation", math.Sqrt(variance), .5, 1e-8)
			}
			for i, y := range k.applied(l, net, Mode{}, WeightNorm{}) {
				l.within("later", y, first[i], 1e-12)
			}
			check()
		})
	}
}

// Without a bias the mean stays, and an embedding has no first batch.
func TestWeightNormWithoutBias(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	f := func(m Mode) func(b *graph.Builder) {
		return func(b *graph.Builder) {
			p := net.Pass(b, m)
			index := b.Literal(graph.I32, graph.Shape{3}, []float64{1, 0, 1})
			x := Embedding(p, "class", index, 2, 3, Normal(0, 1), WeightNorm{})
			b.Output("x", x)
			b.Output("y", Dense(p, "fc", x, 2, Normal(0, 1), nil, WeightNorm{}))
			p.Mode.Values.Commit(b)
		}
	}
	l.run(f(Mode{}))
	l.init()
	plain := l.run(f(Mode{}))
	first := l.run(f(Mode{First: true}))
	l.near("embedding", first["x"].Data, plain["x"].Data)
	for c := range 2 {
		mean, variance, _ := moments(plain["y"].Data, func(i int) bool { return i%2 == c })
		got, _, _ := moments(first["y"].Data, func(i int) bool { return i%2 == c })
		l.within("mean", got, mean/math.Sqrt(variance+1e-10), 1e-12*math.Abs(got))
	}
}

func TestEqualized(t *testing.T) {
	for _, k := range kinds() {
		l := newLab(t)
		net := NewNet(l.vars, "d", graph.F64)
		k.applied(l, net, Mode{}, Equalized{.01})
		l.init()
		w := l.named("d/layer/w")
		rest := float64(len(w) / len(l.named("d/layer/b")))
		scaled := make([]float64, len(w))
		for i := range w {
			scaled[i] = w[i] * .01 / math.Sqrt(rest)
		}
		l.near(k.name, k.applied(l, net, Mode{}, Equalized{.01}), k.plain(t, scaled, l.named("d/layer/b")))
	}
}

func TestKindsOfWeights(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	l.run(func(b *graph.Builder) {
		x := b.Literal(graph.F64, graph.Shape{2, 3}, numbers(1, 6))
		b.Output("y", Dense(net.Pass(b, Mode{}), "fc", x, 2, Constant(1), nil, nil)) // a system's choice of none
	})
	if got := names(net.Params()); got != "d/fc/w in d" {
		t.Errorf("parameters %s", got)
	}
	text := buildError(t, l.vars, func(b *graph.Builder) {
		Dense(net.Pass(b, Mode{}), "two", b.Input("x", graph.F64, graph.Shape{2, 3}), 2, Constant(1), nil, SpectralNorm{}, WeightNorm{})
	})
	if !strings.Contains(text, "one kind of weight, not 2") {
		t.Errorf("error %q", text)
	}
}
