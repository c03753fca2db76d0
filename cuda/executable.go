//go:build cuda && cgo && linux

package cuda

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"gorgonia.org/cu"

	"ganengine/cuda/driver"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// slots is how many sets of inputs a program has room for: one is filled while
// the other is read.
const slots = 2

// late is how many runs' outputs may wait for the host.
const late = 4

// boundary of what lies side by side in one allocation, bytes.
const boundary = 256

// executable is a built program. It implements device.Executable.
type executable struct {
	*Device
	*lowered
	plan    *plan.Plan
	module  cu.Module
	loaded  bool
	owned   []*memory // literals, slots of inputs, the block of outputs
	addr    []cu.DevicePtr
	arena   cu.DevicePtr
	block   cu.DevicePtr // outputs, one after the other
	counter cu.DevicePtr // counters of launches, zero between runs
	places  []int64      // of each output in the block
	bytes   int64        // of the block
	slots   []*slot
	tickets [late]ticket
	runs    int
	closed  bool
	began   time.Time // the phase of building that is under way
	phases  []string  // those that are over
}

// slot is room for one set of inputs, with the program bound to it.
type slot struct {
	inputs []cu.DevicePtr
	feed   *driver.Feed // nil without inputs
	work   bound
	graph  *driver.Graph // nil where kernels are enqueued one by one
}

// Build implements device.Device.
func (d *Device) Build(p *plan.Plan, s device.Storage) (device.Executable, error) {
	l, ok := p.Work.Kernel.(*lowered)
	if !ok {
		return nil, fmt.Errorf("cuda: plan %s was not lowered by this device", p.Work.Name)
	}
	defer d.leave()
	if err := d.enter(); err != nil {
		return nil, err
	}
	x := &executable{Device: d, lowered: l, plan: p, began: time.Now()}
	if err := x.build(s); err != nil {
		d.notice(err)
		return nil, device.First(fmt.Errorf("building program %s: %w", p.Work.Name, err), x.free())
	}
	d.print(debug.PassSizes, p.Report)
	d.print(debug.PassSizes, func() string {
		return fmt.Sprintf("%s: built program %s: %s", d.info.Name, p.Work.Name, strings.Join(x.phases, ", "))
	})
	return x, nil
}

// phase notes how long a part of building took, for people who wonder about the
// start.
func (x *executable) phase(name string) {
	now := time.Now()
	x.phases = append(x.phases, fmt.Sprintf("%s %.0f ms", name, 1000*now.Sub(x.began).Seconds()))
	x.began = now
}

func (x *executable) build(s device.Storage) error {
	if len(x.lowered.module) > 0 {
		var err error
		if x.module, err = x.cubins.load(x.lowered.module); err != nil {
			return err
		}
		x.loaded = true
	}
	x.phase(fmt.Sprintf("loading %d KiB of PTX", len(x.lowered.module)>>10))
	if err := x.allocate(); err != nil {
		return err
	}
	if err := x.locate(s); err != nil {
		return err
	}
	for _, sl := range x.slots {
		var err error
		if sl.work, err = x.bind(x.addr, sl.inputs); err != nil {
			return err
		}
	}
	if err := x.warmUp(); err != nil {
		return fmt.Errorf("running it once: %w", err)
	}
	x.phase("a first run")
	for _, sl := range x.slots {
		if err := x.capture(sl); err != nil {
			return err
		}
	}
	x.phase("captures")
	return nil
}

// allocate makes room for literals, inputs and outputs.
func (x *executable) allocate() error {
	for range max(1, slots*min(1, len(x.Inputs))) {
		sl := &slot{}
		x.slots = append(x.slots, sl)
		var feeds []driver.Input
		for i, v := range x.Inputs {
			bytes := x.Work.Values[v].Bytes
			m, err := x.own("input "+x.Program.Inputs[i].InputName(), bytes)
			if err != nil {
				return err
			}
			sl.inputs = append(sl.inputs, m.at)
			feeds = append(feeds, driver.Input{To: m.at, Bytes: bytes})
		}
		if len(feeds) == 0 {
			continue
		}
		var err error
		if sl.feed, err = driver.NewFeed(x.compute, x.copies, feeds); err != nil {
			return err
		}
	}
	for _, v := range x.outputs {
		x.places = append(x.places, x.bytes)
		x.bytes += (x.Work.Values[v].Bytes + boundary - 1) &^ (boundary - 1)
	}
	m, err := x.own("outputs", x.bytes)
	if err != nil {
		return err
	}
	x.block = m.at
	if m, err = x.own("counters", x.counters); err != nil {
		return err
	}
	x.counter = m.at
	for i := range x.tickets {
		if err := x.tickets[i].allocate(x); err != nil {
			return err
		}
	}
	return nil
}

func (x *executable) own(label string, bytes int64) (*memory, error) {
	m, err := x.Device.allocate(fmt.Sprintf("%s of program %s", label, x.Work.Name), bytes)
	if err == nil {
		x.owned = append(x.owned, m)
	}
	return m, err
}

// locate finds the address of every value but inputs.
func (x *executable) locate(s device.Storage) error {
	var err error
	x.arena, err = x.address(s.Arena, 0, x.plan.Arena)
	if err != nil {
		return fmt.Errorf("the arena: %w", err)
	}
	x.addr = make([]cu.DevicePtr, len(x.Work.Values))
	for i, at := range x.plan.Offset {
		if at >= 0 {
			x.addr[i] = x.arena + cu.DevicePtr(at)
		}
	}
	for i, v := range x.outputs {
		if x.computed(v) {
			x.addr[v] = x.block + cu.DevicePtr(x.places[i])
		}
	}
	for _, v := range x.Variables {
		b, offset := s.Variable(v.What)
		if x.addr[v.Value], err = x.address(b, offset, int64(v.What.Bytes())); err != nil {
			return fmt.Errorf("variable %s: %w", v.What.Name, err)
		}
	}
	for _, v := range x.Literals {
		if err := x.literal(v.What, v.Value); err != nil {
			return err
		}
	}
	return nil
}

// computed says that a kernel writes value v, an output.
func (x *executable) computed(v int) bool {
	n := x.Nodes[v]
	return n != nil && (n.Op == graph.OpConst || n.Op.Info().Class != graph.Leaf)
}

// literal stores an array's values as the device holds them.
func (x *executable) literal(a *graph.Literal, value int) error {
	var data []byte
	for _, v := range a.Data {
		data = appendElement(data, a.DType, a.DType.Round(v))
	}
	m, err := x.own("a literal", int64(len(data)))
	if err != nil {
		return err
	}
	x.addr[value] = m.at
	return x.Write(m, 0, data)
}

// appendElement appends one element as memory holds it.
func appendElement(b []byte, d graph.DType, v float64) []byte {
	switch d {
	case graph.F32:
		return binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(v)))
	case graph.F64:
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	case graph.BF16: // v is a bf16 number: the lower half of its float32 is zero
		return binary.LittleEndian.AppendUint16(b, uint16(math.Float32bits(float32(v))>>16))
	case graph.I32:
		return binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	}
	return append(b, byte(v)) // U8, Bool
}

// warmUp runs the program, so that the driver and the libraries have loaded all that
// a capture may not load: once piece by piece, so that what fails has a name, and
// once as a step runs, on all its streams. What it does to the Variables is undone:
// there may be no memory for others.
func (x *executable) warmUp() error {
	saved := make([][]byte, len(x.written))
	for i, v := range x.written {
		var err error
		if saved[i], err = x.fetch(x.addr[x.Variable(v)], int64(v.Bytes())); err != nil {
			return fmt.Errorf("keeping variable %s: %w", v.Name, err)
		}
	}
	work := x.slots[0].work
	if err := work.checked(x.compute); err != nil {
		return err
	}
	if err := x.Device.enqueue(work); err != nil {
		return err
	}
	if err := x.compute.Synchronize(); err != nil {
		return err
	}
	for i, v := range x.written {
		if err := x.store(x.addr[x.Variable(v)], saved[i]); err != nil {
			return fmt.Errorf("restoring variable %s: %w", v.Name, err)
		}
	}
	return nil
}

// capture captures the program as it is bound to a slot.
func (x *executable) capture(sl *slot) error {
	if x.opt.Switches.NoGraph || len(sl.work) == 0 {
		return nil
	}
	var err error
	sl.graph, err = driver.Capture(x.compute, func() error { return x.Device.enqueue(sl.work) })
	return err
}

// Close implements device.Executable.
func (x *executable) Close() error {
	if x.closed {
		return errors.New("cuda: the executable is closed twice")
	}
	defer x.leave()
	if err := x.enter(); err != nil && !x.lost.Load() {
		return err
	}
	return x.free()
}

// free gives back whatever build has made; the device is idle before.
func (x *executable) free() error {
	x.closed = true
	errs := []error{x.copies.Synchronize(), x.aside.Synchronize(), x.compute.Synchronize()}
	for _, sl := range x.slots {
		if sl.graph != nil {
			errs = append(errs, sl.graph.Close())
		}
		if sl.feed != nil {
			errs = append(errs, sl.feed.Close())
		}
		sl.work.close()
	}
	for i := range x.tickets {
		errs = append(errs, x.tickets[i].free())
	}
	for _, m := range x.owned {
		errs = append(errs, m.Free())
	}
	if x.loaded {
		errs = append(errs, x.module.Unload())
	}
	if x.lost.Load() {
		return nil
	}
	return device.First(errs...)
}
