package nn

import (
	"testing"

	"ganengine/engine/graph"
)

// followed runs an average of one number for steps 0, 1, ... over the values.
func followed(t *testing.T, rule func(b *graph.Builder) AverageRule, values []float64) (averages []float64) {
	t.Helper()
	l := newLab(t)
	net := NewNet(l.vars, "g", graph.F64)
	if err := net.Declare(func(p *Pass) { p.Param("w", graph.Shape{1}, Constant(0)) }); err != nil {
		t.Fatal(err)
	}
	avg := NewAverage("avg", net)
	step := l.vars.Add(&graph.Variable{Name: "step", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	for i, x := range values {
		l.set("g/w", x)
		l.set("step", float64(i))
		l.run(func(b *graph.Builder) { avg.Follow(b, NewValues(), rule(b), b.Read(step)) })
		averages = append(averages, l.named("avg/w")...)
	}
	return averages
}

func TestAverageRules(t *testing.T) {
	values := []float64{3, -1, 4, 1, -5, 9}
	constant := func(r AverageRule) func(*graph.Builder) AverageRule {
		return func(*graph.Builder) AverageRule { return r }
	}
	for _, c := range []struct {
		name string
		rule func(b *graph.Builder) AverageRule
		want func(i int, old float64) float64
	}{
		{"zero value", constant(AverageRule{}), func(i int, _ float64) float64 { return values[i] }},
		{"mean", constant(AverageRule{Mean: true}), func(i int, _ float64) float64 { return mean(values[:i+1]) }},
		{"mean from 3", constant(AverageRule{Mean: true, Start: 3}), func(i int, _ float64) float64 { return mean(values[min(i, 2) : i+1]) }},
		{"start", constant(AverageRule{Decay: .8, Start: 3}), func(i int, old float64) float64 {
			if i < 3 {
				return values[i]
			}
			return .8*old + .2*values[i]
		}},
		{"start at 1", constant(AverageRule{Decay: .8, Start: 1}), func(i int, old float64) float64 {
			if i == 0 {
				return values[i]
			}
			return .8*old + .2*values[i]
		}},
		{"ramp", func(b *graph.Builder) AverageRule { // decay step/10
			return AverageRule{Decay: .5, Varies: graph.Scale(graph.Cast(b.Read(b.Vars().ByName("step")), graph.F64), .1)}
		}, func(i int, old float64) float64 {
			if i == 0 {
				return values[i]
			}
			return float64(i)/10*old + (1-float64(i)/10)*values[i]
		}},
	} {
		got := followed(t, c.rule, values)
		old := 0.
		for i := range values {
			old = c.want(i, old)
			if d := got[i] - old; d > 1e-12 || d < -1e-12 {
				t.Errorf("%s: the average at step %d is %g, want %g", c.name, i, got[i], old)
			}
		}
	}
}

func mean(x []float64) float64 {
	m, _, _ := moments(x, func(int) bool { return true })
	return m
}

// One constant decay is built as ever: a node that varies is a cast and a difference more.
func TestConstantDecayFolds(t *testing.T) {
	text := func(rule func(b *graph.Builder) AverageRule) int {
		l := newLab(t)
		net := NewNet(l.vars, "g", graph.F32)
		if err := net.Declare(func(p *Pass) { p.Param("w", graph.Shape{4}, Constant(0)) }); err != nil {
			t.Fatal(err)
		}
		avg := NewAverage("avg", net)
		step := l.vars.Add(&graph.Variable{Name: "step", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
		p, err := graph.Build("follow", l.vars, func(b *graph.Builder) { avg.Follow(b, NewValues(), rule(b), b.Read(step)) })
		if err != nil {
			t.Fatal(err)
		}
		return len(p.Nodes)
	}
	number := text(func(*graph.Builder) AverageRule { return AverageRule{Decay: .999} })
	node := text(func(b *graph.Builder) AverageRule { return AverageRule{Varies: b.Const(graph.F64, .999)} })
	if number != node {
		t.Errorf("a decay takes %d nodes as a number and %d as a constant node", number, node)
	}
}

// Several networks have their names below the average's, and one set of values.
func TestAverageOfNetworks(t *testing.T) {
	l := newLab(t)
	var nets []*Net
	for _, name := range []string{"g", "e"} {
		net := NewNet(l.vars, name, graph.F64)
		if err := net.Declare(func(p *Pass) { p.Param("w", graph.Shape{}, Constant(0)); p.Stat("mean", graph.Shape{}, 0) }); err != nil {
			t.Fatal(err)
		}
		nets = append(nets, net)
	}
	avg, standing := NewAverage("ema", nets...), NewStanding("standing", nets...)
	step := l.vars.Add(&graph.Variable{Name: "step", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	for name, x := range map[string]float64{"g/w": 1, "g/mean": 2, "e/w": 3, "e/mean": 4} {
		l.set(name, x)
	}
	l.run(func(b *graph.Builder) { avg.Follow(b, NewValues(), AverageRule{Decay: .9}, b.Read(step)) })
	l.set("standing/e/mean", 40)
	got := l.run(func(b *graph.Builder) {
		v := avg.Values()
		sum := func(v *Values, net *Net) *graph.Node {
			p := net.Pass(b, Mode{Values: v})
			return graph.Add(graph.Scale(p.Param("w", graph.Shape{}, Constant(0)), 100), p.Get(p.Stat("mean", graph.Shape{}, 0)))
		}
		for _, net := range nets {
			b.Output(net.Name, sum(v, net))
		}
		b.Output("standing", sum(standing.Values(v), nets[1]))
	})
	l.near("g", got["g"].Data, []float64{102})
	l.near("e", got["e"].Data, []float64{304})
	l.near("standing", got["standing"].Data, []float64{340})
	for _, name := range []string{"ema/g/w", "ema/g/mean", "ema/e/w", "ema/e/mean"} {
		if v := l.vars.ByName(name); v == nil || v.Group != "ema" {
			t.Errorf("the average %s is %v", name, v)
		}
	}
}
