package devicetest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/engine/reference"
)

const (
	guard    = 256  // bytes of sentinels after each value, and around each Variable
	sentinel = 0xff // NaN in every float type, -1 in I32, no Bool at all
)

// A rig is one program on a device with all the memory it needs. A guarded rig
// gives every value and every scratch memory of its own, with sentinels behind
// it; otherwise the arena is shared as it will be in training.
type rig struct {
	dev     device.Device
	program *graph.Program
	plan    *plan.Plan
	exec    device.Executable
	arena   device.Buffer
	vars    device.Buffer
	offset  map[*graph.Variable]int64
	inputs  []device.HostBuffer
	outputs []device.HostBuffer
	free    []func() error
}

// newRig builds p on dev.
func newRig(dev device.Device, p *graph.Program, guarded bool) (r *rig, err error) {
	r = &rig{dev: dev, program: p}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	work, err := dev.Lower(p)
	if err != nil {
		return r, err
	}
	if r.plan, err = plan.Make(work, plan.Options{NoShare: guarded}); err != nil {
		return r, err
	}
	if err := r.plan.Check(); err != nil {
		return r, err
	}
	if guarded {
		stretch(r.plan)
	}
	if err := r.allocate(); err != nil {
		return r, err
	}
	storage := device.Storage{Arena: r.arena, Variable: func(v *graph.Variable) (device.Buffer, int64) { return r.vars, r.offset[v] }}
	if r.exec, err = dev.Build(r.plan, storage); err != nil {
		return r, err
	}
	r.free = append(r.free, r.exec.Close)
	return r, nil
}

// stretch moves the rooms of a plan without sharing apart, so that guard bytes
// lie behind each.
func stretch(p *plan.Plan) {
	var rooms []*int64
	for _, list := range [][]int64{p.Offset, p.Scratch} {
		for i := range list {
			if list[i] >= 0 {
				rooms = append(rooms, &list[i])
			}
		}
	}
	slices.SortStableFunc(rooms, func(a, b *int64) int { return cmp.Compare(*a, *b) })
	for i, at := range rooms {
		*at += int64(i) * guard
	}
	p.Arena += int64(len(rooms)) * guard
}

func (r *rig) allocate() (err error) {
	if r.arena, err = r.dev.Alloc(device.Spec{Label: "test arena", Bytes: r.plan.Arena}); err != nil {
		return err
	}
	r.free = append(r.free, r.arena.Free)
	r.offset = map[*graph.Variable]int64{}
	size := int64(guard)
	for _, v := range r.program.Vars.All() {
		r.offset[v] = size
		size += (int64(v.Bytes())+255)/256*256 + guard
	}
	if r.vars, err = r.dev.Alloc(device.Spec{Label: "test variables", Bytes: size}); err != nil {
		return err
	}
	r.free = append(r.free, r.vars.Free)
	host := func(n *graph.Node) (device.HostBuffer, error) {
		b, err := r.dev.AllocHost(int64(n.Shape.Size() * n.DType.Size()))
		if err == nil {
			r.free = append(r.free, b.Free)
		}
		return b, err
	}
	for _, n := range r.program.Inputs {
		b, err := host(n)
		if err != nil {
			return err
		}
		r.inputs = append(r.inputs, b)
	}
	for _, o := range r.program.Outputs {
		b, err := host(o.Value)
		if err != nil {
			return err
		}
		r.outputs = append(r.outputs, b)
	}
	return nil
}

func (r *rig) close() error {
	var errs []error
	for _, f := range slices.Backward(r.free) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// result is what a run left: outputs in the program's order, and all Variables.
type result struct {
	outputs []reference.Array
	vars    map[*graph.Variable]reference.Array
}

// run poisons all memory, sets the Variables, runs once and checks sentinels.
func (r *rig) run(state map[*graph.Variable]reference.Array, inputs []reference.Array) (result, error) {
	poison := func(b device.Buffer) error {
		return r.dev.Write(b, 0, bytes.Repeat([]byte{sentinel}, int(b.Bytes())))
	}
	if err := errors.Join(poison(r.arena), poison(r.vars)); err != nil {
		return result{}, fmt.Errorf("poisoning memory: %w", err)
	}
	for v, a := range state {
		if err := r.dev.Write(r.vars, r.offset[v], a.Bytes()); err != nil {
			return result{}, fmt.Errorf("writing %s: %w", v.Name, err)
		}
	}
	for i, a := range inputs {
		copy(r.inputs[i].Data(), a.Bytes())
	}
	for _, b := range r.outputs {
		copy(b.Data(), bytes.Repeat([]byte{sentinel}, len(b.Data())))
	}
	ticket, err := r.exec.Run(r.inputs, r.outputs)
	if err != nil {
		return result{}, err
	}
	if err := ticket.Wait(); err != nil {
		return result{}, err
	}
	for i, a := range inputs {
		if !bytes.Equal(r.inputs[i].Data(), a.Bytes()) {
			return result{}, fmt.Errorf("the run changed input %s in the host's memory", r.program.Inputs[i].InputName())
		}
	}
	return r.collect()
}

// collect reads everything back.
func (r *rig) collect() (result, error) {
	arena, err := r.download(r.arena)
	if err != nil {
		return result{}, err
	}
	vars, err := r.download(r.vars)
	if err != nil {
		return result{}, err
	}
	if err := errors.Join(r.checkArena(arena), r.checkVars(vars)); err != nil {
		return result{}, err
	}
	out := result{vars: map[*graph.Variable]reference.Array{}}
	for i, o := range r.program.Outputs {
		a, err := reference.FromBytes(o.Value.DType, o.Value.Shape, r.outputs[i].Data())
		if err != nil {
			return result{}, err
		}
		out.outputs = append(out.outputs, a)
	}
	for v, at := range r.offset {
		if out.vars[v], err = reference.FromBytes(v.DType, v.Shape, vars[at:at+int64(v.Bytes())]); err != nil {
			return result{}, err
		}
	}
	return out, nil
}

func (r *rig) download(b device.Buffer) ([]byte, error) {
	host, err := r.dev.AllocHost(b.Bytes())
	if err != nil {
		return nil, err
	}
	ticket, err := r.dev.Read(host, b, 0, b.Bytes())
	if err == nil {
		err = ticket.Wait()
	}
	data := bytes.Clone(host.Data())
	return data, errors.Join(err, host.Free())
}

// checkArena finds bytes that a step wrote outside of its values and scratch.
func (r *rig) checkArena(arena []byte) error {
	owned := make([]bool, len(arena))
	own := func(from, n int64) {
		for i := range n {
			owned[from+i] = true
		}
	}
	for i, v := range r.plan.Work.Values {
		if at := r.plan.Offset[i]; at >= 0 {
			own(at, v.Bytes)
		}
	}
	for i, s := range r.plan.Work.Steps {
		if at := r.plan.Scratch[i]; at >= 0 {
			own(at, s.Scratch)
		}
	}
	for i, b := range arena {
		if !owned[i] && b != sentinel {
			return fmt.Errorf("sentinel: a step wrote outside of its values, at %s", r.where(int64(i)))
		}
	}
	return nil
}

// where names the value that ends last before a place in the arena.
func (r *rig) where(at int64) string {
	name, distance := "the start of the arena", at
	for i, v := range r.plan.Work.Values {
		end := r.plan.Offset[i] + v.Bytes
		if r.plan.Offset[i] >= 0 && end <= at && at-end <= distance {
			name, distance = v.Name, at-end
		}
	}
	return fmt.Sprintf("byte %d after %s", distance, name)
}

func (r *rig) checkVars(vars []byte) error {
	owned := make([]bool, len(vars))
	for v, at := range r.offset {
		for i := range v.Bytes() {
			owned[int(at)+i] = true
		}
	}
	for i, b := range vars {
		if !owned[i] && b != sentinel {
			return fmt.Errorf("sentinel: a step wrote outside of the Variables, at byte %d of %d", i, len(vars))
		}
	}
	return nil
}
