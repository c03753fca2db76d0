package optim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// at runs a schedule's node while the clock shows now.
func (l *lab) at(s Schedule, now float64) float64 {
	l.Helper()
	out := l.run(func(b *graph.Builder) { b.Output("x", s.Node(b, b.Input("clock", graph.F64, nil))) },
		reference.Array{DType: graph.F64, Data: []float64{now}})
	return out[0].Data[0]
}

func TestSchedules(t *testing.T) {
	r := func(x ...float64) []float64 { return x }
	for _, c := range []struct {
		s    Schedule
		want map[float64]float64 // number while the clock shows that
	}{
		{Schedule{r(0), r(.3), ""}, map[float64]float64{0: .3, 1000: .3}},
		{Schedule{r(7), r(.3), "inverse"}, map[float64]float64{0: .3, 1000: .3}},
		{Schedule{r(10, 40), r(.4, .1), "linear"},
			map[float64]float64{0: .4, 9: .4, 10: .4, 11: .39, 25: .25, 39: .11, 40: .1, 41: .1, 1 << 30: .1}},
		{Schedule{r(0, 4), r(.4, 0), ""}, map[float64]float64{0: .4, 1: .3, 2: .2, 3: .1, 3.5: .05, 4: 0, 5: 0}},
		{Schedule{r(0, 100, 200), r(2e-4, 2e-4, 0), ""}, map[float64]float64{0: 2e-4, 99: 2e-4, 100: 2e-4, 150: 1e-4, 199: 2e-6, 200: 0, 300: 0}},
		{Schedule{r(0, 3), r(.1, .4), "linear"}, map[float64]float64{-1: .1, 0: .1, 1: .2, 3: .4, 4: .4}},
		{Schedule{r(10, 20), r(1, .01), "exponential"}, map[float64]float64{0: 1, 10: 1, 15: .1, 20: .01, 30: .01}},
		{Schedule{r(0, 2, 4), r(1, 4, 1), "exponential"}, map[float64]float64{0: 1, 1: 2, 2: 4, 3: 2, 4: 1, 5: 1}},
		{Schedule{r(0, 6), r(3, 1), "cosine"}, map[float64]float64{-9: 3, 0: 3, 1: 2 + math.Sqrt(3)/2, 2: 2.5, 3: 2, 4: 1.5, 6: 1, 7: 1}},
		{Schedule{r(0, 6, 8), r(3, 1, 2), "cosine"}, map[float64]float64{2: 2.5, 6: 1, 7: 1.5, 8: 2, 9: 2}},
		{Schedule{r(0, 50, 90), r(.1, .01, .001), "step"}, map[float64]float64{-1: .1, 0: .1, 49.5: .1, 50: .01, 89: .01, 90: .001, 1e6: .001}},
		{Schedule{r(20, 50), r(.1, .01), "step"}, map[float64]float64{0: .1, 20: .1, 50: .01}},
		{Schedule{r(0, 100), r(1, 1./3), "inverse"}, map[float64]float64{0: 1, 25: 1 / 1.5, 50: .5, 75: 1 / 2.5, 100: 1. / 3, 200: 1. / 3}}, // 1/(1+now/50)
	} {
		l := newLab(t)
		for now, want := range c.want {
			l.near(fmt.Sprintf("%+v at %g", c.s, now), []float64{l.at(c.s, now)}, []float64{want}, 1e-14)
			l.near(fmt.Sprintf("%+v at %g, for people", c.s, now), []float64{c.s.Value(now)}, []float64{want}, 1e-14)
		}
	}
}

// What people are told is what programs compute, bit for bit: at points, beside them and
// between them. At each point but the last a number has been given, and is met; no
// number lies outside of the two points around it.
func TestValueIsNode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		for _, shape := range append(Shapes(), "") {
			s := Schedule{Shape: shape}
			at := -10 * random.Float64()
			for range 1 + random.IntN(4) {
				s.At, s.To = append(s.At, at), append(s.To, math.Pow(10, -4*random.Float64()))
				at += math.Ceil(1000*random.Float64()) / 8
			}
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
			times := []float64{s.At[0] - 1, s.At[len(s.At)-1] + 1}
			for i, at := range s.At {
				times = append(times, at, math.Nextafter(at, math.Inf(-1)), math.Nextafter(at, math.Inf(1)))
				if got := s.Value(at); i+1 < len(s.At) && got != s.To[i] {
					t.Errorf("%+v has %g at point %d", s, got, i)
				}
				if i > 0 {
					times = append(times, s.At[i-1]+random.Float64()*(at-s.At[i-1]))
				}
			}
			l := newLab(t)
			for _, now := range times {
				got := s.Value(now)
				if node := l.at(s, now); got != node {
					t.Errorf("%+v at %g is %g, and %g for people", s, now, node, got)
				}
				if lo, hi := slices.Min(s.To), slices.Max(s.To); got < lo*(1-1e-12) || got > hi*(1+1e-12) {
					t.Errorf("%+v at %g is %g", s, now, got)
				}
			}
		}
	}
}

// A clock that moves once in two updates: the rate is the clock's, whatever the
// optimiser has counted.
func TestScheduledSteps(t *testing.T) {
	l := newLab(t)
	w, clock := l.param("g/w", graph.F64, 0), l.vars.Add(&graph.Variable{Name: "clock", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	rate := Schedule{At: []float64{1, 4}, To: []float64{4, 1}}.Over(func(b *graph.Builder) *graph.Node { return graph.Cast(b.Read(clock), graph.F64) })
	o := New(l.vars, "opt", Options{Rule: SGD{}, LR: rate}, []*graph.Variable{w})
	want := 0.
	for i, lr := range []float64{4, 4, 4, 4, 3, 3, 2, 2, 1, 1, 1} {
		l.run(func(b *graph.Builder) {
			b.Update(w, o.Step(b, []*graph.Node{b.Read(w)}, []*graph.Node{b.Literal(graph.F64, graph.Shape{1}, []float64{1})}, nil)[0], nil)
			if i%2 == 1 {
				b.Update(clock, graph.Add(b.Read(clock), b.Const(graph.I32, 1)), nil)
			}
		})
		want -= lr
		l.near("w", l.named("g/w"), []float64{want}, 1e-14)
	}
}

func TestImpossibleSchedules(t *testing.T) {
	r := func(x ...float64) []float64 { return x }
	for _, c := range []struct {
		s    Schedule
		want string
	}{
		{Schedule{}, "needs at least one number in to"},
		{Schedule{r(0, 1), r(1), ""}, "at has 2 numbers and to has 1; each number of to needs its time in at"},
		{Schedule{r(0), r(1, 2), ""}, "at has 1 numbers and to has 2"},
		{Schedule{r(0, 1), r(1, 2), "sine"}, "there is no schedule sine; the shapes are linear, cosine, exponential, step, inverse"},
		{Schedule{r(0, 5, 5), r(1, 2, 3), "step"}, "at has 5 after 5; its numbers must grow"},
		{Schedule{r(0, math.Inf(1)), r(1, 2), ""}, "at = +Inf, to = 2 is no point"},
		{Schedule{r(0), r(math.NaN()), ""}, "at = 0, to = NaN is no point"},
		{Schedule{r(0, 1), r(1, 0), "exponential"}, "to has 0, which an exponential schedule never reaches; its numbers must be more than 0"},
		{Schedule{r(0, 1), r(-1, 1), "inverse"}, "to has -1, which an inverse schedule never reaches"},
	} {
		if err := c.s.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.s, err, c.want)
		}
		newLab(t).refused(c.want, func(b *graph.Builder) { b.Output("x", c.s.Node(b, b.Const(graph.F64, 0))) })
	}
	for _, s := range []Schedule{{r(3), r(0), "exponential"}, {r(0, 1), r(0, -1), "cosine"}} {
		if err := s.Check(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}
