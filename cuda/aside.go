//go:build cuda && cgo && linux

package cuda

import (
	"slices"
	"unsafe"

	"ganengine/cuda/driver"
	"ganengine/engine/device"
	"ganengine/engine/plan"
)

// leastApart is how many steps must stand between a product and what reads it for
// the product to be put aside.
const leastApart = 2

// putAside finds products whose results are wanted late, such as the gradients of
// filters on the way back through a network: they run on a stream of their own
// beside the steps that follow, which alone would leave multiprocessors idle. At
// most one is under way: the next, and whatever reads the result, waits for it.
//
// The planner sees an order and no streams. So all that the product touches stays
// alive until the step that waits for it: its operands as if that step read them,
// its scratch as a value.
func (l *lowering) putAside() {
	pending := -1
	for i := range l.steps {
		late := l.isLate(i)
		if pending >= 0 && (late || touches(l.Work.Steps[i], l.Work.Steps[pending])) {
			l.awaits(i, pending)
			pending = -1
		}
		if !late {
			continue
		}
		pending = l.moveUp(i)
		st, p := &l.steps[pending], &l.Work.Steps[pending]
		st.aside = true
		if p.Scratch > 0 {
			st.workspace = l.Scratch("workspace of "+p.Name, p.Scratch)
			p.Writes, p.Scratch = append(p.Writes, st.workspace), 0
		}
	}
}

// isLate says whether step i is a product that nobody waits for: it reads no
// Variable, which a later step might overwrite, and its result is read late.
func (l *lowering) isLate(i int) bool {
	p := l.Work.Steps[i]
	if !l.steps[i].isProduct() || slices.ContainsFunc(p.Reads, func(v int) bool { return l.Nodes[v] == nil }) {
		return false
	}
	for j := i + 1; j < len(l.steps); j++ {
		if touches(l.Work.Steps[j], p) {
			return j-i > leastApart
		}
	}
	return false // an output, which nobody would wait for
}

// touches says whether a step reads or writes what step p writes.
func touches(q, p plan.Step) bool {
	return slices.ContainsFunc(p.Writes, func(v int) bool { return slices.Contains(q.Reads, v) || slices.Contains(q.Writes, v) })
}

// awaits has step i wait for what is aside.
func (l *lowering) awaits(i, aside int) {
	l.steps[i].waits = true
	q, p := &l.Work.Steps[i], l.Work.Steps[aside]
	q.Reads = append(slices.Clone(q.Reads), p.Reads...)
	if v := l.steps[aside].workspace; v > 0 {
		q.Reads = append(q.Reads, v)
	}
}

// moveUp moves step i ahead of steps that it does not depend on, so that it starts
// together with them. It stays behind what is aside already.
func (l *lowering) moveUp(i int) int {
	for ; i > 0; i-- {
		if q := l.steps[i-1]; q.aside || q.waits || touches(l.Work.Steps[i], l.Work.Steps[i-1]) {
			break
		}
		l.steps[i-1], l.steps[i] = l.steps[i], l.steps[i-1]
		l.costs[i-1], l.costs[i] = l.costs[i], l.costs[i-1]
		l.Work.Steps[i-1], l.Work.Steps[i] = l.Work.Steps[i], l.Work.Steps[i-1]
	}
	return i
}

// enqueue puts all the work on the stream compute, but for what was put aside.
func (d *Device) enqueue(b bound) error {
	for i := range b {
		if b[i].waits {
			if err := driver.Follow(d.compute, d.aside, d.met); err != nil {
				return err
			}
		}
		var err error
		if b[i].aside {
			err = d.enqueueAside(&b[i])
		} else {
			err = b[i].enqueue(d.compute)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// enqueueAside puts a piece on the stream aside, behind all that is on compute.
func (d *Device) enqueueAside(p *piece) error {
	if err := driver.Follow(d.aside, d.compute, d.met); err != nil {
		return err
	}
	if p.call == nil {
		return p.enqueue(d.aside)
	}
	if err := d.handle.SetStream(unsafe.Pointer(d.aside.C())); err != nil {
		return err
	}
	return device.First(p.enqueue(d.aside), d.handle.SetStream(unsafe.Pointer(d.compute.C())))
}
