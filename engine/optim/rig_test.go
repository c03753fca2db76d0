package optim

import (
	"errors"
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
func (l *lab) update(o *Optimizer, g []float64) {
	l.Helper()
	w := o.Params()[0]
	l.run(func(b *graph.Builder) {
		x := b.Input("g", w.DType, w.Shape)
		b.Update(w, o.Step(b, []*graph.Node{b.Read(w)}, []*graph.Node{x}, nil)[0], nil)
	}, reference.Array{DType: w.DType, Shape: w.Shape, Data: g})
}

// clock is the count of updates of optimiser opt, as a schedule reads it.
func (l *lab) clock(b *graph.Builder) *graph.Node {
	return graph.Cast(b.Read(l.vars.ByName("opt/step")), graph.F64)
}

// refused builds a program that is impossible for a reason.
func (l *lab) refused(want string, f func(b *graph.Builder)) {
	l.Helper()
	_, err := graph.Build("p", l.vars, f)
	var be *graph.BuildError
	if !errors.As(err, &be) || !strings.Contains(err.Error(), want) {
		l.Errorf("error %v, want %q", err, want)
	}
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
