package cpu

import (
	"fmt"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// step is a lowered kernel: it knows its values by their numbers in the work.
type step interface {
	// bind prepares the step for an executable, in which it has number i.
	bind(x *executable, i int) (kernel, error)
}

// kernel is a step at its addresses.
type kernel interface {
	run() error
}

// lowered is a program as this device runs it: plan.Work.Kernel.
type lowered struct {
	program  *graph.Program
	steps    []step
	costs    []cost
	inputs   []int         // values of the program's inputs
	outputs  []int         // and outputs
	nodes    []*graph.Node // what each value is; nil for Variables
	vars     []placed[*graph.Variable]
	literals []placed[*graph.Literal]
}

// placed is what a Fixed value is.
type placed[T any] struct {
	what  T
	value int
}

// lowering is the state of Lower.
type lowering struct {
	*Device
	*lowered
	work   *plan.Work
	values map[*graph.Node]int
	byVar  map[*graph.Variable]int
}

// Lower implements device.Device.
func (d *Device) Lower(p *graph.Program) (*plan.Work, error) {
	q := graph.ExpandComposites(p, func(*graph.Node) bool { return false })
	s := fuse.Make(q, fuse.Options{NoFuse: d.opt.Switches.NoFuse})
	d.print(debug.PassSizes, func() string {
		return fmt.Sprintf("cpu: program %s: %d nodes, %d expanded, %d kernels", p.Name, len(p.Nodes), len(q.Nodes), len(s.Kernels))
	})
	d.print(debug.PrintPlan, s.Text)
	l := &lowering{Device: d, lowered: &lowered{program: s.Program}, work: &plan.Work{Name: p.Name},
		values: map[*graph.Node]int{}, byVar: map[*graph.Variable]int{}}
	for _, n := range s.Program.Inputs {
		l.inputs = append(l.inputs, l.value(n))
	}
	for _, k := range s.Kernels {
		if err := l.kernel(k); err != nil {
			return nil, fmt.Errorf("lowering program %s: %w", p.Name, err)
		}
	}
	for _, o := range s.Program.Outputs {
		l.outputs = append(l.outputs, l.value(fuse.Source(o.Value)))
	}
	l.add(outputs{l.outputs, s.Program}, cost{kind: "output"}, plan.Step{Name: "outputs", Reads: l.outputs})
	l.work.Kernel = l.lowered
	return l.work, nil
}

func (d *Device) print(at debug.Level, text func() string) {
	if d.opt.Switches.Level >= at {
		d.opt.Log(text())
	}
}

// value is the number of n's value, which is as fuse.Source gives it.
func (l *lowering) value(n *graph.Node) int {
	if n.Op == graph.OpRead {
		return l.variable(n.Var())
	}
	if i, ok := l.values[n]; ok {
		return i
	}
	v := plan.Value{Name: n.String(), Bytes: int64(n.Shape.Size() * n.DType.Size())}
	if n.Op.Info().Class == graph.Leaf && n.Op != graph.OpConst {
		v.Place = plan.Fixed
	}
	i := l.newValue(v, n)
	l.values[n] = i
	if n.Op == graph.OpLiteral {
		l.literals = append(l.literals, placed[*graph.Literal]{n.Attr.(*graph.Literal), i})
	}
	return i
}

func (l *lowering) variable(v *graph.Variable) int {
	i, ok := l.byVar[v]
	if !ok {
		i = l.newValue(plan.Value{Name: v.Name, Bytes: int64(v.Bytes()), Place: plan.Fixed}, nil)
		l.byVar[v] = i
		l.vars = append(l.vars, placed[*graph.Variable]{v, i})
	}
	return i
}

func (l *lowering) newValue(v plan.Value, n *graph.Node) int {
	l.work.Values = append(l.work.Values, v)
	l.nodes = append(l.nodes, n)
	return len(l.work.Values) - 1
}

func (l *lowering) add(s step, c cost, p plan.Step) {
	c.node = p.Name
	l.steps = append(l.steps, s)
	l.costs = append(l.costs, c)
	l.work.Steps = append(l.work.Steps, p)
}

// kernel lowers one kernel of the schedule.
func (l *lowering) kernel(k *fuse.Kernel) error {
	p := plan.Step{Name: k.String()}
	for _, n := range k.Reads() {
		p.Reads = append(p.Reads, l.value(n))
	}
	for _, n := range k.Writes() {
		p.Writes = append(p.Writes, l.value(n))
	}
	if k.Cluster != nil {
		return l.cluster(k, p)
	}
	n := k.Node
	switch n.Op.Info().Class {
	case graph.Product:
		return l.product(n, p)
	case graph.Movement:
		return l.movement(n, p)
	case graph.Reduction:
		l.add(l.reduction(n), cost{kind: n.Op.String(), bytes: l.bytes(p)}, p)
		return nil
	}
	return l.unsupported(n, "no rule for this operator")
}

func (l *lowering) unsupported(n *graph.Node, why string) error {
	return &device.UnsupportedError{Device: l.info.Name, Node: n.Describe(), Why: why}
}

// bytes is what a step moves: each value that it reads or writes, once.
func (l *lowering) bytes(p plan.Step) int64 {
	var sum int64
	for _, values := range [][]int{p.Reads, p.Writes} {
		for _, v := range values {
			sum += l.work.Values[v].Bytes
		}
	}
	return sum
}

// operands are the values of n's operands, one for each, and of n itself last.
func (l *lowering) operands(n *graph.Node) []int {
	var values []int
	for _, x := range n.Inputs {
		values = append(values, l.value(fuse.Source(x)))
	}
	return append(values, l.value(n))
}

// outputs is the last step: it keeps the outputs' values in memory until Run
// has copied them.
type outputs struct {
	values  []int
	program *graph.Program
}

func (o outputs) bind(x *executable, _ int) (kernel, error) {
	k := &outputKernel{x: x}
	for i, v := range o.values {
		k.copies = append(k.copies, copyOut{v, int64(x.work.Values[v].Bytes), o.program.Outputs[i].Name})
	}
	return k, nil
}
