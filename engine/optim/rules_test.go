package optim

import (
	"fmt"
	"math"
	"testing"

	"ganengine/engine/graph"
)

// formula is a rule for one number: the new value from the gradient, update t
// (from 1) and moments that it changes.
type formula func(w, g, lr float64, t int, m []float64) float64

// course is a hyper-parameter at update t, counted from 1.
type course func(t int) float64

func always(x float64) course { return func(int) float64 { return x } }

// adam is algorithm 1 of Kingma and Ba.
func adam(beta1, beta2 course, eps float64, inside bool) formula {
	return func(w, g, lr float64, t int, m []float64) float64 {
		b1, b2 := beta1(t), beta2(t)
		m[0] = b1*m[0] + (1-b1)*g
		m[1] = b2*m[1] + (1-b2)*g*g
		mhat := m[0] / (1 - math.Pow(b1, float64(t)))
		vhat := m[1] / (1 - math.Pow(b2, float64(t)))
		if inside {
			return w - lr*mhat/math.Sqrt(vhat+eps)
		}
		return w - lr*mhat/(math.Sqrt(vhat)+eps)
	}
}

func sgd(momentum course) formula {
	return func(w, g, lr float64, t int, m []float64) float64 {
		m[0] = momentum(t)*m[0] + g
		return w - lr*m[0]
	}
}

// pylearn2 is the momentum rule of pylearn2, with the sign of the velocity turned.
func pylearn2(momentum course) formula {
	return func(w, g, lr float64, t int, m []float64) float64 {
		velocity := momentum(t)*-m[0] - lr*g
		m[0] = -velocity
		return w + velocity
	}
}

func rmsprop(decay, momentum course, eps float64) formula {
	return func(w, g, lr float64, t int, m []float64) float64 {
		m[0] = decay(t)*m[0] + (1-decay(t))*g*g
		m[1] = momentum(t)*m[1] + g/(math.Sqrt(m[0])+eps)
		return w - lr*m[1]
	}
}

func TestRules(t *testing.T) {
	// bent goes from a to b in the first six updates.
	bent := func(a, b float64) (Schedule, course) {
		s := Schedule{At: []float64{0, 5}, To: []float64{a, b}}
		return s, func(t int) float64 { return s.Value(float64(t - 1)) }
	}
	rateS, rate := bent(.02, .005)
	oneS, one := bent(.9, .4)
	twoS, two := bent(.9, .99)
	c := Constant
	for _, r := range []struct {
		name    string
		rule    func(l *lab) Rule
		lr      func(l *lab) Hyper
		formula formula
		rate    course
		moments []string
	}{
		{"adam", func(*lab) Rule { return Adam{Beta1: c(.5), Beta2: c(.999), Eps: 1e-8} }, nil, adam(always(.5), always(.999), 1e-8, false), nil, []string{"m", "v"}},
		{"adam without momentum", func(*lab) Rule { return Adam{Beta2: c(.9), Eps: 1e-3} }, nil, adam(always(0), always(.9), 1e-3, false), nil, []string{"m", "v"}},
		{"adam of signs", func(*lab) Rule { return Adam{Beta1: c(.9), Eps: 1e-8} }, nil, adam(always(.9), always(0), 1e-8, false), nil, []string{"m", "v"}},
		{"adam, eps inside", func(*lab) Rule { return Adam{Beta1: c(.5), Beta2: c(.9), Eps: 1e-1, EpsInside: true} }, nil, adam(always(.5), always(.9), 1e-1, true), nil, []string{"m", "v"}},
		{"adam, all scheduled", func(l *lab) Rule { return Adam{Beta1: oneS.Over(l.clock), Beta2: twoS.Over(l.clock), Eps: 1e-2} },
			func(l *lab) Hyper { return rateS.Over(l.clock) }, adam(one, two, 1e-2, false), rate, []string{"m", "v"}},
		{"adam, beta1 from 0", func(l *lab) Rule {
			return Adam{Beta1: Schedule{At: []float64{0, 3}, To: []float64{0, .5}, Shape: "step"}.Over(l.clock), Beta2: c(.9), Eps: 1e-8}
		}, nil, adam(func(t int) float64 {
			if t <= 3 {
				return 0
			}
			return .5
		}, always(.9), 1e-8, false), nil, []string{"m", "v"}},
		{"sgd", func(*lab) Rule { return SGD{} }, nil, sgd(always(0)), nil, nil},
		{"sgd, scheduled", func(*lab) Rule { return SGD{} }, func(l *lab) Hyper { return rateS.Over(l.clock) }, sgd(always(0)), rate, nil},
		{"momentum", func(*lab) Rule { return SGD{Momentum: c(.9)} }, nil, sgd(always(.9)), nil, []string{"v"}},
		{"momentum, scheduled", func(l *lab) Rule { return SGD{Momentum: oneS.Over(l.clock)} }, func(l *lab) Hyper { return rateS.Over(l.clock) }, sgd(one), rate, []string{"v"}},
		{"momentum, rate inside", func(l *lab) Rule { return SGD{Momentum: oneS.Over(l.clock), RateInside: true} },
			func(l *lab) Hyper { return rateS.Over(l.clock) }, pylearn2(one), rate, []string{"v"}},
		{"sgd, rate inside", func(*lab) Rule { return SGD{RateInside: true} }, nil, sgd(always(0)), nil, nil},
		{"rmsprop", func(*lab) Rule { return RMSProp{Decay: c(.99), Eps: 1e-8} }, nil, rmsprop(always(.99), always(0), 1e-8), nil, []string{"v"}},
		{"rmsprop with momentum", func(*lab) Rule { return RMSProp{Decay: c(.9), Eps: 1e-2, Momentum: c(.5)} }, nil, rmsprop(always(.9), always(.5), 1e-2), nil, []string{"v", "m"}},
		{"rmsprop, all scheduled", func(l *lab) Rule { return RMSProp{Decay: twoS.Over(l.clock), Eps: 1e-2, Momentum: oneS.Over(l.clock)} },
			func(l *lab) Hyper { return rateS.Over(l.clock) }, rmsprop(two, one, 1e-2), rate, []string{"v", "m"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			l := newLab(t)
			w := l.param("g/w", graph.F64, 1, -2, .5)
			lr := c(.02)
			if r.lr != nil {
				lr = r.lr(l)
			} else {
				r.rate = always(.02)
			}
			o := New(l.vars, "opt", Options{Rule: r.rule(l), LR: lr}, []*graph.Variable{w})
			want, moments := []float64{1, -2, .5}, make([][]float64, 3)
			for s := range steps {
				g := make([]float64, 3)
				for i := range g {
					g[i] = gradient(i, s)
					if moments[i] == nil {
						moments[i] = make([]float64, 2)
					}
					want[i] = r.formula(want[i], g[i], r.rate(s+1), s+1, moments[i])
				}
				l.update(o, g)
				l.near(fmt.Sprintf("w after %d", s+1), l.named("g/w"), want, 1e-13)
				for j, slot := range r.moments {
					l.near(slot, l.named("opt/"+slot+"/g/w"), []float64{moments[0][j], moments[1][j], moments[2][j]}, 1e-13)
				}
			}
			if got := l.named("opt/step")[0]; got != steps {
				t.Errorf("%g updates are counted, want %d", got, steps)
			}
			if got, want := len(l.vars.All()), 2+len(r.moments); got != want {
				t.Errorf("%d variables, want %d", got, want)
			}
		})
	}
}

// In fp32 the first steps of Adam are as long as in float64: the corrections
// are computed there, where 1 - .999^t would lose digits. So is 1 - beta of a
// beta that is a node.
func TestAdamFP32(t *testing.T) {
	const lr = 2e-4
	for name, beta2 := range map[string]Hyper{
		"constant": Constant(.999),
		"computed": Computed(func(b *graph.Builder) *graph.Node { return b.Const(graph.F64, .999) }),
	} {
		l := newLab(t)
		w := l.param("g/w", graph.F32, 0)
		o := New(l.vars, "opt", Options{Rule: Adam{Beta1: Constant(.5), Beta2: beta2, Eps: 1e-8}, LR: Constant(lr)}, []*graph.Variable{w})
		want, moments, f := 0., make([]float64, 2), adam(always(.5), always(.999), 1e-8, false)
		for s := range steps {
			g := graph.F32.Round(gradient(0, s))
			want = f(want, g, lr, s+1, moments)
			l.update(o, []float64{g})
			// Ten operations a step, each rounded to 2^-24.
			if got := l.named("g/w")[0]; math.Abs(got-want) > 10*float64(s+1)*lr/(1<<24) {
				t.Errorf("%s, after %d: %.9g, want %.9g", name, s+1, got, want)
			}
		}
	}
}

// A hyper-parameter is one number in F64.
func TestHyperIsANumber(t *testing.T) {
	for want, node := range map[string]func(b *graph.Builder) *graph.Node{
		"must be f64 [], not f32 []":  func(b *graph.Builder) *graph.Node { return b.Const(graph.F32, 1) },
		"must be f64 [], not f64 [2]": func(b *graph.Builder) *graph.Node { return b.Literal(graph.F64, graph.Shape{2}, []float64{1, 2}) },
	} {
		newLab(t).refused(want, func(b *graph.Builder) { b.Output("x", Computed(node).Node(b)) })
	}
}
