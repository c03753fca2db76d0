package nn

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func TestMaxout(t *testing.T) {
	l := newLab(t)
	x := []float64{1, 5, 3 /**/, -2, -1, -3 /**/, 0, 0, -7 /**/, 9, 8, 7}
	got := l.run(func(b *graph.Builder) {
		in := b.Literal(graph.F64, graph.Shape{2, 6}, x)
		y := Maxout(in, 3)
		b.Output("y", y)
		b.Output("image", Maxout(graph.Reshape(in, graph.Shape{1, 2, 1, 6}), 2))
		weights := b.Literal(graph.F64, graph.Shape{2, 2}, []float64{10, 20, 30, 40})
		b.Output("dx", graph.Gradients(graph.Total(graph.Mul(y, weights)), nil, in)[0])
	})
	l.near("y", got["y"].Data, []float64{5, -1, 0, 9})
	l.near("image", got["image"].Data, []float64{5, 3, -1, 0, 9, 8})
	if !got["image"].Shape.Equal(graph.Shape{1, 2, 1, 3}) {
		t.Errorf("shape %s", got["image"].Shape)
	}
	l.near("dx", got["dx"].Data, []float64{0, 10, 0, 0, 20, 0, 15, 15, 0, 40, 0, 0})
	text := buildError(t, l.vars, func(b *graph.Builder) { Maxout(b.Input("x", graph.F64, graph.Shape{2, 6}), 4) })
	if !strings.Contains(text, "6 channels are not units of 4 pieces") {
		t.Errorf("error %q", text)
	}
}

func TestPReLU(t *testing.T) {
	s := graph.Shape{2, 1, 2, 2}
	x := numbers(1, s.Size())
	for _, one := range []bool{false, true} {
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F64)
		layer := func(p *Pass, x *graph.Node) *graph.Node { return PReLU(p, "act", x, .25, one) }
		f := func(b *graph.Builder) { b.Output("y", layer(net.Pass(b, Mode{}), b.Literal(graph.F64, s, x))) }
		l.run(f)
		l.init()
		check := func() {
			slopes := l.named("g/act/slope")
			want := make([]float64, len(x))
			for i, v := range x {
				if want[i] = v; v < 0 {
					want[i] = v * slopes[i%len(slopes)]
				}
			}
			l.near("y", l.run(f)["y"].Data, want)
		}
		if slopes := l.named("g/act/slope"); slopes[0] != .25 || len(slopes) != map[bool]int{false: 2, true: 1}[one] {
			t.Errorf("slopes %v", slopes)
		}
		check()
		l.randomize(net)
		check()
		l.differentiable(net, Mode{}, s, x, layer)
	}
}
