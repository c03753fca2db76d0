//go:build cuda && cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"ganengine/cuda/emit"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/lower"
	"ganengine/engine/plan"
	"ganengine/engine/rewrite"
	"ganengine/kernels"
)

// lowered is a program as this device runs it: plan.Work.Kernel.
type lowered struct {
	*lower.Table
	steps   []step
	costs   []device.Cost
	outputs []int  // values of the program's outputs
	module  []byte // PTX of the launches that are not package kernels'
	written []*graph.Variable
	// counters is how many bytes the launches' counters take (emit.Room).
	counters int64
}

// step is a lowered kernel: launches one after the other, or a convolution of
// cuDNN's.
type step struct {
	launches  []launch
	conv      *convolution
	aside     bool // it runs beside the steps that follow (putAside)
	waits     bool // for the step that is aside
	workspace int  // value that is the scratch of a step aside, 0 where there is none
}

func (s *step) isProduct() bool { return s.conv != nil || len(s.launches) > 0 && s.launches[0].library }

// launch is a kernel and what it is started with, before addresses are known.
type launch struct {
	entry       string
	library     bool // of package kernels
	grid, block [3]int
	arguments   []argument
}

// argument is the address of a value, of a place in the step's scratch or of one
// among the program's counters, or a scalar.
type argument struct {
	value   int // -1: none
	scratch bool
	counter bool
	offset  int64
	scalar  any
}

// lowering is the state of Lower.
type lowering struct {
	*Device
	*lowered
	emit     *emit.Emitter
	planning time.Duration // for plans of convolutions
}

// Claims implements device.Device.
func (d *Device) Claims(n *graph.Node) bool { return emit.Claims(n) }

// Lower implements device.Device.
func (d *Device) Lower(p *graph.Program) (*plan.Work, error) {
	defer d.leave()
	if err := d.enter(); err != nil { // to make plans of convolutions
		return nil, err
	}
	began := time.Now()
	q := rewrite.ForKernels(p, d.Claims)
	s := fuse.Make(q, fuse.Options{NoFuse: d.opt.Switches.NoFuse})
	d.print(debug.PassSizes, func() string {
		return fmt.Sprintf("%s: program %s: %d nodes, %d expanded, %d kernels", d.info.Name, p.Name, len(p.Nodes), len(q.Nodes), len(s.Kernels))
	})
	d.print(debug.PrintPlan, s.Text)
	l := &lowering{Device: d, lowered: &lowered{Table: lower.New(s.Program)}, emit: emit.New()}
	for _, group := range emit.Arrange(s.Kernels, l.alone) {
		if err := l.group(group); err != nil {
			d.broke(err)
			return nil, fmt.Errorf("lowering program %s: %w", p.Name, err)
		}
	}
	for _, u := range s.Program.Updates {
		l.written = append(l.written, u.Var)
	}
	if cache := d.chooser.Cache; cache != nil {
		if err := cache.Save(); err != nil {
			d.note(err.Error())
		}
	}
	l.keepOutputs()
	l.putAside()
	l.module = l.emit.Module()
	l.Work.Kernel = l.lowered
	d.print(debug.PassSizes, func() string {
		return fmt.Sprintf("%s: lowered program %s in %.0f ms, of which %.0f ms for plans of convolutions", d.info.Name, p.Name,
			1000*time.Since(began).Seconds(), 1000*l.planning.Seconds())
	})
	return l.Work, nil
}

// keepOutputs gives computed outputs a place outside of the arena: the block
// that leaves with each run.
func (l *lowering) keepOutputs() {
	l.outputs = l.Outputs()
	for _, v := range l.outputs {
		l.Work.Values[v].Place = plan.Fixed
	}
}

// alone says that a kernel shares no launch: those of libraries, and all where nothing is
// to be fused.
func (l *lowering) alone(k *fuse.Kernel) bool { return k.HasItsOwn() || l.opt.Switches.NoFuse }

// group lowers kernels of the schedule that share launches, or one that has its own.
func (l *lowering) group(units []emit.Unit) error {
	p, cost := l.stepOf(units)
	switch k := units[0].Kernel; {
	case k.HasItsOwn() && k.Node.Op == graph.OpResample:
		return l.resample(k.Node, p)
	case k.HasItsOwn():
		return l.product(k.Node, p)
	}
	e, room, err := l.emit.Launch(units...)
	if errors.Is(err, emit.ErrUnsupported) {
		return l.unsupported(p.Name, err)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	var st step
	if e.Entry != "" {
		n := launch{entry: e.Entry, grid: e.Grid, block: e.Block}
		for _, a := range e.Pointers {
			n.arguments = append(n.arguments, l.pointer(a))
		}
		st.launches = append(st.launches, n)
	}
	l.counters += room.Counters
	p.Scratch = room.Scratch
	l.add(st, cost, p)
	return nil
}

// stepOf is a group as the planner and a profile see it. A value that two kernels
// read stands among the reads twice, so that neither overwrites it.
func (l *lowering) stepOf(units []emit.Unit) (plan.Step, device.Cost) {
	var p plan.Step
	cost := device.Cost{Kind: "elementwise"}
	count := 0
	for _, u := range units {
		var loaded []int
		for i, k := range u.Kernels() {
			own := l.Step(k)
			if count++; count == 1 {
				p.Name = own.Name
			}
			switch {
			case k.Node != nil:
				cost.Kind = k.Node.Op.String()
			case len(k.Cluster.Reduces) > 0:
				cost.Kind = "reduction"
			}
			if k.Cluster != nil && i == 0 {
				for _, a := range l.InPlace(k.Cluster, own) {
					p.Aliases = append(p.Aliases, plan.Alias{Write: a.Write + len(p.Writes), Read: a.Read + len(p.Reads)})
				}
			}
			// A result is still in the thread's hands, and a pass loads a value once.
			own.Reads = slices.DeleteFunc(own.Reads, func(v int) bool { return slices.Contains(p.Writes, v) })
			p.Reads = append(p.Reads, own.Reads...)
			own.Reads = slices.DeleteFunc(own.Reads, func(v int) bool { return slices.Contains(loaded, v) })
			loaded = append(loaded, own.Reads...)
			cost.Bytes += l.Bytes(own)
			p.Writes = append(p.Writes, own.Writes...)
		}
	}
	if count > 1 {
		p.Name = fmt.Sprintf("%s, and %d more kernels", p.Name, count-1)
	}
	return p, cost
}

func (l *lowering) pointer(p emit.Pointer) argument {
	switch {
	case p.Var != nil:
		return argument{value: l.Variable(p.Var)}
	case p.Value != nil:
		return argument{value: l.Value(p.Value)}
	case p.IsCounter:
		return argument{value: -1, counter: true, offset: l.counters + p.Offset}
	}
	return argument{value: -1, scratch: true, offset: p.Offset}
}

func (l *lowering) unsupported(node string, why error) error {
	return &device.UnsupportedError{Device: l.info.Name, Node: node, Why: why.Error()}
}

func (l *lowering) add(s step, c device.Cost, p plan.Step) {
	c.Node = p.Name
	l.steps = append(l.steps, s)
	l.costs = append(l.costs, c)
	l.Work.Steps = append(l.Work.Steps, p)
}

// precisionOf is how a product of operands of a type is computed.
func precisionOf(d graph.DType, tf32 bool) (kernels.Precision, error) {
	switch {
	case d == graph.F32 && tf32:
		return kernels.TF32, nil
	case d == graph.F32:
		return kernels.F32, nil
	case d == graph.BF16:
		return kernels.BF16, nil
	case d == graph.F64:
		return kernels.F64, nil
	}
	return 0, fmt.Errorf("no products of %s", d)
}
