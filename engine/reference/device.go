package reference

import (
	"fmt"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// Device computes a step a node, in the order of the program, each with Eval.
type Device struct {
	// Eval computes one node. Tests of tests put a wrong one here.
	Eval func(n *graph.Node, in []Array) (Array, error)
}

var _ device.Device = (*Device)(nil)

// NewDevice is the device that computes with Eval.
func NewDevice() *Device { return &Device{Eval: Eval} }

// Info implements device.Device.
func (d *Device) Info() device.Info {
	return device.Info{Name: "reference", Model: "plain loops in float64", Threads: 1}
}

// Claims implements device.Device: composites have formulas of their own here.
func (d *Device) Claims(*graph.Node) bool { return true }

// Close implements device.Device.
func (d *Device) Close() error { return nil }

// Lower implements device.Device: value i is node i, and step i computes it.
// The outputs follow, which leave before any Variable changes, then the
// updates. Inputs, outputs and Variables need no room of the plan.
func (d *Device) Lower(p *graph.Program) (*plan.Work, error) {
	w := &plan.Work{Name: p.Name}
	at := map[*graph.Node]int{}
	for i, n := range p.Nodes {
		s := plan.Step{Name: n.String(), Writes: []int{i}}
		for j, x := range n.Inputs {
			s.Reads = append(s.Reads, at[x])
			s.Aliases = append(s.Aliases, plan.Alias{Write: 0, Read: j}) // Eval copies its operands first
		}
		at[n] = i
		w.Values = append(w.Values, plan.Value{Name: n.String(), Bytes: bytesOf(n)})
		w.Steps = append(w.Steps, s)
	}
	for _, o := range p.Outputs {
		w.Steps = append(w.Steps, plan.Step{Name: "output " + o.Name, Reads: []int{at[o.Value]}})
	}
	for _, u := range p.Updates {
		s := plan.Step{Name: "update " + u.Var.Name, Reads: []int{at[u.Value]}}
		if u.When != nil {
			s.Reads = append(s.Reads, at[u.When])
		}
		w.Steps = append(w.Steps, s)
	}
	w.Kernel = p
	return w, nil
}

func bytesOf(n *graph.Node) int64 { return int64(n.Shape.Size() * n.DType.Size()) }

// Build implements device.Device.
func (d *Device) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	program, ok := p.Work.Kernel.(*graph.Program)
	if !ok {
		return nil, fmt.Errorf("reference: plan %s was not lowered by this device", p.Work.Name)
	}
	if _, err := window(s.Arena, 0, p.Arena); err != nil {
		return nil, fmt.Errorf("building program %s: the arena: %w", program.Name, err)
	}
	e := &executable{device: d, program: program, plan: p, storage: s, at: map[*graph.Node]int{}}
	for i, n := range program.Nodes {
		e.at[n] = i
	}
	return e, nil
}

type executable struct {
	device  *Device
	program *graph.Program
	plan    *plan.Plan
	storage device.Storage
	at      map[*graph.Node]int
}

// Close implements device.Executable.
func (e *executable) Close() error { return nil }

// Run implements device.Executable.
func (e *executable) Run(inputs, outputs []device.HostBuffer) (device.Ticket, error) {
	if len(inputs) != len(e.program.Inputs) || len(outputs) != len(e.program.Outputs) {
		return nil, fmt.Errorf("running program %s: %d inputs and %d outputs given, %d and %d declared",
			e.program.Name, len(inputs), len(outputs), len(e.program.Inputs), len(e.program.Outputs))
	}
	if err := e.run(inputs, outputs); err != nil {
		return nil, fmt.Errorf("running program %s: %w", e.program.Name, err)
	}
	return done{}, nil
}

func (e *executable) run(inputs, outputs []device.HostBuffer) error {
	fed := map[*graph.Node]device.HostBuffer{}
	for i, n := range e.program.Inputs {
		fed[n] = inputs[i]
	}
	for _, n := range e.program.Nodes {
		if err := e.node(n, fed); err != nil {
			return err
		}
	}
	for i, o := range e.program.Outputs {
		to, err := window(outputs[i], 0, bytesOf(o.Value))
		if err != nil {
			return fmt.Errorf("output %s: %w", o.Name, err)
		}
		if err := e.copyValue(to, o.Value); err != nil {
			return err
		}
	}
	for _, u := range e.program.Updates {
		if err := e.update(u); err != nil {
			return fmt.Errorf("update of %s: %w", u.Var.Name, err)
		}
	}
	return nil
}

// node computes n from the arena into the arena.
func (e *executable) node(n *graph.Node, fed map[*graph.Node]device.HostBuffer) error {
	to, err := e.value(n)
	if err != nil {
		return err
	}
	var from []byte
	switch n.Op {
	case graph.OpInput:
		from, err = window(fed[n], 0, bytesOf(n))
	case graph.OpRead:
		from, err = e.variable(n.Var())
	default:
		var a Array
		if a, err = e.compute(n); err == nil {
			from = a.Bytes()
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", n.Describe(), err)
	}
	copy(to, from)
	return nil
}

func (e *executable) compute(n *graph.Node) (Array, error) {
	in := make([]Array, len(n.Inputs))
	for i, x := range n.Inputs {
		b, err := e.value(x)
		if err != nil {
			return Array{}, err
		}
		if in[i], err = FromBytes(x.DType, x.Shape, b); err != nil {
			return Array{}, err
		}
	}
	return e.device.Eval(n, in)
}

// value is n's place in the arena.
func (e *executable) value(n *graph.Node) ([]byte, error) {
	return window(e.storage.Arena, e.plan.Offset[e.at[n]], bytesOf(n))
}

func (e *executable) variable(v *graph.Variable) ([]byte, error) {
	b, offset := e.storage.Variable(v)
	return window(b, offset, int64(v.Bytes()))
}

func (e *executable) copyValue(to []byte, n *graph.Node) error {
	from, err := e.value(n)
	copy(to, from)
	return err
}

// update stores the new value where its condition holds. Every node has its
// value by now, so updates may read one another's Variables.
func (e *executable) update(u graph.Update) error {
	if u.When != nil {
		holds, err := e.value(u.When)
		if err != nil || holds[0] == 0 {
			return err
		}
	}
	to, err := e.variable(u.Var)
	if err != nil {
		return err
	}
	return e.copyValue(to, u.Value)
}
