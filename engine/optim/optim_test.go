package optim

import (
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// Two optimisers over one parameter have moments and counts of their own; the
// second sees what the first made, within one program.
func TestSharedParameter(t *testing.T) {
	l := newLab(t)
	w := l.param("g/w", graph.F64, 1, 2)
	params := []*graph.Variable{w}
	first := New(l.vars, "one", Options{Rule: Adam{Beta1: Constant(.5), Beta2: Constant(.9), Eps: 1e-8}, LR: Constant(.1)}, params)
	second := New(l.vars, "two", Options{Rule: Adam{Beta1: Constant(.1), Beta2: Constant(.99), Eps: 1e-8}, LR: Constant(.3)}, params)
	a, b := adam(always(.5), always(.9), 1e-8, false), adam(always(.1), always(.99), 1e-8, false)
	if w, v := l.vars.ByName("one/m/g/w"), l.vars.ByName("two/v/g/w"); w == nil || v == nil || w.Group != "one/m" || v.Group != "two/v" {
		t.Fatalf("moments %v, %v", w, v)
	}
	want := []float64{1, 2}
	ma, mb := [][]float64{{0, 0}, {0, 0}}, [][]float64{{0, 0}, {0, 0}}
	for s := range steps {
		g := []float64{gradient(0, s), gradient(1, s)}
		l.run(func(b *graph.Builder) {
			x := []*graph.Node{b.Input("g", graph.F64, w.Shape)}
			y := first.Step(b, []*graph.Node{b.Read(w)}, x, nil)
			if s >= 4 { // the second starts late
				y = second.Step(b, y, x, nil)
			}
			b.Update(w, y[0], nil)
		}, reference.Array{DType: graph.F64, Shape: w.Shape, Data: g})
		for i := range want {
			want[i] = a(want[i], g[i], .1, s+1, ma[i])
			if s >= 4 {
				want[i] = b(want[i], g[i], .3, s-3, mb[i])
			}
		}
		l.near("w", l.named("g/w"), want, 1e-13)
	}
	if one, two := l.named("one/step")[0], l.named("two/step")[0]; one != steps || two != steps-4 {
		t.Errorf("%g and %g updates are counted, want %d and %d", one, two, steps, steps-4)
	}
}

// Several parameters are updated in one step, each by its own gradient.
func TestSeveralParameters(t *testing.T) {
	l := newLab(t)
	params := []*graph.Variable{l.param("a", graph.F64, 1), l.param("b", graph.F64, 2, 3)}
	o := New(l.vars, "opt", Options{Rule: SGD{Momentum: Constant(.5)}, LR: Constant(1)}, params)
	l.run(func(b *graph.Builder) {
		values := []*graph.Node{b.Read(params[0]), b.Read(params[1])}
		for i, x := range o.Step(b, values, []*graph.Node{b.Literal(graph.F64, graph.Shape{1}, []float64{10}), values[1]}, nil) {
			b.Update(params[i], x, nil)
		}
	})
	l.near("a", l.named("a"), []float64{-9}, 0)
	l.near("b", l.named("b"), []float64{0, 0}, 0)
	l.near("moment of b", l.named("opt/v/b"), []float64{2, 3}, 0)
	if got := l.named("opt/step")[0]; got != 1 {
		t.Errorf("%g updates are counted, want 1", got)
	}
}
