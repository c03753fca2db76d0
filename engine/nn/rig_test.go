package nn

import (
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// lab runs programs over one set of Variables, in float64 on the reference.
type lab struct {
	*testing.T
	vars   *graph.Vars
	values map[*graph.Variable]reference.Array
	random *graph.Random
}

func newLab(t *testing.T) *lab {
	l := &lab{T: t, vars: graph.NewVars(), values: map[*graph.Variable]reference.Array{}}
	seed := l.vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 7)})
	run := l.vars.Add(&graph.Variable{Name: "run", DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	l.random = &graph.Random{Seed: seed, Run: run}
	return l
}

// run builds a program, runs it once and gives its outputs by name.
func (l *lab) run(f func(b *graph.Builder)) map[string]reference.Array {
	l.Helper()
	p, err := graph.Build("test", l.vars, func(b *graph.Builder) {
		b.UseRandom(l.random)
		f(b)
	})
	if err != nil {
		l.Fatal(err)
	}
	return l.execute(p)
}

func (l *lab) execute(p *graph.Program) map[string]reference.Array {
	l.Helper()
	outputs, updates, err := reference.Run(p, l.value, nil)
	if err != nil {
		l.Fatal(err)
	}
	maps.Copy(l.values, updates)
	named := map[string]reference.Array{}
	for i, o := range p.Outputs {
		named[o.Name] = outputs[i]
	}
	return named
}

// init gives all Variables their first values.
func (l *lab) init() {
	l.Helper()
	p, err := l.vars.InitProgram("init", &graph.Random{Seed: l.random.Seed}, nil)
	if err != nil {
		l.Fatal(err)
	}
	l.execute(p)
}

// value is a Variable's; zero until it is set.
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

func (l *lab) set(name string, data ...float64) {
	l.Helper()
	v := l.vars.ByName(name)
	if v == nil || v.Shape.Size() != len(data) {
		l.Fatalf("%d numbers for variable %s, %v", len(data), name, v)
	}
	l.values[v] = reference.Array{DType: v.DType, Shape: v.Shape, Data: data}
}

// near compares within some roundings of float64.
func (l *lab) near(what string, got, want []float64) {
	l.Helper()
	if len(got) != len(want) {
		l.Errorf("%s has %d elements, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-12*(1+math.Abs(want[i]))) {
			l.Errorf("%s[%d] is %.15g, want %.15g", what, i, got[i], want[i])
			return
		}
	}
}

// numbers are n of them, the same each time.
func numbers(seed uint64, n int) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// buildError wants the error of a programmer's mistake.
func buildError(t *testing.T, vars *graph.Vars, f func(b *graph.Builder)) string {
	t.Helper()
	_, err := graph.Build("wrong", vars, f)
	var be *graph.BuildError
	if !errors.As(err, &be) {
		t.Fatalf("error %v, want a BuildError", err)
	}
	return err.Error()
}

// differentiable compares the derivatives of a weighted sum of what a layer gives,
// by x and by all the network's parameters, with central differences. The layer
// must exist (run once) and parameters have values.
func (l *lab) differentiable(net *Net, m Mode, s graph.Shape, x []float64, layer func(p *Pass, x *graph.Node) *graph.Node) {
	l.Helper()
	in := l.vars.ByName("in")
	if in == nil {
		in = l.vars.Add(&graph.Variable{Name: "in", Shape: s, DType: graph.F64, Init: graph.Fill(graph.F64, 0)})
	}
	l.set("in", x...)
	all := append([]*graph.Variable{in}, net.Params()...)
	p, err := graph.Build("slopes", l.vars, func(b *graph.Builder) {
		b.UseRandom(l.random)
		y := layer(net.Pass(b, m), b.Read(in))
		loss := graph.Total(graph.Mul(y, b.Literal(graph.F64, y.Shape, numbers(99, y.Shape.Size()))))
		var at []*graph.Node
		for _, v := range all {
			at = append(at, b.Read(v))
		}
		b.Output("loss", loss)
		for i, g := range graph.Gradients(loss, nil, at...) {
			b.Output(all[i].Name, g)
		}
	})
	if err != nil {
		l.Fatal(err)
	}
	run := func() map[string]reference.Array {
		defer l.set("run", l.named("run")...) // the same draws each time
		return l.execute(p)
	}
	got := run()
	const h = 1e-5
	for _, v := range all {
		data := l.named(v.Name)
		for i, old := range data {
			data[i] = old + h
			above := run()["loss"].Data[0]
			data[i] = old - h
			below := run()["loss"].Data[0]
			data[i] = old
			want := (above - below) / (2 * h)
			if g := got[v.Name].Data[i]; !(math.Abs(g-want) <= 1e-7*(1+math.Abs(want))) {
				l.Errorf("the derivative by %s[%d] is %g, by differences %g", v.Name, i, g, want)
				return
			}
		}
	}
}

// within compares within a tolerance.
func (l *lab) within(what string, got, want, tolerance float64) {
	l.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		l.Errorf("%s is %.12g, want %.12g within %g", what, got, want, tolerance)
	}
}

// randomize gives the network's parameters numbers, their first values being mostly
// too plain to tell layers apart.
func (l *lab) randomize(net *Net) {
	for i, v := range net.Params() {
		l.set(v.Name, numbers(uint64(50+i), v.Shape.Size())...)
	}
}
