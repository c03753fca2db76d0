package optim

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// pair is a weight [2, 3] and a bias [2], with their values and an optimiser's model of
// both in plain numbers.
type pair struct {
	*lab
	params []*graph.Variable
	values [][]float64
	count  int
	first  [][]float64 // moments
}

func newPair(t *testing.T) *pair {
	p := &pair{lab: newLab(t), values: [][]float64{{1, -2, .5, .25, 3, -1}, {.75, -.5}}, first: [][]float64{make([]float64, 6), make([]float64, 2)}}
	for i, v := range []*graph.Variable{{Name: "g/w", Shape: graph.Shape{2, 3}}, {Name: "d/b", Shape: graph.Shape{2}}} {
		v.DType, v.Init = graph.F64, graph.Fill(graph.F64, 0)
		p.params = append(p.params, p.vars.Add(v))
		p.lab.values[v] = reference.Array{DType: v.DType, Shape: v.Shape, Data: slices.Clone(p.values[i])}
	}
	return p
}

// grads are those of both parameters at update t.
func (p *pair) grads(t int) [][]float64 {
	out := [][]float64{make([]float64, 6), make([]float64, 2)}
	for i := range out {
		for j := range out[i] {
			out[i][j] = 2 * math.Sin(float64(5*i+3*j+2*t))
		}
	}
	return out
}

// program runs f on both gradients; those that are nil are none.
func (p *pair) program(grads [][]float64, when bool, f func(b *graph.Builder, values, grads []*graph.Node, when *graph.Node)) {
	p.Helper()
	var in []reference.Array
	for i, g := range grads {
		if g != nil {
			in = append(in, reference.Array{DType: graph.F64, Shape: p.params[i].Shape, Data: g})
		}
	}
	in = append(in, reference.Array{DType: graph.Bool, Data: []float64{map[bool]float64{true: 1}[when]}})
	p.run(func(b *graph.Builder) {
		var values, gs []*graph.Node
		for i, v := range p.params {
			values = append(values, b.Read(v))
			if grads[i] == nil {
				gs = append(gs, nil)
			} else {
				gs = append(gs, b.Input("of "+v.Name, graph.F64, v.Shape))
			}
		}
		f(b, values, gs, b.Input("when", graph.Bool, nil))
	}, in...)
}

// step is one update of both.
func (p *pair) step(o *Optimizer, grads [][]float64, when bool) {
	p.Helper()
	p.program(grads, when, func(b *graph.Builder, values, gs []*graph.Node, node *graph.Node) {
		for i, x := range o.Step(b, values, o.Mean(b, gs), node) {
			b.Update(p.params[i], x, nil)
		}
	})
}

// follow is the same update in plain numbers, of momentum .5 at the rate .1.
func (p *pair) follow(o Options, grads [][]float64) {
	var square float64
	for _, g := range grads {
		for _, x := range g {
			square += x * x
		}
	}
	bounded := func(x, most float64) float64 {
		if most == 0 {
			return x
		}
		return math.Copysign(min(math.Abs(x), most), x)
	}
	for i, g := range grads {
		if g == nil {
			continue
		}
		for j, x := range g {
			if o.ClipNorm > 0 {
				x *= min(1, o.ClipNorm/(math.Sqrt(square)+1e-6))
			}
			w := p.values[i][j]
			x = bounded(x, o.ClipValue) + o.L2.constant*w
			w -= .1 * o.Decay.constant * w
			p.first[i][j] = .5*p.first[i][j] + x
			p.values[i][j] = bounded(w-.1*p.first[i][j], o.Clamp)
		}
	}
	for r := 0; r < 2 && o.MaxNorm > 0; r++ {
		row := p.values[0][3*r : 3*r+3]
		if length := math.Sqrt(row[0]*row[0] + row[1]*row[1] + row[2]*row[2]); length > o.MaxNorm {
			for j := range row {
				row[j] *= o.MaxNorm / length
			}
		}
	}
	p.count++
}

// same compares values, moments and count.
func (p *pair) same(what string) {
	p.Helper()
	for i, v := range p.params {
		p.near(what+": "+v.Name, p.named(v.Name), p.values[i], 1e-13)
		p.near(what+": moment of "+v.Name, p.named("opt/v/"+v.Name), p.first[i], 1e-13)
	}
	p.near(what+": count", p.named("opt/step"), []float64{float64(p.count)}, 0)
}

func momentum(o Options) Options {
	o.Rule, o.LR = SGD{Momentum: Constant(.5)}, Constant(.1)
	return o
}

// Each part of an update alone, and all in their order.
func TestBounds(t *testing.T) {
	for name, o := range map[string]Options{
		"nothing":    {},
		"clip norm":  {ClipNorm: 1.5},
		"clip value": {ClipValue: .75},
		"both clips": {ClipNorm: 3, ClipValue: .9},
		"long clip":  {ClipNorm: 100, ClipValue: 10},
		"l2":         {L2: Constant(.5)},
		"decay":      {Decay: Constant(.5)},
		"clamp":      {Clamp: .6},
		"max norm":   {MaxNorm: .6},
		"all":        {ClipNorm: 3, ClipValue: .9, L2: Constant(.5), Decay: Constant(.25), Clamp: 1.2, MaxNorm: 1.75},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			opt := New(p.vars, "opt", momentum(o), p.params)
			for s := range steps {
				g := p.grads(s)
				p.follow(o, g)
				p.step(opt, g, true)
				p.same(fmt.Sprintf("after %d", s+1))
			}
		})
	}
}

// What is computed acts as the constant of its value, in each place that takes it.
func TestComputedBounds(t *testing.T) {
	p := newPair(t)
	s := Schedule{At: []float64{0, 4}, To: []float64{.5, 0}}
	o := momentum(Options{})
	opt := New(p.vars, "opt", o, p.params)
	opt.options.L2, opt.options.Decay = s.Over(p.clock), s.Over(p.clock)
	for n := range steps {
		x := Constant(s.Value(float64(n)))
		p.follow(Options{L2: x, Decay: x}, p.grads(n))
		p.step(opt, p.grads(n), true)
		p.same(fmt.Sprintf("after %d", n+1))
	}
}

// What lies within its bounds keeps every bit.
func TestBoundsKeepBits(t *testing.T) {
	p := newPair(t)
	o := New(p.vars, "opt", Options{Rule: SGD{}, LR: Constant(0), Clamp: 3, MaxNorm: 4}, p.params)
	p.step(o, p.grads(0), true)
	for i, v := range p.params {
		p.near(v.Name, p.named(v.Name), p.values[i], 0)
	}
}

// Filters keep the length of each output's; vectors have no rows.
func TestMaxNormOfFilters(t *testing.T) {
	l := newLab(t)
	w := l.vars.Add(&graph.Variable{Name: "w", Shape: graph.Shape{2, 1, 2, 2}, DType: graph.F64, Init: graph.Fill(graph.F64, 0)})
	l.values[w] = reference.Array{DType: graph.F64, Shape: w.Shape, Data: []float64{1, 1, 1, 1, 4, 4, 4, 4}}
	o := New(l.vars, "opt", Options{Rule: SGD{}, LR: Constant(0), MaxNorm: 4}, []*graph.Variable{w})
	l.update(o, make([]float64, 8))
	l.near("w", l.named("w"), []float64{1, 1, 1, 1, 2, 2, 2, 2}, 0)
}

// Where the predicate is false nothing moves, and nothing is counted.
func TestGate(t *testing.T) {
	for name, o := range map[string]Options{"nothing": {}, "all": {ClipNorm: 3, L2: Constant(.5), Decay: Constant(.25), Clamp: .9, MaxNorm: 1.2}} {
		p := newPair(t)
		opt := New(p.vars, "opt", momentum(o), p.params)
		for s, when := range []bool{false, true, true, false, false, true} {
			if when {
				p.follow(o, p.grads(s))
			}
			p.step(opt, p.grads(s), when)
			p.same(fmt.Sprintf("%s, after %d", name, s+1))
		}
	}
}

// A gate keeps a NaN out as well, since it chooses and does not multiply.
func TestGateStopsNaN(t *testing.T) {
	p := newPair(t)
	o := New(p.vars, "opt", momentum(Options{}), p.params)
	p.step(o, [][]float64{slices.Repeat([]float64{math.NaN()}, 6), {math.Inf(1), 0}}, false)
	p.same("after NaN")
}

// A parameter that no gradient reaches stays, with its moments, whatever the options;
// others do not feel it.
func TestUnreached(t *testing.T) {
	o := Options{ClipNorm: 1.5, L2: Constant(.5), Decay: Constant(.25)}
	p := newPair(t)
	opt := New(p.vars, "opt", momentum(o), p.params)
	for s := range steps {
		g := p.grads(s)
		if s%3 == 0 {
			g[1] = nil
		}
		p.follow(o, g)
		p.step(opt, g, true)
		p.same(fmt.Sprintf("after %d", s+1))
	}
	p.refused("no parameter of optimiser opt has a gradient", func(b *graph.Builder) {
		opt.Step(b, []*graph.Node{b.Read(p.params[0]), b.Read(p.params[1])}, make([]*graph.Node, 2), nil)
	})
	p.refused("optimiser opt has 2 parameters, and got 1 values and 1 gradients", func(b *graph.Builder) {
		opt.Step(b, []*graph.Node{b.Read(p.params[0])}, []*graph.Node{b.Read(p.params[0])}, nil)
	})
}

// Three runs make an update of the mean of their gradients, and the next three start
// from zero, also after an update that a gate stopped.
func TestAccumulation(t *testing.T) {
	const runs = 3
	o := Options{ClipNorm: 1.5, L2: Constant(.5)} // the clip tells the mean from the sum, and is taken once
	p := newPair(t)
	options := momentum(o)
	options.Accumulate = runs
	opt := New(p.vars, "opt", options, p.params)
	for s := range steps {
		when := s%4 != 2
		mean := [][]float64{make([]float64, 6), make([]float64, 2)}
		if s == 5 {
			mean[1] = nil
		}
		for r := range runs {
			g := p.grads(s*runs + r)
			for i := range mean {
				for j := range mean[i] {
					mean[i][j] += g[i][j] / runs
				}
				if mean[i] == nil {
					g[i] = nil
				}
			}
			if r < runs-1 {
				p.program(g, true, func(b *graph.Builder, _, gs []*graph.Node, _ *graph.Node) { opt.Accumulate(b, gs) })
			} else {
				if when {
					p.follow(o, mean)
				}
				p.step(opt, g, when)
			}
			if r > 0 && r < runs-1 && p.named("opt/acc/g/w")[0] == 0 {
				t.Error("nothing is accumulated")
			}
		}
		p.same(fmt.Sprintf("after %d", s+1))
	}
	if v := p.vars.ByName("opt/acc/d/b"); v == nil || v.Group != "opt/acc" || !v.Shape.Equal(graph.Shape{2}) {
		t.Errorf("accumulator %v", v)
	}
}

// Who accumulates nothing has no accumulators.
func TestNoAccumulators(t *testing.T) {
	for _, n := range []int{0, 1} {
		p := newPair(t)
		o := New(p.vars, "opt", Options{Rule: SGD{}, LR: Constant(1), Accumulate: n}, p.params)
		if got := len(p.vars.All()); got != 3 {
			t.Errorf("%d variables, want two parameters and a count", got)
		}
		p.refused("optimiser opt was declared without accumulators", func(b *graph.Builder) {
			g := []*graph.Node{b.Read(p.params[0]), b.Read(p.params[1])}
			if got := o.Mean(b, g); !slices.Equal(got, g) {
				t.Errorf("the mean of one is %v", got)
			}
			o.Accumulate(b, g)
		})
	}
}

// An optimiser over several networks has each of their parameters once.
func TestSharedTrunk(t *testing.T) {
	p := newPair(t)
	o := New(p.vars, "opt", momentum(Options{}), append(slices.Clone(p.params), p.params[0]))
	if !slices.Equal(o.Params(), p.params) {
		t.Errorf("parameters %v", o.Params())
	}
	p.follow(Options{}, p.grads(0))
	p.step(o, p.grads(0), true)
	p.same("after 1")
	for _, name := range []string{"opt/v/g/w", "opt/v/d/b"} {
		if v := p.vars.ByName(name); v.Group != "opt/v" {
			t.Errorf("%s is in group %s", name, v.Group)
		}
	}
}

// No gradients have no length.
func TestNorm(t *testing.T) {
	l := newLab(t)
	out := l.run(func(b *graph.Builder) {
		if n := Norm([]*graph.Node{nil}); n != nil {
			t.Errorf("%v", n)
		}
		b.Output("x", Norm([]*graph.Node{nil, b.Literal(graph.F64, graph.Shape{2}, []float64{2, 3}), nil, b.Const(graph.F64, 6)}))
	})
	l.near("length", out[0].Data, []float64{7}, 1e-15)
}
