// Package nn builds layers: a network is a function from a Pass and a node to
// a node, and says nothing of devices, losses or time.
//
// A Net is the set of parameters, statistics and state that such a function
// declares the first time it runs. A Pass is one run of the function inside one
// program: it says which statistics batch norm uses, and whose values the
// parameters have (the Variables', an average's, or values that the same program
// has just computed).
//
// Layers: Dense, Conv, ConvTranspose, Embedding, Projection; their weights are
// parameters or what a Weight makes of them (SpectralNorm, WeightNorm, Equalized).
// BatchNorm, ConditionalBatchNorm, ModulatedBatchNorm, VirtualBatchNorm,
// InstanceNorm, LayerNorm, ActNorm; Dropout, GaussianNoise, Maxout, PReLU; PixelShuffle,
// PixelUnshuffle, MeanPool, ReflectionPad, Flatten; MinibatchDiscrimination, MinibatchStdDev.
// An Average follows the parameters; a Standing holds statistics for use.
package nn

import (
	"strings"

	"ganengine/engine/graph"
)

// Net is a network's Variables, by name: parameters are trained, statistics are
// running means that follow the data, state is all else that passes move: vectors
// of power iterations, counters.
type Net struct {
	Name   string      // the first part of every Variable's name
	Float  graph.DType // type of parameters and activations: F32, or F64 in tests
	vars   *graph.Vars
	params []*graph.Variable
	stats  []*graph.Variable
	state  []*graph.Variable
}

// NewNet gives an empty network; running its function declares its Variables.
func NewNet(vars *graph.Vars, name string, float graph.DType) *Net {
	return &Net{Name: name, Float: float, vars: vars}
}

// Params lists the trained Variables in order of declaration.
func (n *Net) Params() []*graph.Variable { return n.params }

// Stats lists the running statistics in order of declaration.
func (n *Net) Stats() []*graph.Variable { return n.stats }

// State lists what tracking passes move besides statistics, in order of
// declaration. It goes with the trained parameters and has no average.
func (n *Net) State() []*graph.Variable { return n.state }

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
	path []string                        // of names, the network's first
	made map[*graph.Variable]*graph.Node // weights that this pass has made, by the state that making them moved
}

// Pass starts a run of the network.
func (n *Net) Pass(b *graph.Builder, m Mode) *Pass {
	if m.Values == nil {
		m.Values = NewValues()
	}
	return &Pass{B: b, Mode: m, net: n, path: []string{n.Name}, made: map[*graph.Variable]*graph.Node{}}
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
	return p.Get(p.param(name, s, init))
}

func (p *Pass) param(name string, s graph.Shape, init Init) *graph.Variable {
	return p.variable(name, s, p.net.Float, init, &p.net.params, p.net.Name)
}

// Stat is the Variable of a running statistic, declared on first use with that
// value everywhere. Averages follow it.
func (p *Pass) Stat(name string, s graph.Shape, start float64) *graph.Variable {
	return p.variable(name, s, p.net.Float, Constant(start), &p.net.stats, p.net.Name+"/stats")
}

// State is a Variable that passes move and that has no average, declared on first
// use. What moves it asks Tracks first.
func (p *Pass) State(name string, s graph.Shape, d graph.DType, init Init) *graph.Variable {
	return p.variable(name, s, d, init, &p.net.state, p.net.Name+"/state")
}

// Get is the value that v has in this pass.
func (p *Pass) Get(v *graph.Variable) *graph.Node { return p.Mode.Values.Get(p.B, v) }

// Set gives v a new value, which later passes that share Values see. It is data:
// no gradient passes.
func (p *Pass) Set(v *graph.Variable, x *graph.Node) { p.Mode.Values.Set(v, graph.StopGradient(x)) }

// variable finds or declares the Variable of that name below the pass's path.
func (p *Pass) variable(name string, s graph.Shape, d graph.DType, init Init, list *[]*graph.Variable, group string) *graph.Variable {
	full := strings.Join(p.path, "/") + "/" + name
	v := p.net.vars.ByName(full)
	if v == nil {
		v = p.net.vars.Add(&graph.Variable{Name: full, Shape: s, DType: d, Group: group, Init: init(s, d)})
		*list = append(*list, v)
	}
	if !v.Shape.Equal(s) {
		graph.Fail("Param", "%s has shape %s, now %s is asked for", full, v.Shape, s)
	}
	return v
}

// stream is the name of a random stream of this pass.
func (p *Pass) stream(name string) string { return name + "." + p.Mode.Label }
