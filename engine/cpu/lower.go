package cpu

import (
	"fmt"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/lower"
	"ganengine/engine/plan"
	"ganengine/engine/rewrite"
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
	*lower.Table
	steps   []step
	costs   []device.Cost
	outputs []int // values of the program's outputs
	work    int   // nanoseconds of clusters and products on one worker, roughly
}

// lowering is the state of Lower.
type lowering struct {
	*Device
	*lowered
}

// Lower implements device.Device.
func (d *Device) Lower(p *graph.Program) (*plan.Work, error) {
	q := rewrite.ForKernels(p, d.Claims)
	s := fuse.Make(q, fuse.Options{NoFuse: d.opt.Switches.NoFuse})
	d.print(debug.PassSizes, func() string {
		return fmt.Sprintf("cpu: program %s: %d nodes, %d expanded, %d kernels", p.Name, len(p.Nodes), len(q.Nodes), len(s.Kernels))
	})
	d.print(debug.PrintPlan, s.Text)
	l := &lowering{d, &lowered{Table: lower.New(s.Program)}}
	for _, k := range s.Kernels {
		if err := l.kernel(k); err != nil {
			return nil, fmt.Errorf("lowering program %s: %w", p.Name, err)
		}
	}
	l.outputs = l.Outputs()
	l.add(outputs{l.outputs, s.Program}, device.Cost{Kind: "output"}, plan.Step{Name: "outputs", Reads: l.outputs})
	l.Work.Kernel = l.lowered
	return l.Work, nil
}

func (d *Device) print(at debug.Level, text func() string) {
	if d.opt.Switches.Level >= at {
		d.opt.Log(text())
	}
}

func (l *lowering) add(s step, c device.Cost, p plan.Step) {
	c.Node = p.Name
	l.steps = append(l.steps, s)
	l.costs = append(l.costs, c)
	l.Work.Steps = append(l.Work.Steps, p)
}

// kernel lowers one kernel of the schedule.
func (l *lowering) kernel(k *fuse.Kernel) error {
	p := l.Step(k)
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
		l.add(l.reduction(n), device.Cost{Kind: n.Op.String(), Bytes: l.Bytes(p)}, p)
		return nil
	case graph.Composite:
		if n.Op == graph.OpResample {
			l.resample(n, p)
			return nil
		}
	}
	return l.unsupported(n, "no rule for this operator")
}

func (l *lowering) unsupported(n *graph.Node, why string) error {
	return &device.UnsupportedError{Device: l.info.Name, Node: n.Describe(), Why: why}
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
		k.copies = append(k.copies, copyOut{v, int64(x.Work.Values[v].Bytes), o.program.Outputs[i].Name})
	}
	return k, nil
}
