//go:build cuda && cgo && linux

package cuda

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"ganengine/cuda/driver"
	"ganengine/engine/debug"
	"ganengine/engine/device"
)

// Run implements device.Executable. The host runs ahead of the device by at most
// as many runs as there are tickets.
func (x *executable) Run(inputs, outputs []device.HostBuffer) (device.Ticket, error) {
	if x.closed {
		return nil, errors.New("cuda: the executable is closed")
	}
	if len(inputs) != len(x.Inputs) || len(outputs) != len(x.outputs) {
		return nil, fmt.Errorf("running program %s: %d inputs and %d outputs given, %d and %d declared",
			x.Work.Name, len(inputs), len(outputs), len(x.Inputs), len(x.outputs))
	}
	t := &x.tickets[x.runs%late]
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.wait(); err != nil {
		return nil, err
	}
	if err := t.expect(outputs); err != nil {
		return nil, fmt.Errorf("running program %s: %w", x.Work.Name, err)
	}
	defer x.leave()
	err := x.enter()
	if err == nil {
		err = x.enqueue(x.slots[x.runs%len(x.slots)], inputs)
	}
	if err == nil {
		err = driver.Drain(x.compute, t.ring.at, x.block, x.bytes, t.done)
	}
	if err != nil {
		return nil, x.explain(err)
	}
	t.pending = true
	x.runs++
	return t, nil
}

// enqueue copies the inputs into a slot and runs the program that was made for it.
func (x *executable) enqueue(sl *slot, inputs []device.HostBuffer) error {
	for i, v := range x.Inputs {
		from, err := x.pinned(inputs[i], x.Work.Values[v].Bytes)
		if err != nil {
			return fmt.Errorf("input %s: %w", x.Program.Inputs[i].InputName(), err)
		}
		sl.feed.Source(i, from)
	}
	if sl.feed != nil {
		if err := sl.feed.Fill(); err != nil {
			return err
		}
	}
	if err := x.replay(sl); err != nil {
		return err
	}
	if sl.feed != nil {
		return sl.feed.Consumed()
	}
	return nil
}

// replay runs the captured graph, or the kernels one by one where a switch or a
// profile asks for that.
func (x *executable) replay(sl *slot) error {
	switch {
	case x.profile != nil || x.opt.Switches.CheckNaN || x.opt.Switches.Level >= debug.PrintRuns:
		return x.watched(sl)
	case sl.graph != nil:
		return sl.graph.Launch(x.compute)
	}
	return x.Device.enqueue(sl.work)
}

// watched runs the kernels one by one with what the switches ask for.
func (x *executable) watched(sl *slot) error {
	if err := x.compute.Synchronize(); err != nil {
		return err
	}
	for i := range sl.work {
		start := time.Now()
		if err := sl.work[i].wait(x.compute); err != nil {
			return err
		}
		took := time.Since(start)
		if i >= len(x.costs) { // an output's copy
			continue
		}
		x.profile.Add(x.costs[i], took)
		x.print(debug.PrintRuns, func() string { return fmt.Sprintf("%10.1f µs  %s", took.Seconds()*1e6, sl.work[i].name) })
		if x.opt.Switches.CheckNaN {
			if err := x.CheckFinite(i, x.value); err != nil {
				return err
			}
		}
	}
	return nil
}

// value is a value's bytes, when all work is done.
func (x *executable) value(v int) ([]byte, error) { return x.fetch(x.addr[v], x.Work.Values[v].Bytes) }

// explain names the program in an error of the device.
func (x *executable) explain(err error) error {
	x.notice(err)
	return fmt.Errorf("%s: running program %s: %w", x.info.Name, x.Work.Name, err)
}

// ticket is one of an executable's runs. It implements device.Ticket.
type ticket struct {
	x    *executable
	done driver.Event
	ring *hostMemory // the block of outputs, as it left the device
	made bool

	mu      sync.Mutex
	outputs []device.HostBuffer
	pending bool
}

func (t *ticket) allocate(x *executable) (err error) {
	t.x = x
	if t.ring, err = x.pin(x.bytes); err != nil {
		return fmt.Errorf("outputs of program %s: %w", x.Work.Name, err)
	}
	t.outputs = make([]device.HostBuffer, 0, len(x.outputs))
	t.done, err = driver.NewEvent()
	t.made = err == nil
	return err
}

func (t *ticket) free() error {
	var errs []error
	if t.made {
		errs = append(errs, t.done.Close())
	}
	if t.ring != nil {
		errs = append(errs, t.ring.Free())
	}
	if t.x != nil && t.x.lost.Load() {
		return nil
	}
	return device.First(errs...)
}

// expect checks and keeps the buffers that Wait will fill.
func (t *ticket) expect(outputs []device.HostBuffer) error {
	for i, v := range t.x.outputs {
		if want, got := t.x.Work.Values[v].Bytes, int64(len(outputs[i].Data())); got < want {
			return fmt.Errorf("output %s: %d bytes wanted of the %d in a host buffer", t.x.Program.Outputs[i].Name, want, got)
		}
	}
	t.outputs = append(t.outputs[:0], outputs...)
	return nil
}

// Wait implements device.Ticket. Any goroutine may call it.
func (t *ticket) Wait() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.wait()
}

func (t *ticket) wait() error {
	if !t.pending {
		return nil
	}
	x := t.x
	x.watch.begin(&x.Work.Name)
	defer x.watch.end()
	defer x.leave()
	err := x.enter()
	if err == nil {
		err = t.done.Wait()
	}
	if err != nil {
		return x.explain(err)
	}
	for i, v := range x.outputs {
		copy(t.outputs[i].Data(), t.ring.data[x.places[i]:][:x.Work.Values[v].Bytes])
	}
	t.pending = false
	return nil
}
