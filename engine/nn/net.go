// Package nn builds layers: a network is a function from a Pass and a node to
// a node, and says nothing of devices, losses or time.
//
// A Net is the set of parameters and statistics that such a function declares
// the first time it runs. A Pass is one run of the function inside one
// program: it says whether batch norm uses batch or running statistics, and
// whose values the parameters have (the Variables', an average's, or values
// that the same program has just computed).
package nn

import (
	"fmt"
	"strings"

	"ganengine/engine/graph"
)

// Net is a network's Variables, by name: parameters are trained, statistics are
// running means that follow the data.
type Net struct {
	Name   string      // the first part of every Variable's name
	Float  graph.DType // type of parameters and activations: F32, or F64 in tests
	vars   *graph.Vars
	params []*graph.Variable
	stats  []*graph.Variable
}

// NewNet gives an empty network; running its function declares its Variables.
func NewNet(vars *graph.Vars, name string, float graph.DType) *Net {
	return &Net{Name: name, Float: float, vars: vars}
}

// Params lists the trained Variables in order of declaration.
func (n *Net) Params() []*graph.Variable { return n.params }

// Stats lists the running statistics in order of declaration.
func (n *Net) Stats() []*graph.Variable { return n.stats }

// Declare runs f once in a program that is thrown away, so that the network's
// Variables exist; input gives its operand.
func (n *Net) Declare(f func(p *Pass)) error {
	_, err := graph.Build(n.Name+"/declare", n.vars, func(b *graph.Builder) {
		f(n.Pass(b, Mode{Label: "declare"}))
	})
	return err
}

// Count is the number of trained numbers.
func (n *Net) Count() int {
	total := 0
	for _, v := range n.params {
		total += v.Shape.Size()
	}
	return total
}

// Mode says how a pass treats what differs between training and use.
type Mode struct {
	Label string // unique within the program; part of the names of its random streams
	Train bool   // batch norm uses batch statistics, dropout drops
	Track bool   // running statistics follow this pass (needs Train)
	// Batches is how many equal batches follow each other in the examples: batch
	// norm treats each by itself, as it would in passes of their own. 0 means 1.
	Batches int
	// Values gives a parameter's or statistic's value; nil reads the Variable,
	// and what a tracking pass finds is then in the Mode of the Pass.
	Values *Values
}

// Values holds the values that a set of Variables has at a point of a program,
// where these are not the Variables' own. Passes that share it see each
// other's statistics.
type Values struct {
	now   map[*graph.Variable]*graph.Node
	order []*graph.Variable                     // of the first Set: the updates' order
	alias func(*graph.Variable) *graph.Variable // whose value stands for a Variable's; nil: its own
}

// NewValues starts with every Variable's own value.
func NewValues() *Values { return &Values{now: map[*graph.Variable]*graph.Node{}} }

// Get is v's value now.
func (s *Values) Get(b *graph.Builder, v *graph.Variable) *graph.Node {
	if n := s.now[v]; n != nil {
		return n
	}
	return b.Read(s.stored(v))
}

// stored is the Variable that v's value is read from and stored in.
func (s *Values) stored(v *graph.Variable) *graph.Variable {
	if s.alias == nil {
		return v
	}
	return s.alias(v)
}

// Set gives v a new value within the program.
func (s *Values) Set(v *graph.Variable, x *graph.Node) {
	if s.now[v] == nil {
		s.order = append(s.order, v)
	}
	s.now[v] = x
}

// Commit stores every value that was set in its Variable at the end of the run.
func (s *Values) Commit(b *graph.Builder) {
	for _, v := range s.order {
		b.Update(s.stored(v), s.now[v], nil)
	}
}

// Pass is one run of a network's function inside one program.
type Pass struct {
	B    *graph.Builder
	Mode Mode
	net  *Net
	path []string // of names, the network's first
}

// Pass starts a run of the network.
func (n *Net) Pass(b *graph.Builder, m Mode) *Pass {
	if m.Values == nil {
		m.Values = NewValues()
	}
	return &Pass{B: b, Mode: m, net: n, path: []string{n.Name}}
}

// Float is the type of parameters and activations.
func (p *Pass) Float() graph.DType { return p.net.Float }

// In runs f with name added to the names of Variables and streams.
func (p *Pass) In(name string, f func()) {
	p.path = append(p.path, name)
	p.B.In(name, f)
	p.path = p.path[:len(p.path)-1]
}

// Scoped runs f in the network's own scope.
func (p *Pass) Scoped(f func(p *Pass) *graph.Node) (y *graph.Node) {
	p.B.In(p.net.Name, func() { y = f(p) })
	return y
}

// Param is the value of the named parameter, declared on first use. Asking for
// another shape than before is a programmer's error.
func (p *Pass) Param(name string, s graph.Shape, init Init) *graph.Node {
	return p.Mode.Values.Get(p.B, p.variable(name, s, init, &p.net.params, p.net.Name))
}

// stat is the Variable of a running statistic, declared on first use.
func (p *Pass) stat(name string, s graph.Shape, start float64) *graph.Variable {
	return p.variable(name, s, Constant(start), &p.net.stats, p.net.Name+"/stats")
}

// variable finds or declares the Variable of that name below the pass's path.
func (p *Pass) variable(name string, s graph.Shape, init Init, list *[]*graph.Variable, group string) *graph.Variable {
	full := strings.Join(p.path, "/") + "/" + name
	v := p.net.vars.ByName(full)
	if v == nil {
		v = p.net.vars.Add(&graph.Variable{Name: full, Shape: s, DType: p.net.Float, Group: group, Init: init(s, p.net.Float)})
		*list = append(*list, v)
	}
	if !v.Shape.Equal(s) {
		panic(&graph.BuildError{Op: "Param", Msg: fmt.Sprintf("%s has shape %s, now %s is asked for", full, v.Shape, s)})
	}
	return v
}

// stream is the name of a random stream of this pass.
func (p *Pass) stream(name string) string { return name + "." + p.Mode.Label }
