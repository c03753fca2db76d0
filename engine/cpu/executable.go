package cpu

import (
	"fmt"
	"time"
	"unsafe"

	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// executable is a built program. It implements device.Executable.
type executable struct {
	*Device
	*lowered
	plan    *plan.Plan
	addr    []unsafe.Pointer // of each value; those of inputs change with each run
	scratch []unsafe.Pointer // of each step
	kernels []kernel
	owned   []*memory // literals
	outs    []device.HostBuffer
	replay  func() error // x.all, bound once
	closed  bool
	// needsLibrary is whether a kernel calls oneDNN, for which the whole program
	// moves to oneDNN's thread.
	needsLibrary bool
}

// worthWatching is the nanoseconds of work from which on a program is a region of
// the pool: waking the workers takes as long as a tenth of it.
const worthWatching = 400_000

// Build implements device.Device.
func (d *Device) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	l, ok := p.Work.Kernel.(*lowered)
	if !ok {
		return nil, fmt.Errorf("cpu: plan %s was not lowered by this device", p.Work.Name)
	}
	x := &executable{Device: d, lowered: l, plan: p}
	x.replay = x.all
	if err := x.bind(s); err != nil {
		x.free()
		return nil, fmt.Errorf("building program %s: %w", p.Work.Name, err)
	}
	d.print(debug.PassSizes, p.Report)
	return x, nil
}

func (x *executable) bind(s device.Storage) error {
	arena, err := pointer(s.Arena, 0, x.plan.Arena)
	if err != nil {
		return fmt.Errorf("the arena: %w", err)
	}
	x.addr = make([]unsafe.Pointer, len(x.Work.Values))
	for i, at := range x.plan.Offset {
		if at >= 0 {
			x.addr[i] = unsafe.Add(arena, at)
		}
	}
	for _, v := range x.Variables {
		b, offset := s.Variable(v.What)
		if x.addr[v.Value], err = pointer(b, offset, int64(v.What.Bytes())); err != nil {
			return fmt.Errorf("variable %s: %w", v.What.Name, err)
		}
	}
	for _, v := range x.Literals {
		m, err := x.literal(v.What)
		if err != nil {
			return err
		}
		x.owned = append(x.owned, m)
		x.addr[v.Value] = unsafe.Pointer(unsafe.SliceData(m.data))
	}
	x.scratch = make([]unsafe.Pointer, len(x.steps))
	for i, at := range x.plan.Scratch {
		if at >= 0 {
			x.scratch[i] = unsafe.Add(arena, at)
		}
	}
	for i, st := range x.steps {
		k, err := st.bind(x, i)
		if err != nil {
			return fmt.Errorf("%s: %w", x.Work.Steps[i].Name, err)
		}
		x.kernels = append(x.kernels, k)
	}
	return nil
}

// literal stores an array's values as a device holds them.
func (d *Device) literal(a *graph.Literal) (*memory, error) {
	m, err := d.allocate("a literal", int64(len(a.Data)*a.DType.Size()))
	if err != nil {
		return nil, err
	}
	p := unsafe.Pointer(unsafe.SliceData(m.data))
	for i, v := range a.Data {
		put(a.DType, p, i, a.DType.Round(v))
	}
	return m, nil
}

// Close implements device.Executable.
func (x *executable) Close() error {
	if x.closed {
		return errClosed
	}
	return x.free()
}

func (x *executable) free() error {
	x.closed = true
	var first error
	for _, m := range x.owned {
		if err := m.Free(); err != nil && first == nil {
			first = err
		}
	}
	x.owned = nil
	return first
}

// Run implements device.Executable. The work is over when it returns.
func (x *executable) Run(inputs, outputs []device.HostBuffer) (device.Ticket, error) {
	if x.closed {
		return nil, errClosed
	}
	if len(inputs) != len(x.Inputs) || len(outputs) != len(x.outputs) {
		return nil, fmt.Errorf("running program %s: %d inputs and %d outputs given, %d and %d declared",
			x.Work.Name, len(inputs), len(outputs), len(x.Inputs), len(x.outputs))
	}
	for i, v := range x.Inputs {
		var err error
		if x.addr[v], err = pointer(inputs[i], 0, x.Work.Values[v].Bytes); err != nil {
			return nil, fmt.Errorf("running program %s: input %s: %w", x.Work.Name, x.Program.Inputs[i].InputName(), err)
		}
	}
	x.outs = outputs
	var err error
	switch {
	case x.needsLibrary:
		err = x.library.Do(x.replay)
	case x.work >= worthWatching:
		x.pool.begin()
		err = x.all()
		x.pool.end()
	default:
		err = x.all()
	}
	x.outs = nil
	if err != nil {
		return nil, fmt.Errorf("running program %s: %w", x.Work.Name, err)
	}
	return done{}, nil
}

// all runs the kernels in order.
func (x *executable) all() error {
	if x.profile != nil || x.opt.Switches.CheckNaN || x.opt.Switches.Level >= debug.PrintRuns {
		return x.watched()
	}
	for _, k := range x.kernels {
		if err := k.run(); err != nil {
			return err
		}
	}
	return nil
}

// watched runs the kernels one by one with what the switches ask for.
func (x *executable) watched() error {
	for i, k := range x.kernels {
		start := time.Now()
		if err := k.run(); err != nil {
			return err
		}
		took := time.Since(start)
		x.profile.Add(x.costs[i], took)
		x.print(debug.PrintRuns, func() string { return fmt.Sprintf("%10.1f µs  %s", took.Seconds()*1e6, x.Work.Steps[i].Name) })
		if x.opt.Switches.CheckNaN {
			if err := x.CheckFinite(i, x.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// value is a value's bytes.
func (x *executable) value(v int) ([]byte, error) {
	return unsafe.Slice((*byte)(x.addr[v]), x.Work.Values[v].Bytes), nil
}

// outputKernel copies the outputs to the host's buffers.
type outputKernel struct {
	x      *executable
	copies []copyOut
}

type copyOut struct {
	value int
	bytes int64
	name  string
}

func (k *outputKernel) run() error {
	for i, c := range k.copies {
		to, err := window(k.x.outs[i], 0, c.bytes)
		if err != nil {
			return fmt.Errorf("output %s: %w", c.name, err)
		}
		copy(to, unsafe.Slice((*byte)(k.x.addr[c.value]), c.bytes))
	}
	return nil
}
