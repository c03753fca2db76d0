// Package parity compares the training programs with PyTorch, through fixtures
// that scripts/parity/make_fixtures.py writes: losses, every gradient, running
// statistics, penalties and ten steps of whole games. Random streams are fed.
//
// Whose pass moves which running statistics stands in scripts/parity/game.py.
package parity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/gan/loss"
)

// parityDevice is what the tests run on, for at most so many steps.
type parityDevice struct {
	name  string
	steps int
	open  func() (device.Device, error)
}

// devices are what every machine has. The reference is too slow for all steps.
var devices = []parityDevice{
	{"reference", 2, func() (device.Device, error) { return reference.NewDevice(), nil }},
	{"cpu", steps, func() (device.Device, error) {
		return cpu.New(cpu.Options{Threads: 2, Switches: debug.Switches{Winograd: true, AMX: true}})
	}},
	{"cpu-plain", steps, func() (device.Device, error) {
		return cpu.New(cpu.Options{Threads: 1, Switches: debug.Switches{CPU: "plain", NoFuse: true}})
	}},
}

// each runs a test for every fixture on every device that takes at least so
// many steps; f is told how many it takes.
func each(t *testing.T, least int, f func(t *testing.T, dev device.Device, name string, steps int)) {
	for _, d := range devices {
		if d.steps < least {
			continue
		}
		for _, name := range cases(t) {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				dev, err := d.open()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { dev.Close() })
				f(t, dev, name, d.steps)
			})
		}
	}
}

// checker compares values with a fixture and remembers the worst.
type checker struct {
	f     *fixture
	worst float64
	where string
	count int
	errs  []string
}

// spread compares got with the tensor and its spread.
func (c *checker) spread(tensor string, got []float64) {
	w, err := withinSpread(got, c.f.values(tensor), c.f.values(tensor+"~"))
	c.note(tensor, w, err)
}

func (c *checker) note(tensor string, w worst, err error) {
	c.count++
	if w.excess > c.worst {
		c.worst, c.where = w.excess, tensor
	}
	if err != nil {
		c.errs = append(c.errs, fmt.Sprintf("%s: %v", tensor, err))
	}
}

// scores compares scores, and that both sides have the same.
func (c *checker) scores(prefix string, got map[string]float64, tolerate func(tensor string, got []float64)) {
	names := c.f.under(prefix)
	if len(names) != len(got) {
		c.errs = append(c.errs, fmt.Sprintf("%s: the program has scores %v, PyTorch %v", prefix, got, names))
	}
	for _, name := range names {
		if x, ok := got[name]; ok {
			tolerate(prefix+name, []float64{x})
		}
	}
}

// report fails the test with the first few deviations.
func (c *checker) report(t *testing.T) {
	t.Helper()
	for _, e := range c.errs[:min(len(c.errs), 8)] {
		t.Error(e)
	}
	if len(c.errs) > 8 {
		t.Errorf("and %d more", len(c.errs)-8)
	}
	t.Logf("%d tensors; the worst is %s at %.2g of its tolerance", c.count, c.where, c.worst)
}

// TestGradients: losses, every gradient of both networks and the running
// statistics of one step. Under descent with momentum, the memory after the
// first step is the gradient, so that the programs tell it themselves.
func TestGradients(t *testing.T) {
	each(t, 1, func(t *testing.T, dev device.Device, name string, _ int) {
		c := gradients(t, dev, open(t, name, descent...), true)
		c.report(t)
	})
}

// descent is the optimisers of a fixture's sgd step.
var descent = []string{"optim.g.kind=sgd", "optim.d.kind=sgd", "optim.g.lr=0.05", "optim.d.lr=0.05", "optim.g.momentum=0.5", "optim.d.momentum=0.5",
	"optim.g.schedule=constant", "optim.d.schedule=constant"}

// TestLazyPenalties: a penalty at each fourth update counts four times there, so a
// fourth of its weight has the gradients that PyTorch has of all of it.
func TestLazyPenalties(t *testing.T) {
	each(t, 1, func(t *testing.T, dev device.Device, name string, _ int) {
		l := open(t, name).penalties()
		if l.GP.IsZero() && l.R1.IsZero() && l.R2.IsZero() {
			t.Skip("the game has no penalty")
		}
		quarter := func(key string, weight float64) string { return fmt.Sprintf("%s=%g", key, weight*float64(l.Every)/4) }
		f := open(t, name, append(descent, quarter("loss.gp", l.GP.Value), quarter("loss.r1", l.R1.Value), quarter("loss.r2", l.R2.Value), "loss.every=4")...)
		c := gradients(t, dev, f, false)
		c.report(t)
	})
}

// gradients compares a fixture's sgd step, with its scores or without.
func gradients(t *testing.T, dev device.Device, f *fixture, scores bool) *checker {
	t.Helper()
	r, c := newRig(t, dev, f, graph.F32), &checker{f: f}
	r.load(f, "start/", 0)
	if told := r.step(f, "sgd", 1, true); scores {
		c.scores("sgd/score/", told, c.spread)
	}
	for _, v := range f.variables("sgd/") {
		c.spread("sgd/"+v, r.read("opt/"+v[:1]+"/v/"+v))
	}
	for _, v := range append(r.game.Player("g").Net.Params(), r.game.Player("d").Net.Params()...) {
		if !slices.Contains(f.variables("sgd/"), v.Name) {
			t.Errorf("the fixture has no gradient of %s", v.Name)
		}
	}
	return c
}

// TestPenalties: gradient penalty and R1 alone, and their gradients, which are
// second-order ones.
func TestPenalties(t *testing.T) {
	each(t, 1, func(t *testing.T, dev device.Device, name string, _ int) {
		f := open(t, name)
		if len(f.under("penalty/")) == 0 {
			t.Skip("the game has no penalty")
		}
		r, c := newRig(t, dev, f, graph.F32), &checker{f: f}
		r.compile(r.penalty(f))
		r.load(f, "start/", 0)
		for output, data := range r.run("penalty", f, "penalty/") {
			c.spread("penalty/"+output, floats(data, graph.F32))
		}
		c.report(t)
	})
}

// penalty builds a program with the game's penalty at points x, and all of
// D's gradients of it.
func (r *rig) penalty(f *fixture) *graph.Program {
	r.t.Helper()
	l, d := f.penalties(), r.game.Player("d")
	p, err := graph.Build("penalty", r.game.Vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, append(graph.Shape{f.config.Train.Batch}, f.sample()...))
		critic := func(x *graph.Node) *graph.Node {
			return d.Apply(b, nn.Mode{Label: "penalty", Train: true}, x)[0]
		}
		value := loss.R1(critic, x, l.R1.Value)
		if !l.GP.IsZero() {
			value = loss.GradientPenalty(critic, x, l.GP.Value)
		}
		b.Output("loss", value)
		var params []*graph.Node
		for _, v := range d.Net.Params() {
			params = append(params, b.Read(v))
		}
		for i, g := range graph.Gradients(value, nil, params...) {
			b.Output(d.Net.Params()[i].Name, g)
		}
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// TestSteps: each of ten steps from the state in which PyTorch began it, with
// all that a step leaves behind: weights, statistics, moments, averages.
func TestSteps(t *testing.T) {
	each(t, 1, func(t *testing.T, dev device.Device, name string, steps int) {
		f := open(t, name)
		r, c := newRig(t, dev, f, graph.F32), &checker{f: f}
		start := "start/"
		for i := range steps {
			r.load(f, start, i)
			start = fmt.Sprintf("step%d/", i)
			c.scores(start+"score/", r.step(f, start[:len(start)-1], f.rhythm().DSteps, i%f.penalties().Every == 0), c.spread)
			for _, v := range r.state() {
				c.spread(start+v, r.read(v))
			}
		}
		c.report(t)
	})
}

// state lists all Variables of the game that hold floats.
func (r *rig) state() (names []string) {
	for _, v := range r.game.Vars.All() {
		if v.DType.IsFloat() {
			names = append(names, v.Name)
		}
	}
	return names
}

// TestFreeSteps: ten steps in float64 with nothing in common but the start and
// what is fed. In fp32 Adam would turn rounding noise into whole steps.
func TestFreeSteps(t *testing.T) {
	each(t, steps, func(t *testing.T, dev device.Device, name string, steps int) {
		f := open(t, name)
		r, c := newRig(t, dev, f, graph.F64), &checker{f: f}
		r.load(f, "start/", 0)
		for i := range steps {
			at := fmt.Sprintf("step%d", i)
			scores := r.step(f, at, f.rhythm().DSteps, i%f.penalties().Every == 0)
			c.scores("free/"+at+"/", scores, func(tensor string, got []float64) { // scores leave as fp32
				want := f.values(tensor)
				w, err := compare(got, want, func(int) float64 { return 2 * roundoff * abs(want[0]) })
				c.note(tensor, w, err)
			})
		}
		for _, v := range r.state() {
			w, err := withinFree(r.read(v), f.values("free/"+v))
			c.note("free/"+v, w, err)
		}
		c.report(t)
	})
}

func abs(x float64) float64 { return max(x, -x) }

// TestFaultIsFound runs the comparison on devices that compute one operator
// slightly wrong, and demands that it fails.
func TestFaultIsFound(t *testing.T) {
	faults := []struct {
		name  string
		wrong func(n *graph.Node, y []float64)
	}{
		{"a filter gradient 0.1% too large", func(n *graph.Node, y []float64) {
			if n.Op == graph.OpConv2DFilterGrad {
				scale(y, 1.001)
			}
		}},
		{"one tap of one filter gradient lost", func(n *graph.Node, y []float64) {
			if n.Op == graph.OpConv2DFilterGrad {
				y[len(y)/2] = 0
			}
		}},
		{"a norm's gradient without its means", func(n *graph.Node, y []float64) {
			if n.Op == graph.OpNormalizeGrad {
				for i := range y {
					y[i] += 1e-3 * y[0]
				}
			}
		}},
		{"a sigmoid of bfloat16's accuracy", func(n *graph.Node, y []float64) {
			if n.Op == graph.OpSigmoid {
				for i := range y {
					y[i] = graph.BF16.Round(y[i])
				}
			}
		}},
	}
	f := open(t, "dcgan", descent...)
	for _, fault := range faults {
		t.Run(strings.ReplaceAll(fault.name, " ", "_"), func(t *testing.T) {
			dev := reference.NewDevice()
			dev.Eval = func(n *graph.Node, in []reference.Array) (reference.Array, error) {
				y, err := reference.Eval(n, in)
				fault.wrong(n, y.Data)
				return y, err
			}
			if c := gradients(t, dev, f, true); len(c.errs) == 0 {
				t.Errorf("nobody noticed: the worst is %s at %.2g of its tolerance", c.where, c.worst)
			}
		})
	}
}

func scale(y []float64, by float64) {
	for i := range y {
		y[i] *= by
	}
}
