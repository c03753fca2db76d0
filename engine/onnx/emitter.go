package onnx

import (
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/graph"
)

// emitter writes the nodes of a graph, each when another one first asks for it.
type emitter struct {
	*batched
	net      *Net
	names    map[string]int
	values   map[*graph.Node]value
	turned   map[*graph.Node]string // values in the other order of axes
	constant map[*graph.Node]bool
	known    map[string]string // constants of the model by what they are
	folded   []graph.Output
}

// value is a tensor of the model that holds a node's result.
type value struct {
	name  string
	first bool // channels come first: [n, c, h, w] of [n, h, w, c]
}

func newEmitter(name string, b *batched) *emitter {
	return &emitter{batched: b, net: &Net{name: name}, names: map[string]int{}, values: map[*graph.Node]value{},
		turned: map[*graph.Node]string{}, constant: map[*graph.Node]bool{}, known: map[string]string{}}
}

func (e *emitter) run() error {
	for _, in := range e.Inputs {
		e.input(in.InputName(), in)
	}
	for _, o := range e.Outputs {
		e.names[o.Name]++
	}
	for _, o := range e.Outputs {
		if err := e.output(o); err != nil {
			return err
		}
	}
	if len(e.folded) > 0 {
		e.net.folded = graph.Simplify(&graph.Program{Name: "constants/" + e.net.name, Vars: e.Vars, Nodes: e.Nodes, Outputs: e.folded})
	}
	return nil
}

// input declares an input of the model. Whole numbers have 64 bits there, as indices of
// other programs do.
func (e *emitter) input(name string, n *graph.Node) {
	name = e.unique(name)
	v := value{name: name, first: image(n)}
	p := port{name, n.DType, ordered(e.dims(n), v.first)}
	if n.DType == graph.I32 {
		p.dtype = wide
		v.name = e.node(n, "Cast", []string{name}, attrInt("to", elementTypes[graph.I32]))
	}
	e.net.inputs = append(e.net.inputs, p)
	e.values[n] = v
}

func (e *emitter) output(o graph.Output) error {
	name, err := e.in(o.Value, image(o.Value))
	if err != nil {
		return err
	}
	e.nodeAs(o.Value, "Identity", []string{name}, o.Name)
	e.net.outputs = append(e.net.outputs, port{o.Name, o.Value.DType, ordered(e.dims(o.Value), image(o.Value))})
	return nil
}

// image says whether a node has the four axes of images.
func image(n *graph.Node) bool { return len(n.Shape) == 4 }

// channelsFirst is where the axes of [n, c, h, w] stand in [n, h, w, c]; lastOf is its inverse.
var channelsFirst, lastOf = []int{0, 3, 1, 2}, []int{0, 2, 3, 1}

// ordered gives what belongs to axes in the order of a value's.
func ordered[T any](axes []T, first bool) []T {
	if !first {
		return axes
	}
	out := make([]T, 4)
	for i, a := range channelsFirst {
		out[i] = axes[a]
	}
	return out
}

// axis is where axis a stands in a value.
func axis(a int, first bool) int {
	if !first {
		return a
	}
	return lastOf[a]
}

// of is a node's result in whatever order it is made.
func (e *emitter) of(n *graph.Node) (value, error) {
	if v, ok := e.values[n]; ok {
		return v, nil
	}
	var v value
	var err error
	if e.isConstant(n) {
		v.name, err = e.fold(n, n.Shape, identity(len(n.Shape)))
	} else if row, ok := table[n.Op]; !ok || row.emit == nil {
		err = &UnsupportedError{n.Describe(), row.why}
	} else {
		v, err = row.emit(e, n)
	}
	e.values[n] = v
	return v, err
}

// in is a node's result with channels first or last.
func (e *emitter) in(n *graph.Node, first bool) (string, error) {
	first = first && image(n)
	if first && e.isConstant(n) {
		return e.fold(n, n.Shape, channelsFirst)
	}
	v, err := e.of(n)
	if err != nil || v.first == first {
		return v.name, err
	}
	if name := e.turned[n]; name != "" {
		return name, nil
	}
	perm := lastOf
	if first {
		perm = channelsFirst
	}
	name := e.node(n, "Transpose", []string{v.name}, attrInts("perm", perm))
	e.turned[n] = name
	return name, nil
}

// under is what a node repeats along axes, itself where it repeats nothing.
func under(n *graph.Node) *graph.Node {
	for n.Op == graph.OpBroadcast {
		n = n.Inputs[0]
	}
	return n
}

// loose is a node's result but for what broadcasting adds, as an operand of rank axes.
func (e *emitter) loose(n *graph.Node, rank int, first bool) (string, error) {
	n = under(n)
	switch {
	case !first || image(n) || len(n.Shape) == 0:
		return e.in(n, first)
	case e.isConstant(n):
		shape := make(graph.Shape, rank)
		for i := range shape {
			if shape[i] = 1; i >= rank-len(n.Shape) {
				shape[i] = n.Shape[i-(rank-len(n.Shape))]
			}
		}
		return e.fold(n, shape, channelsFirst)
	}
	name, err := e.in(n, false)
	if err != nil {
		return "", err
	}
	dims := append(slices.Repeat([]dim{{fixed: 1}}, rank-len(n.Shape)), e.dims(n)...)
	shape, err := e.shape(n, dims, true)
	if err != nil {
		return "", err
	}
	name = e.node(n, "Reshape", []string{name, shape})
	return e.node(n, "Transpose", []string{name}, attrInts("perm", channelsFirst)), nil
}

// operands are an elementwise operator's, without what the model's own broadcasting adds to
// them, and whether channels come first in the result.
func (e *emitter) operands(n *graph.Node) (names []string, first bool, err error) {
	for _, x := range n.Inputs {
		if x = under(x); image(n) && image(x) && !e.isConstant(x) {
			v, err := e.of(x)
			if err != nil {
				return nil, false, err
			}
			first = first || v.first
		}
	}
	whole := e.reaches(n)
	for i, x := range n.Inputs {
		var name string
		if i == 0 && !whole {
			name, err = e.in(x, first)
		} else {
			name, err = e.loose(x, len(n.Shape), first)
		}
		if err != nil {
			return nil, false, err
		}
		names = append(names, name)
	}
	return names, first, nil
}

// reaches says whether a node's operands have all its extents between them before they are
// repeated.
func (e *emitter) reaches(n *graph.Node) bool {
	for a, d := range n.Shape {
		if d != 1 && !slices.ContainsFunc(n.Inputs, func(x *graph.Node) bool {
			x = under(x)
			at := a - (len(n.Shape) - len(x.Shape))
			return at >= 0 && x.Shape[at] == d
		}) {
			return false
		}
	}
	return true
}

// node writes a node with one output, and gives its name.
func (e *emitter) node(n *graph.Node, op string, inputs []string, attrs ...[]byte) string {
	at := op
	if n.Scope != "" {
		at = n.Scope + "/" + op
	}
	return e.nodeAs(n, op, inputs, e.unique(at), attrs...)
}

func (e *emitter) nodeAs(n *graph.Node, op string, inputs []string, output string, attrs ...[]byte) string {
	e.net.nodes = append(e.net.nodes, encodeNode(op, inputs, output, attrs))
	return output
}

// unique is a name that nothing else has.
func (e *emitter) unique(name string) string {
	for {
		k := e.names[name]
		e.names[name]++
		if k == 0 {
			return name
		}
		name = fmt.Sprintf("%s.%d", strings.TrimSuffix(name, fmt.Sprintf(".%d", k)), k+1)
	}
}
