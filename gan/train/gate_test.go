package train

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// gated is a game of two points that go to the mean of the data: the one in each step,
// the other only where a running level of the batches' first coordinate is above zero.
var gated = game.NewSystems(game.System{
	Kind: config.Kind{Name: "gated", Doc: "learns while a level is high", Keys: struct{}{}, Optims: []string{"w"}},
	Declare: func(s *game.Setup) error {
		real := s.Stream("real", game.StreamOptions{})
		level := s.State("level", nil, graph.F32, nn.Constant(0))
		point := func(name string) (*game.Player, *game.Optimizer) {
			p := s.Player(name, func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return []*graph.Node{graph.Sub(in[0], p.Param("w", graph.Shape{1, 2}, nn.Constant(3)))}
			}, game.In{Shape: real.Shape})
			return p, s.Optimizer(name, "w", p)
		}
		free, byFree := point("free")
		w, byW := point("w")
		s.Order(game.Entry{Turn: s.Turn("w", func(t *game.Turn) {
			x := t.Batch(real, game.Points)
			first := graph.Average(graph.Slice(x, []int{0, 0}, nil, []int{x.Shape[0], 1}))
			t.Set(level, graph.Add(graph.Scale(t.Get(level), .5), graph.Scale(first, .5)))
			t.Score("level", t.Get(level))
			loss := func(p *game.Player) *graph.Node { return graph.Average(graph.Square(t.Run(p, x)[0])) }
			t.Minimise(game.Goal{By: byFree, Loss: loss(free)},
				game.Goal{By: byW, Loss: loss(w), When: graph.Less(t.B.Const(graph.F32, 0), t.Get(level))})
		})})
		return nil
	},
})

// adam is its recurrence in float64, of the gradient w less a mean.
type adam struct {
	w, m, v [2]float64
	updates int
}

func (a *adam) update(mean [2]float64, rate float64) {
	a.updates++
	for i := range a.w {
		g := a.w[i] - mean[i]
		a.m[i], a.v[i] = .5*a.m[i]+.5*g, .9*a.v[i]+.1*g*g
		t := float64(a.updates)
		a.w[i] -= rate * a.m[i] / (1 - math.Pow(.5, t)) / (math.Sqrt(a.v[i]/(1-math.Pow(.9, t))) + 1e-8)
	}
}

// An optimiser whose gate is closed waits with all that it has, parameters, moments and
// the count that bias correction and its schedule read, while others go on: it is the
// recurrence of the steps in which the gate was open. What goes on from any step is what
// would have come.
func TestGate(t *testing.T) {
	const steps = 24
	c := configtest.Of(t, gated.Schema, "[data]\nkind = \"mixture\"\n[model]\nkind = \"gated\"\n[optim.w]\nlr = { at = [0, 8], to = [0.5, 0.1], unit = \"updates\" }\nbeta1 = 0.5\nbeta2 = 0.9\n[train]\nbatch = 4\nsteps = 24\n")
	tr := beginTraining(t, c, gated).trainer
	rate := func(updates int) float64 { return .5 - .4*min(1, float64(updates)/8) }
	var level float64
	free, w := adam{w: [2]float64{3, 3}}, adam{w: [2]float64{3, 3}}
	closed := []string{"w/w", "opt/w/m/w/w", "opt/w/v/w/w", "opt/w/step"}
	for step := range int64(steps) {
		before := tr.state(t)
		x := tr.points(t, step, 0)
		var mean [2]float64
		for i, v := range x {
			mean[i%2] += v / float64(len(x)/2)
		}
		level = .5*level + .5*mean[0]
		if math.Abs(level) < 1e-3 {
			t.Fatalf("step %d: level %g is no clear answer", step, level)
		}
		free.update(mean, rate(free.updates))
		if level > 0 {
			w.update(mean, rate(w.updates))
		}
		after := tr.state(t)
		for _, name := range closed {
			if same := slices.Equal(before[name], after[name]); same == (level > 0) {
				t.Errorf("step %d, level %.3g: %s stands still: %v", step, level, name, same)
			}
		}
		for name, want := range map[string][2]float64{"w/w": w.w, "opt/w/m/w/w": w.m, "opt/w/v/w/w": w.v, "free/w": free.w, "opt/free/m/free/w": free.m} {
			for i, got := range floats(after[name]) {
				if math.Abs(float64(got)-want[i]) > 2e-5*(1+math.Abs(want[i])) {
					t.Errorf("step %d: %s[%d] is %.7g, want %.7g", step, name, i, got, want[i])
				}
			}
		}
		if n := int(ints(after["opt/w/step"])[0]); n != w.updates {
			t.Errorf("step %d: %d updates are counted, want %d", step, n, w.updates)
		}
	}
	if w.updates < 5 || w.updates > steps-5 {
		t.Fatalf("the gate was open in %d of %d steps", w.updates, steps)
	}
	end := tr.state(t)
	for _, at := range []int64{1, 14} {
		half := beginTraining(t, c, gated).trainer
		for range at {
			if err := half.advance(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := half.drain(); err != nil {
			t.Fatal(err)
		}
		sameState(t, goneOn(t, c, gated, half, steps), end)
	}
}
