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
