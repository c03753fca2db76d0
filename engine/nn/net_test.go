package nn

import (
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

// small is a net with parameters and statistics at two depths.
func small(p *Pass, x *graph.Node) *graph.Node {
	p.In("block", func() {
		x = BatchNorm(p, "bn", Dense(p, "fc", x, 3, Constant(1), Constant(0)), NormOptions{})
	})
	return Dense(p, "out", x, 1, Constant(1), nil)
}

func declared(t *testing.T, l *lab) *Net {
	t.Helper()
	net := NewNet(l.vars, "g", graph.F64)
	if err := net.Declare(func(p *Pass) { small(p, p.B.Input("x", p.Float(), graph.Shape{2, 2})) }); err != nil {
		t.Fatal(err)
	}
	return net
}

func names(list []*graph.Variable) string {
	var out []string
	for _, v := range list {
		out = append(out, v.Name+" in "+v.Group)
	}
	return strings.Join(out, ", ")
}

func TestNames(t *testing.T) {
	l := newLab(t)
	net := declared(t, l)
	if got, want := names(net.Params()), "g/block/fc/w in g, g/block/fc/b in g, g/block/bn/gain in g, g/block/bn/bias in g, g/out/w in g"; got != want {
		t.Errorf("parameters %s, want %s", got, want)
	}
	if got, want := names(net.Stats()), "g/block/bn/mean in g/stats, g/block/bn/var in g/stats"; got != want {
		t.Errorf("statistics %s, want %s", got, want)
	}
	if got, want := net.Count(), 6+3+3+3+3; got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
	// Another run declares nothing.
	before := len(l.vars.All())
	l.run(func(b *graph.Builder) {
		y := net.Pass(b, Mode{}).Scoped(func(p *Pass) *graph.Node {
			return small(p, b.Literal(graph.F64, graph.Shape{5, 2}, numbers(1, 10)))
		})
		if y.Scope != "g/out" {
			t.Errorf("the last node is in scope %q", y.Scope)
		}
		b.Output("y", y)
	})
	if after := len(l.vars.All()); after != before {
		t.Errorf("%d variables after another run, %d before", after, before)
	}
}

func TestOtherShape(t *testing.T) {
	l := newLab(t)
	net := declared(t, l)
	text := buildError(t, l.vars, func(b *graph.Builder) {
		small(net.Pass(b, Mode{}), b.Input("x", graph.F64, graph.Shape{2, 3}))
	})
	for _, want := range []string{"g/block/fc/w has shape [3,2]", "[3,3] is asked for"} {
		if !strings.Contains(text, want) {
			t.Errorf("error %q does not say %q", text, want)
		}
	}
	if err := NewNet(l.vars, "h", graph.F64).Declare(func(p *Pass) {
		p.Param("w", graph.Shape{1}, Constant(0))
		p.Param("w", graph.Shape{2}, Constant(0))
	}); err == nil || !strings.Contains(err.Error(), "h/w has shape [1]") {
		t.Errorf("declaring: %v", err)
	}
}

// Values hold within a program, and are stored at its end if committed.
func TestValues(t *testing.T) {
	for _, commit := range []bool{false, true} {
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F64)
		if err := net.Declare(func(p *Pass) { p.Param("w", graph.Shape{}, Constant(0)) }); err != nil {
			t.Fatal(err)
		}
		w := net.Params()[0]
		l.set("g/w", 5)
		got := l.run(func(b *graph.Builder) {
			v := NewValues()
			v.Set(w, graph.Shift(v.Get(b, w), 1))
			v.Set(w, graph.Scale(v.Get(b, w), 2))
			b.Output("shared", net.Pass(b, Mode{Values: v}).Param("w", graph.Shape{}, Constant(0)))
			b.Output("own", net.Pass(b, Mode{}).Param("w", graph.Shape{}, Constant(0)))
			if commit {
				v.Commit(b)
			}
		})
		l.near("shared", got["shared"].Data, []float64{12})
		l.near("own", got["own"].Data, []float64{5})
		want := 5.
		if commit {
			want = 12
		}
		l.near("after", l.named("g/w"), []float64{want})
	}
}

func TestAverage(t *testing.T) {
	const decay = .75
	l := newLab(t)
	net := declared(t, l)
	avg := NewAverage("ema", net)
	step := l.vars.Add(&graph.Variable{Name: "step", DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	l.init()
	if got := names([]*graph.Variable{avg.Variable(net.Params()[0]), avg.Variable(net.Stats()[1])}); got != "ema/block/fc/w in ema, ema/block/bn/var in ema" {
		t.Errorf("averages %s", got)
	}
	var mean, spread []float64 // averages of g/out/w and of g/block/bn/var
	towards := func(avg, now []float64) []float64 {
		if avg == nil { // the first step copies
			return now
		}
		next := make([]float64, len(avg))
		for i := range next {
			next[i] = decay*avg[i] + (1-decay)*now[i]
		}
		return next
	}
	for i := range 3 {
		old, now := []float64{1, 2, float64(i)}, []float64{4, -float64(i), 5}
		variance := []float64{2, 3, 4 + float64(i)}
		l.set("g/out/w", old...)
		l.set("g/block/bn/var", variance...)
		l.run(func(b *graph.Builder) {
			v := NewValues()
			w := net.Params()[4]
			v.Set(w, b.Literal(graph.F64, w.Shape, now))
			avg.Follow(b, v, AverageRule{Decay: decay}, b.Read(step))
			b.Update(step, graph.Add(b.Read(step), b.Const(graph.I32, 1)), nil)
		})
		mean, spread = towards(mean, now), towards(spread, variance)
		l.near("average", l.named("ema/out/w"), mean)
		l.near("average of a statistic", l.named("ema/block/bn/var"), spread)
		l.near("the statistic itself", l.named("g/block/bn/var"), variance)
		l.near("the weight itself", l.named("g/out/w"), old)
	}
}

// Sampling through Values is the network with the averages in place of its own
// Variables, statistics included.
func TestAverageValues(t *testing.T) {
	l := newLab(t)
	net := declared(t, l)
	avg := NewAverage("ema", net)
	l.init()
	sample := func(v *Values) []float64 {
		return l.run(func(b *graph.Builder) {
			b.Output("y", small(net.Pass(b, Mode{Values: v}), b.Literal(graph.F64, graph.Shape{3, 2}, numbers(2, 6))))
		})["y"].Data
	}
	all := slices.Concat(net.Params(), net.Stats())
	for i, v := range all {
		x := numbers(uint64(20+i), v.Shape.Size())
		for j := range x {
			x[j] = 1 + x[j]*x[j]
		}
		l.set(avg.Variable(v).Name, x...)
	}
	got := sample(avg.Values())
	for _, v := range all {
		l.set(v.Name, l.value(avg.Variable(v)).Data...)
	}
	l.near("sample", got, sample(nil))

	// What is set there is the average's.
	l.run(func(b *graph.Builder) {
		v := avg.Values()
		w := net.Params()[4]
		v.Set(w, b.Literal(graph.F64, w.Shape, []float64{7, 8, 9}))
		l.set("g/out/w", 1, 2, 3)
		v.Commit(b)
	})
	l.near("average", l.named("ema/out/w"), []float64{7, 8, 9})
	l.near("own", l.named("g/out/w"), []float64{1, 2, 3})

	text := buildError(t, l.vars, func(b *graph.Builder) {
		net.Pass(b, Mode{Values: avg.Values()}).Param("late", graph.Shape{}, Constant(0))
	})
	if !strings.Contains(text, "g/late has no average") {
		t.Errorf("error %q", text)
	}
}
