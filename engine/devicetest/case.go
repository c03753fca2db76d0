package devicetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/philox"
	"ganengine/engine/reference"
)

// Case is one program with the data it runs on.
type Case struct {
	Name  string // Operator/shape/type; -run takes it
	Large bool   // left out by -short
	build func(m *maker)
}

// HasProducts says whether the case's program has matrix products or convolutions.
func (c Case) HasProducts() bool {
	p, _, _, err := c.make()
	return err == nil && slices.ContainsFunc(p.Nodes, func(n *graph.Node) bool { return n.Op.Info().Class == graph.Product })
}

// A maker builds a case's program and draws its data, the same at each call.
type maker struct {
	b      *graph.Builder
	vars   *graph.Vars
	rng    *rand.Rand
	state  map[*graph.Variable]reference.Array
	inputs []reference.Array
	outs   int
}

// make builds the program and its data.
func (c Case) make() (*graph.Program, map[*graph.Variable]reference.Array, []reference.Array, error) {
	m := newMaker(c.Name)
	p, err := graph.Build(c.Name, m.vars, func(b *graph.Builder) {
		m.b = b
		c.build(m)
	})
	return p, m.state, m.inputs, err
}

func newMaker(name string) *maker {
	return &maker{vars: graph.NewVars(), rng: rand.New(rand.NewPCG(philox.StreamHash(name), 1)),
		state: map[*graph.Variable]reference.Array{}}
}

// Domains that cases draw from, beside those of the operator table.
var (
	unit  = graph.Domain{Lo: -1, Hi: 1}
	large = graph.Domain{Lo: -100, Hi: 100}
)

// in is an input with values from dom.
func (m *maker) in(d graph.DType, s graph.Shape, dom graph.Domain) *graph.Node {
	return m.feed(m.draw(d, s, dom))
}

// feed is an input with the given values.
func (m *maker) feed(a reference.Array) *graph.Node {
	m.inputs = append(m.inputs, a)
	return m.b.Input(fmt.Sprintf("x%d", len(m.inputs)-1), a.DType, a.Shape)
}

// variable is a Variable with values from dom.
func (m *maker) variable(name string, d graph.DType, s graph.Shape, dom graph.Domain) *graph.Variable {
	return m.holding(name, m.draw(d, s, dom))
}

// holding is a Variable with the given values.
func (m *maker) holding(name string, a reference.Array) *graph.Variable {
	v := m.vars.Add(&graph.Variable{Name: name, Shape: a.Shape, DType: a.DType, Group: "test", Init: graph.Fill(a.DType, 0)})
	m.state[v] = a
	return v
}

// out declares the next output.
func (m *maker) out(xs ...*graph.Node) {
	for _, x := range xs {
		m.b.Output(fmt.Sprintf("y%d", m.outs), x)
		m.outs++
	}
}

// draw gives values of dom; integers from the domain's range, or 0 and 1 for Bool.
func (m *maker) draw(d graph.DType, s graph.Shape, dom graph.Domain) reference.Array {
	a := reference.New(d, s)
	for i := range a.Data {
		a.Data[i] = d.Round(m.value(d, dom))
	}
	return a
}

func (m *maker) value(d graph.DType, dom graph.Domain) float64 {
	switch d {
	case graph.Bool:
		return float64(m.rng.IntN(2))
	case graph.U8:
		return float64(m.rng.IntN(256))
	}
	for {
		x := dom.Lo + (dom.Hi-dom.Lo)*m.rng.Float64()
		if dom.Integer || d == graph.I32 {
			x = math.Floor(x)
		}
		if !slices.ContainsFunc(dom.AwayOf, func(p float64) bool { return math.Abs(x-p) < dom.Margin }) {
			return x
		}
	}
}

// scalar is a 0-d value.
func scalar(d graph.DType, x float64) reference.Array {
	return reference.Array{DType: d, Shape: graph.Shape{}, Data: []float64{x}}
}

// list is a vector of the given values.
func list(d graph.DType, x ...float64) reference.Array {
	return reference.Array{DType: d, Shape: graph.Shape{len(x)}, Data: x}
}

// Cases lists the whole suite but for the gradients.
func Cases() []Case {
	return slices.Concat(elementwiseCases(), castCases(), movementCases(), reductionCases(), productCases(),
		normCases(), resampleCases(), drawCases(), variableCases(), programCases(), randomCases())
}

var (
	floats   = []graph.DType{graph.F32, graph.F64, graph.BF16}
	allTypes = append([]graph.DType{graph.I32, graph.U8, graph.Bool}, floats...)
)

// at names a shape: 4x3, or scalar.
func at(s graph.Shape) string {
	if len(s) == 0 {
		return "scalar"
	}
	name := fmt.Sprint(s[0])
	for _, d := range s[1:] {
		name += fmt.Sprintf("x%d", d)
	}
	return name
}
