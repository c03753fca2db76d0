package graph

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Precision says in which type matrix products and convolutions are computed.
type Precision uint8

// The precisions. All keep fp32 masters, statistics, losses and optimisers.
const (
	FP32     Precision = iota // true fp32
	TF32                      // fp32 operands, tensor-core products where the device has them
	BF16Mode                  // bf16 operands and activations, fp32 accumulation
)

// String is the configuration's name.
func (p Precision) String() string { return [...]string{"fp32", "tf32", "bf16"}[p] }

// Update stores Value in Var at the end of a run.
type Update struct {
	Var   *Variable
	Value *Node
	When  *Node // Bool []; nil: always
}

// Output is a named result that the host may read after a run.
type Output struct {
	Name  string
	Value *Node
}

// Program is a finished list of nodes in an order of execution.
type Program struct {
	Name    string
	Vars    *Vars
	Nodes   []*Node
	Inputs  []*Node // OpInput nodes in order of declaration; InputName gives their names
	Outputs []Output
	Updates []Update
}

// Builder collects the nodes of one program.
type Builder struct {
	name    string
	vars    *Vars
	nodes   []*Node
	inputs  []*Node
	outputs []Output
	updates []Update
	names   map[string]bool // taken names of inputs, outputs and streams
	reads   map[*Variable]*Node
	casts   map[castKey]*Node
	known   map[string]*Node // nodes by operator, attributes and operands: equal nodes are one
	scope   []string
	prec    Precision
	random  *Random
	sites   map[uintptr]string // callSite's memory
	origin  *Node              // while a program is rewritten: what the new nodes stand for
}

type castKey struct {
	n *Node
	d DType
}

// Build runs f with a new builder over vars and returns the finished program:
// simplified, verified, without unused nodes. A *BuildError raised by a
// builder function is returned.
func Build(name string, vars *Vars, f func(b *Builder)) (p *Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			var be *BuildError
			if e, ok := r.(error); ok && errors.As(e, &be) {
				err = fmt.Errorf("building program %s: %w", name, be)
				return
			}
			panic(r)
		}
	}()
	b := newBuilder(name, vars)
	f(b)
	p = Simplify(b.program())
	if err := Verify(p); err != nil {
		return nil, fmt.Errorf("building program %s: %w", name, err)
	}
	return p, nil
}

func newBuilder(name string, vars *Vars) *Builder {
	return &Builder{name: name, vars: vars, names: map[string]bool{}, reads: map[*Variable]*Node{},
		casts: map[castKey]*Node{}, known: map[string]*Node{}, sites: map[uintptr]string{}}
}

func (b *Builder) program() *Program {
	return &Program{Name: b.name, Vars: b.vars, Nodes: b.nodes, Inputs: b.inputs, Outputs: b.outputs, Updates: b.updates}
}

// Vars is the set of Variables that the program may read and update.
func (b *Builder) Vars() *Vars { return b.vars }

// In runs f with name added to the scope of names.
func (b *Builder) In(name string, f func()) {
	b.scope = append(b.scope, name)
	defer func() { b.scope = b.scope[:len(b.scope)-1] }()
	f()
}

// Path is the current scope followed by name: g/up2/conv.
func (b *Builder) Path(name string) string {
	if len(b.scope) == 0 {
		return name
	}
	return strings.Join(b.scope, "/") + "/" + name
}

// WithPrecision runs f with matrix products and convolutions in precision p.
func (b *Builder) WithPrecision(p Precision, f func()) {
	old := b.prec
	b.prec = p
	defer func() { b.prec = old }()
	f()
}

// take reserves a name of the program.
func (b *Builder) take(kind, name string) {
	key := kind + " " + name
	if b.names[key] {
		fail(kind, "the name %q is used twice in program %s", name, b.name)
	}
	b.names[key] = true
}

// node is an operator applied to inputs: the node that the program has already
// where it has an equal one. Streams have unique names, so draws never merge.
func (b *Builder) node(op Op, attr any, inputs ...*Node) *Node {
	for _, x := range inputs {
		if x.b != b {
			fail(op.String(), "operand %s belongs to another program", x)
		}
	}
	key := nodeKey(op, attr, inputs)
	if n := b.known[key]; n != nil {
		return n
	}
	n := b.newNode(op, attr, inputs)
	b.known[key] = n
	return n
}

// nodeKey is equal for equal nodes. Attributes that are pointers (Variables,
// inputs, literals, streams) are equal only to themselves.
func nodeKey(op Op, attr any, inputs []*Node) string {
	key := make([]byte, 0, 64)
	key = append(key, byte(op))
	for _, x := range inputs {
		key = strconv.AppendInt(append(key, ' '), int64(x.ID), 36)
	}
	switch a := attr.(type) {
	case nil:
	case *Variable, *Input, *Literal, *Stream:
		key = fmt.Appendf(key, " %p", a)
	case Shape: // the frequent ones without fmt, which is slow
		key = appendInts(key, a)
	case Axes:
		key = appendInts(key, a)
	case DType:
		key = append(key, ' ', byte(a))
	case Const:
		key = strconv.AppendUint(append(key, ' ', byte(a.DType)), math.Float64bits(a.Value), 36)
	default:
		key = fmt.Appendf(key, " %v", a)
	}
	return string(key)
}

func appendInts(key []byte, list []int) []byte {
	key = append(key, '[')
	for _, x := range list {
		key = append(strconv.AppendInt(key, int64(x), 36), ' ')
	}
	return key
}

func (b *Builder) newNode(op Op, attr any, inputs []*Node) *Node {
	row := op.Info()
	if row.Arity >= 0 && len(inputs) != row.Arity {
		fail(row.Name, "takes %d operands, got %d", row.Arity, len(inputs))
	}
	n := &Node{Op: op, Inputs: inputs, Attr: attr, ID: len(b.nodes), b: b}
	if b.origin != nil { // what people see is where it was first written
		n.Scope, n.Site = b.origin.Scope, b.origin.Site
	} else {
		n.Scope, n.Site = strings.Join(b.scope, "/"), callSite(b.sites)
	}
	var err error
	if n.Shape, n.DType, err = row.infer(n); err == nil {
		err = checkExtents(n.Shape)
	}
	if err != nil {
		panic(&BuildError{Op: row.Name, Msg: err.Error(), Site: n.Site})
	}
	b.nodes = append(b.nodes, n)
	return n
}

func checkExtents(s Shape) error {
	for _, d := range s {
		if d < 1 {
			return fmt.Errorf("the shape %s has an extent below 1", s)
		}
	}
	return nil
}

// Read is v's value at program start.
func (b *Builder) Read(v *Variable) *Node {
	if n := b.reads[v]; n != nil {
		return n
	}
	if b.vars.ByName(v.Name) != v {
		fail("Read", "variable %s belongs to another session", v.Name)
	}
	n := b.node(OpRead, v)
	b.reads[v] = n
	return n
}

// Update stores x in v at the end of the run, where when (Bool []) holds; nil
// means always. A program updates a Variable at most once.
func (b *Builder) Update(v *Variable, x, when *Node) {
	if !x.Shape.Equal(v.Shape) || x.DType != v.DType {
		fail("Update", "%s is %s %s, the new value %s %s", v.Name, v.DType, v.Shape, x.DType, x.Shape)
	}
	if when != nil && (when.DType != Bool || len(when.Shape) != 0) {
		fail("Update", "the condition for %s must be bool [], not %s %s", v.Name, when.DType, when.Shape)
	}
	b.take("update of", v.Name)
	b.updates = append(b.updates, Update{v, x, when})
}

// GuardUpdates makes the program finite or stopped: flag (Bool [], sticky)
// becomes false once any of values holds a NaN or an infinity, and no Update
// declared so far happens while it is false. The result is the flag after the
// run.
func (b *Builder) GuardUpdates(flag *Variable, values ...*Node) *Node {
	ok := b.Read(flag)
	for _, v := range values {
		ok = And(ok, Reshape(ReduceAll(IsFinite(v), allAxes(v)), Shape{}))
	}
	for i := range b.updates {
		if w := b.updates[i].When; w != nil {
			b.updates[i].When = And(w, ok)
		} else {
			b.updates[i].When = ok
		}
	}
	b.Update(flag, ok, nil)
	return ok
}

// Output names x as a result that the host may read. Names are unique.
func (b *Builder) Output(name string, x *Node) {
	b.take("output", name)
	b.outputs = append(b.outputs, Output{name, x})
}
