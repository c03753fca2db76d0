package optim

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// steps is how many updates are compared.
const steps = 10

// gradient is that of element i at update t, counted from 0.
func gradient(i, t int) float64 { return math.Sin(float64(3*i+2*t)) * math.Pow(10, float64(i-1)) }

// lab keeps Variables between runs on the reference.
type lab struct {
	*testing.T
	vars   *graph.Vars
	values map[*graph.Variable]reference.Array
}

func newLab(t *testing.T) *lab {
	return &lab{t, graph.NewVars(), map[*graph.Variable]reference.Array{}}
}

func (l *lab) param(name string, d graph.DType, data ...float64) *graph.Variable {
	v := l.vars.Add(&graph.Variable{Name: name, Shape: graph.Shape{len(data)}, DType: d, Group: "g", Init: graph.Fill(d, 0)})
	l.values[v] = reference.Array{DType: d, Shape: v.Shape, Data: data}
	return v
}

func (l *lab) value(v *graph.Variable) reference.Array {
	if a, ok := l.values[v]; ok {
		return a
	}
	return reference.New(v.DType, v.Shape)
}

func (l *lab) named(name string) []float64 {
	l.Helper()
	v := l.vars.ByName(name)
	if v == nil {
		l.Fatalf("there is no variable %s", name)
	}
	return l.value(v).Data
}

// run runs a program once on float64 vectors.
func (l *lab) run(f func(b *graph.Builder), inputs ...reference.Array) []reference.Array {
	l.Helper()
	p, err := graph.Build("test", l.vars, f)
	if err != nil {
		l.Fatal(err)
	}
	out, updates, err := reference.Run(p, l.value, inputs)
	if err != nil {
		l.Fatal(err)
	}
	maps.Copy(l.values, updates)
	return out
}

// update is one step of o over its only parameter, whose gradients are g.
func (l *lab) update(o *Optimizer, lr float64, g []float64) {
	l.Helper()
	w := o.Params()[0]
	l.run(func(b *graph.Builder) {
		x := b.Input("g", w.DType, w.Shape)
		b.Update(w, o.Step(b, b.Const(graph.F64, lr), []*graph.Node{b.Read(w)}, []*graph.Node{x})[0], nil)
	}, reference.Array{DType: w.DType, Shape: w.Shape, Data: g})
}

func (l *lab) near(what string, got, want []float64, tolerance float64) {
	l.Helper()
	if len(got) != len(want) {
		l.Fatalf("%s has %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			l.Errorf("%s[%d] is %.15g, want %.15g", what, i, got[i], want[i])
		}
	}
}

// formula is a rule for one number: the new value from the gradient, update t
// (from 1) and moments that it changes.
type formula func(w, g, lr float64, t int, m []float64) float64

// adam is algorithm 1 of Kingma and Ba.
func adam(a Adam) formula {
	return func(w, g, lr float64, t int, m []float64) float64 {
		m[0] = a.Beta1*m[0] + (1-a.Beta1)*g
		m[1] = a.Beta2*m[1] + (1-a.Beta2)*g*g
		mhat := m[0] / (1 - math.Pow(a.Beta1, float64(t)))
		vhat := m[1] / (1 - math.Pow(a.Beta2, float64(t)))
		return w - lr*mhat/(math.Sqrt(vhat)+a.Eps)
	}
}

func sgd(s SGD) formula {
	return func(w, g, lr float64, _ int, m []float64) float64 {
		m[0] = s.Momentum*m[0] + g
		return w - lr*m[0]
	}
}

func rmsprop(r RMSProp) formula {
	return func(w, g, lr float64, _ int, m []float64) float64 {
		m[0] = r.Decay*m[0] + (1-r.Decay)*g*g
		m[1] = r.Momentum*m[1] + g/(math.Sqrt(m[0])+r.Eps)
		return w - lr*m[1]
	}
}

func TestRules(t *testing.T) {
	for _, c := range []struct {
		rule    Rule
		formula formula
		moments []string
	}{
		{Adam{.5, .999, 1e-8}, adam(Adam{.5, .999, 1e-8}), []string{"m", "v"}},
		{Adam{0, .9, 1e-3}, adam(Adam{0, .9, 1e-3}), []string{"m", "v"}},
		{Adam{.9, 0, 1e-8}, adam(Adam{.9, 0, 1e-8}), []string{"m", "v"}},
		{SGD{}, sgd(SGD{}), nil},
		{SGD{.9}, sgd(SGD{.9}), []string{"v"}},
		{RMSProp{.99, 1e-8, 0}, rmsprop(RMSProp{.99, 1e-8, 0}), []string{"v"}},
		{RMSProp{.9, 1e-2, .5}, rmsprop(RMSProp{.9, 1e-2, .5}), []string{"v", "m"}},
	} {
		t.Run(fmt.Sprintf("%T%v", c.rule, c.rule), func(t *testing.T) {
			const lr = .02
			l := newLab(t)
			w := l.param("g/w", graph.F64, 1, -2, .5)
			o := New(l.vars, "opt", c.rule, []*graph.Variable{w})
			want, moments := []float64{1, -2, .5}, make([][]float64, 3)
			for s := range steps {
				g := make([]float64, 3)
				for i := range g {
					g[i] = gradient(i, s)
					if moments[i] == nil {
						moments[i] = make([]float64, 2)
					}
					want[i] = c.formula(want[i], g[i], lr, s+1, moments[i])
				}
				l.update(o, lr, g)
				l.near(fmt.Sprintf("w after %d", s+1), l.named("g/w"), want, 1e-13)
				for j, slot := range c.moments {
					l.near(slot, l.named("opt/"+slot+"/g/w"), []float64{moments[0][j], moments[1][j], moments[2][j]}, 1e-13)
				}
			}
			if got := l.named("opt/step")[0]; got != steps {
				t.Errorf("%g updates are counted, want %d", got, steps)
			}
			if got, want := len(l.vars.All()), 2+len(c.moments); got != want {
				t.Errorf("%d variables, want %d", got, want)
			}
		})
	}
}

// In fp32 the first steps of Adam are as long as in float64: the corrections
// are computed there, where 1 - .999^t would lose digits.
func TestAdamFP32(t *testing.T) {
	const lr = 2e-4
	l := newLab(t)
	w := l.param("g/w", graph.F32, 0)
	o := New(l.vars, "opt", Adam{.5, .999, 1e-8}, []*graph.Variable{w})
	want, moments, f := 0., make([]float64, 2), adam(Adam{.5, .999, 1e-8})
	for s := range steps {
		g := graph.F32.Round(gradient(0, s))
		want = f(want, g, lr, s+1, moments)
		l.update(o, lr, []float64{g})
		// Ten operations a step, each rounded to 2^-24.
		if got := l.named("g/w")[0]; math.Abs(got-want) > 10*float64(s+1)*lr/(1<<24) {
			t.Errorf("after %d: %.9g, want %.9g", s+1, got, want)
		}
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		s    Schedule
		want map[int]float64 // rate while the clock shows that
	}{
		{Schedule{Rate: .3}, map[int]float64{0: .3, 1000: .3}},
		{Schedule{Rate: .3, Kind: "constant", End: 9, From: 1, To: 2}, map[int]float64{0: .3, 5: .3}},
		{Schedule{Rate: .4, Kind: "linear", End: .1, From: 10, To: 40},
			map[int]float64{0: .4, 9: .4, 10: .4, 11: .39, 25: .25, 39: .11, 40: .1, 41: .1, 1 << 30: .1}},
		{Schedule{Rate: .4, Kind: "linear", From: 0, To: 4}, map[int]float64{0: .4, 1: .3, 2: .2, 3: .1, 4: 0, 5: 0}},
		{Schedule{Rate: .1, Kind: "linear", End: .4, From: 0, To: 3}, map[int]float64{0: .1, 1: .2, 3: .4, 4: .4}},
		{Schedule{Rate: .4, Kind: "linear", End: .1, From: 5, To: 5}, map[int]float64{4: .4, 5: .4, 6: .1}},
		{Schedule{Rate: 1, Kind: "exponential", End: .01, From: 10, To: 20},
			map[int]float64{0: 1, 10: 1, 15: .1, 20: .01, 30: .01}},
	} {
		l := newLab(t)
		for now, want := range c.want {
			got := l.run(func(b *graph.Builder) { b.Output("rate", c.s.Node(b, b.Input("clock", graph.I32, nil))) },
				reference.Array{DType: graph.I32, Data: []float64{float64(now)}})
			l.near(fmt.Sprintf("%+v at %d", c.s, now), got[0].Data, []float64{want}, 1e-14)
			l.near(fmt.Sprintf("%+v at %d, for people", c.s, now), []float64{c.s.At(int64(now))}, []float64{want}, 1e-14)
		}
	}
}

// A clock that moves once in two updates: the rate is the clock's, whatever the
// optimiser has counted.
func TestScheduledSteps(t *testing.T) {
	l := newLab(t)
	w, clock := l.param("g/w", graph.F64, 0), l.vars.Add(&graph.Variable{Name: "clock", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	o := New(l.vars, "opt", SGD{}, []*graph.Variable{w})
	rate := Schedule{Rate: 4, Kind: "linear", From: 1, To: 4, End: 1}
	want := 0.
	for i, lr := range []float64{4, 4, 4, 4, 3, 3, 2, 2, 1, 1, 1} {
		l.run(func(b *graph.Builder) {
			now := b.Read(clock)
			b.Update(w, o.Step(b, rate.Node(b, now), []*graph.Node{b.Read(w)}, []*graph.Node{b.Literal(graph.F64, graph.Shape{1}, []float64{1})})[0], nil)
			if i%2 == 1 {
				b.Update(clock, graph.Add(now, b.Const(graph.I32, 1)), nil)
			}
		})
		want -= lr
		l.near("w", l.named("g/w"), []float64{want}, 1e-14)
	}
}

func TestNoSuchSchedule(t *testing.T) {
	l := newLab(t)
	_, err := graph.Build("p", l.vars, func(b *graph.Builder) { Schedule{Rate: 1, Kind: "cosine"}.Node(b, b.Const(graph.I32, 0)) })
	var be *graph.BuildError
	if !errors.As(err, &be) || !strings.Contains(err.Error(), "no schedule cosine") {
		t.Errorf("error %v", err)
	}
}

// Two optimisers over one parameter have moments and counts of their own; the
// second sees what the first made, within one program.
func TestSharedParameter(t *testing.T) {
	l := newLab(t)
	w := l.param("g/w", graph.F64, 1, 2)
	params := []*graph.Variable{w}
	a, b := Adam{.5, .9, 1e-8}, Adam{.1, .99, 1e-8}
	first, second := New(l.vars, "one", a, params), New(l.vars, "two", b, params)
	if w, v := l.vars.ByName("one/m/g/w"), l.vars.ByName("two/v/g/w"); w == nil || v == nil || w.Group != "one/m" || v.Group != "two/v" {
		t.Fatalf("moments %v, %v", w, v)
	}
	want := []float64{1, 2}
	ma, mb := [][]float64{{0, 0}, {0, 0}}, [][]float64{{0, 0}, {0, 0}}
	for s := range steps {
		g := []float64{gradient(0, s), gradient(1, s)}
		l.run(func(b *graph.Builder) {
			x := []*graph.Node{b.Input("g", graph.F64, w.Shape)}
			y := first.Step(b, b.Const(graph.F64, .1), []*graph.Node{b.Read(w)}, x)
			if s >= 4 { // the second starts late
				y = second.Step(b, b.Const(graph.F64, .3), y, x)
			}
			b.Update(w, y[0], nil)
		}, reference.Array{DType: graph.F64, Shape: w.Shape, Data: g})
		for i := range want {
			want[i] = adam(a)(want[i], g[i], .1, s+1, ma[i])
			if s >= 4 {
				want[i] = adam(b)(want[i], g[i], .3, s-3, mb[i])
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
	o := New(l.vars, "opt", SGD{.5}, params)
	l.run(func(b *graph.Builder) {
		values := []*graph.Node{b.Read(params[0]), b.Read(params[1])}
		for i, x := range o.Step(b, b.Const(graph.F64, 1), values, []*graph.Node{b.Literal(graph.F64, graph.Shape{1}, []float64{10}), values[1]}) {
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
