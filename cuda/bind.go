//go:build cuda && cgo && linux

package cuda

import (
	"fmt"

	"gorgonia.org/cu"

	"ganengine/cuda/cudnn"
	"ganengine/cuda/driver"
)

// bound is a program at its addresses, a piece for each step and for each output
// that no kernel writes.
type bound []piece

// piece is a step at its addresses: a list of launches, a call or a copy.
type piece struct {
	name  string
	list  *driver.List
	call  *cudnn.Call
	copy  *copying
	aside bool // it runs beside the pieces that follow
	waits bool // for what is aside
}

type copying struct {
	to, from cu.DevicePtr
	bytes    int64
}

// bind gives every launch its addresses; those of inputs are a slot's.
func (x *executable) bind(addr, inputs []cu.DevicePtr) (b bound, err error) {
	at := append([]cu.DevicePtr(nil), addr...)
	for i, v := range x.Inputs {
		at[v] = inputs[i]
	}
	for i, st := range x.steps {
		p := piece{name: x.Work.Steps[i].Name, aside: st.aside, waits: st.waits}
		var scratch cu.DevicePtr
		if offset := x.plan.Scratch[i]; offset >= 0 {
			scratch = x.arena + cu.DevicePtr(offset)
		}
		if st.workspace > 0 {
			scratch = at[st.workspace]
		}
		if st.conv != nil {
			c := st.conv
			p.call, err = c.plan.Bind(uint64(at[c.x]), uint64(at[c.w]), uint64(at[c.y]), uint64(scratch))
		} else {
			p.list, err = x.launches(st.launches, at, scratch, x.counter, x.function)
		}
		if err != nil {
			b.close()
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		b = append(b, p)
	}
	for i, v := range x.outputs {
		if place := x.block + cu.DevicePtr(x.places[i]); at[v] != place && x.Work.Values[v].Bytes > 0 {
			b = append(b, piece{name: "output " + x.Program.Outputs[i].Name, copy: &copying{place, at[v], x.Work.Values[v].Bytes}})
		}
	}
	return b, nil
}

// launches prepares one step's launches, of values that lie at the given addresses.
func (d *Device) launches(all []launch, at []cu.DevicePtr, scratch, counter cu.DevicePtr, find func(launch) (cu.Function, error)) (*driver.List, error) {
	var list []driver.Launch
	for _, l := range all {
		f, err := find(l)
		if err != nil {
			return nil, err
		}
		ready := driver.Launch{Name: l.entry, Function: f, Grid: l.grid, Block: l.block}
		for _, a := range l.arguments {
			switch {
			case a.scalar != nil:
				ready.Arguments = append(ready.Arguments, a.scalar)
			case a.counter:
				ready.Arguments = append(ready.Arguments, counter+cu.DevicePtr(a.offset))
			case a.scratch:
				ready.Arguments = append(ready.Arguments, scratch+cu.DevicePtr(a.offset))
			default:
				ready.Arguments = append(ready.Arguments, at[a.value])
			}
		}
		list = append(list, ready)
	}
	return driver.NewList(list)
}

// function is a launch's of package kernels.
func (d *Device) function(l launch) (cu.Function, error) { return d.kernel(l.entry) }

// function is a launch's of package kernels or of the program's module.
func (x *executable) function(l launch) (cu.Function, error) {
	if l.library {
		return x.Device.function(l)
	}
	return function(x.module, l.entry)
}

// checked enqueues piece by piece and waits for each, so that the error names
// the one that failed.
func (b bound) checked(s cu.Stream) error {
	for i := range b {
		if err := b[i].wait(s); err != nil {
			return err
		}
	}
	return nil
}

// wait runs one piece to its end.
func (p *piece) wait(s cu.Stream) error {
	err := p.enqueue(s)
	if err == nil {
		err = s.Synchronize()
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

func (p *piece) enqueue(s cu.Stream) error {
	switch {
	case p.list != nil:
		return p.list.Run(s)
	case p.call != nil:
		return p.call.Run()
	}
	return cu.MemcpyDtoDAsync(p.copy.to, p.copy.from, p.copy.bytes, s)
}

func (b bound) close() {
	for i := range b {
		switch {
		case b[i].list != nil:
			b[i].list.Close()
		case b[i].call != nil:
			b[i].call.Close()
		}
	}
}
