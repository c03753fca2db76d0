package nn

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func TestMinibatchDiscrimination(t *testing.T) {
	const n, a, rows, dims = 4, 3, 2, 3
	s := graph.Shape{n, a}
	x := numbers(1, n*a)
	for _, c := range []struct {
		o     MinibatchOptions
		self  float64
		count float64
	}{
		{MinibatchOptions{}, 0, 1},
		{MinibatchOptions{Self: true}, 1, 1},
		{MinibatchOptions{Mean: true}, 0, n - 1},
		{MinibatchOptions{Self: true, Mean: true}, 1, n},
	} {
		l := newLab(t)
		net := NewNet(l.vars, "d", graph.F64)
		layer := func(p *Pass, x *graph.Node) *graph.Node {
			return MinibatchDiscrimination(p, "mb", x, rows, dims, Constant(0), c.o)
		}
		f := func(b *graph.Builder) { b.Output("y", layer(net.Pass(b, Mode{}), b.Literal(graph.F64, s, x))) }
		l.run(f)
		l.randomize(net)
		w := l.named("d/mb/w")
		m := make([]float64, n*rows*dims)
		for i := range m {
			for k := range a {
				m[i] += x[i/(rows*dims)*a+k] * w[i%(rows*dims)*a+k]
			}
		}
		want := make([]float64, n*rows)
		for i := range want {
			want[i] = c.self
			for j := range n {
				distance := 0.
				for k := range dims {
					distance += math.Abs(m[i*dims+k] - m[(j*rows+i%rows)*dims+k])
				}
				if j != i/rows {
					want[i] += math.Exp(-distance)
				}
			}
			want[i] /= c.count
		}
		got := l.run(f)["y"]
		if !got.Shape.Equal(graph.Shape{n, rows}) {
			t.Errorf("shape %s", got.Shape)
		}
		l.near("y", got.Data, want)
		l.differentiable(net, Mode{}, s, x, layer)
	}
}

// The scaled form is the plain one with weights of a length, and a bias; a first
// pass sets both by the batch, and later ones give what it gave.
func TestMinibatchDiscriminationScaled(t *testing.T) {
	const n, a, rows, dims = 4, 3, 2, 3
	s := graph.Shape{n, a}
	x := numbers(1, n*a)
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	o := MinibatchOptions{Scaled: true}
	run := func(m Mode, name string, o MinibatchOptions) []float64 {
		return l.run(func(b *graph.Builder) {
			p := net.Pass(b, m)
			b.Output("y", MinibatchDiscrimination(p, name, b.Literal(graph.F64, s, x), rows, dims, Normal(0, 1), o))
			p.Mode.Values.Commit(b)
		})["y"].Data
	}
	run(Mode{}, "mb", o)
	run(Mode{}, "plain", MinibatchOptions{})
	l.init()
	l.near("first bias", l.named("d/mb/b"), []float64{-1, -1})
	l.near("first scale", l.named("d/mb/scale"), make([]float64, rows*dims))
	check := func(got []float64) {
		t.Helper()
		v, w := l.named("d/mb/v"), make([]float64, rows*dims*a)
		for i := range rows * dims {
			row := append([]float64{}, v[i*a:i*a+a]...)
			norm(row)
			for k := range row {
				w[i*a+k] = row[k] * math.Exp(l.named("d/mb/scale")[i])
			}
		}
		l.set("d/plain/w", w...)
		want := run(Mode{}, "plain", MinibatchOptions{})
		for i := range want {
			want[i] += l.named("d/mb/b")[i%rows]
		}
		l.near("y", got, want)
	}
	check(run(Mode{}, "mb", o))
	l.randomize(net)
	check(run(Mode{}, "mb", o))
	first := run(Mode{First: true}, "mb", o)
	check(first)
	l.near("later", run(Mode{}, "mb", o), first)
	for r := range rows {
		mean, _, _ := moments(first, func(i int) bool { return i%rows == r })
		l.within("mean", mean, 0, 1e-12)
		sum := 0.
		for i := range n {
			least := math.Inf(1)
			for j := range n {
				distance := 0.
				for k := range dims {
					at := (r*dims + k) * a
					distance += math.Abs(dot(l.named("d/plain/w")[at:at+a], x[i*a:i*a+a]) - dot(l.named("d/plain/w")[at:at+a], x[j*a:j*a+a]))
				}
				if i != j {
					least = min(least, distance)
				}
			}
			sum += least / n
		}
		l.within("mean distance of the nearest", sum, 2, 1e-12)
	}
	only := NewNet(l.vars, "e", graph.F64)
	layer := func(p *Pass, x *graph.Node) *graph.Node {
		return MinibatchDiscrimination(p, "mb", x, rows, dims, Normal(0, 1), o)
	}
	if err := only.Declare(func(p *Pass) { layer(p, p.B.Input("x", graph.F64, s)) }); err != nil {
		t.Fatal(err)
	}
	l.randomize(only)
	l.differentiable(only, Mode{}, s, x, layer)
}

func dot(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

func TestMinibatchStdDev(t *testing.T) {
	const n, h, w, c = 6, 2, 3, 4
	s := graph.Shape{n, h, w, c}
	x := numbers(1, s.Size())
	for _, k := range []struct{ group, features, size int }{{3, 1, 3}, {2, 2, 2}, {0, 1, 6}, {100, 4, 6}, {1, 1, 1}} {
		l := newLab(t)
		net := NewNet(l.vars, "d", graph.F64)
		layer := func(p *Pass, x *graph.Node) *graph.Node { return MinibatchStdDev(p, x, k.group, k.features) }
		groups, part := n/k.size, c/k.features
		std := make([]float64, groups*k.features) // of members g, g+groups, ...
		for g := range groups {
			for i := range h * w * c {
				_, v, _ := moments(x, func(j int) bool { return j%(h*w*c) == i && j/(h*w*c)%groups == g })
				std[g*k.features+i%c/part] += math.Sqrt(v+1e-8) / float64(h*w*part)
			}
		}
		var want []float64
		for i := range n * h * w {
			g := i / (h * w) % groups
			want = append(append(want, x[i*c:i*c+c]...), std[g*k.features:(g+1)*k.features]...)
		}
		got := l.run(func(b *graph.Builder) { b.Output("y", layer(net.Pass(b, Mode{}), b.Literal(graph.F64, s, x))) })["y"]
		if !got.Shape.Equal(graph.Shape{n, h, w, c + k.features}) {
			t.Errorf("shape %s", got.Shape)
		}
		l.near("y", got.Data, want)
		if k.size > 1 {
			l.differentiable(net, Mode{}, s, x, layer)
		}
	}
}

func TestBatchErrors(t *testing.T) {
	l := newLab(t)
	net := NewNet(l.vars, "d", graph.F64)
	for want, f := range map[string]func(p *Pass){
		"mb compares an example with others, and its batch has one": func(p *Pass) {
			MinibatchDiscrimination(p, "mb", p.B.Input("x", graph.F64, graph.Shape{1, 2}), 2, 2, Constant(0), MinibatchOptions{})
		},
		"groups of 4 and 1 features do not divide a batch of 6 with 3": func(p *Pass) {
			MinibatchStdDev(p, p.B.Input("x", graph.F64, graph.Shape{6, 1, 1, 3}), 4, 1)
		},
		"groups of 6 and 2 features do not divide": func(p *Pass) {
			MinibatchStdDev(p, p.B.Input("x", graph.F64, graph.Shape{6, 1, 1, 3}), 0, 2)
		},
	} {
		if text := buildError(t, l.vars, func(b *graph.Builder) { f(net.Pass(b, Mode{})) }); !strings.Contains(text, want) {
			t.Errorf("error %q does not say %q", text, want)
		}
	}
}
