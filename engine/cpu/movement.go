package cpu

import (
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// moveStep copies elements: element (i, j, ...) of the result's box, row-major
// over extents, comes from one place of the operand and goes to one of the
// result. Transpose, Slice, Pad, Reverse and each operand of Concat are such.
type moveStep struct {
	from, to int // values
	element  int // bytes
	axes     []moveAxis
	fromAt   int // offset of the box's first element, in elements
	toAt     int
	zero     int // elements of the result to clear first
}

// moveAxis is an axis of the box, with the distances of neighbours in elements.
type moveAxis struct{ extent, from, to int }

// movement lowers an operator that moves elements.
func (l *lowering) movement(n *graph.Node, p plan.Step) error {
	c := device.Cost{Kind: n.Op.String(), Bytes: l.Bytes(p)}
	values := l.Operands(n)
	to := values[len(values)-1]
	switch n.Op {
	case graph.OpGather, graph.OpScatterAdd:
		st := newIndexStep(n, values)
		p.Scratch = st.scratch()
		l.add(st, c, p)
	case graph.OpConcat:
		// Several boxes into one result: one step, since a value is written once.
		var all concatStep
		at, strides := 0, n.Shape.Strides()
		for i, x := range n.Inputs {
			axis := int(n.Attr.(graph.Axis))
			m := newMove(n.DType, values[i], to, x.Shape, x.Shape.Strides(), strides)
			m.toAt = at * strides[axis]
			at += x.Shape[axis]
			all = append(all, m)
		}
		l.add(all, c, p)
	default:
		m, ok := moveOf(n, values[0], to)
		if !ok {
			return l.unsupported(n, "no rule for this movement")
		}
		l.add(m, c, p)
	}
	return nil
}

func moveOf(n *graph.Node, from, to int) (*moveStep, bool) {
	x := n.Inputs[0].Shape
	in, out := x.Strides(), n.Shape.Strides()
	box := n.Shape
	offIn, offOut, zero := 0, 0, 0
	switch a := n.Attr.(type) {
	case graph.Perm:
		strides := in
		in = make([]int, len(a))
		for i, axis := range a {
			in[i] = strides[axis]
		}
	case graph.Window:
		for i := range in {
			offIn += a.Start[i] * in[i]
			in[i] *= a.Stride[i]
		}
	case graph.Padding:
		box, zero = x, n.Shape.Size()
		for i := range out {
			offOut += a.Low[i] * out[i]
			out[i] *= a.Inner[i] + 1
		}
	case graph.Axes:
		for _, axis := range a {
			offIn += (x[axis] - 1) * in[axis]
			in[axis] = -in[axis]
		}
	default:
		return nil, false
	}
	m := newMove(n.DType, from, to, box, in, out)
	m.fromAt, m.toAt, m.zero = offIn, offOut, zero
	return m, true
}

// newMove joins axes that are neighbours on both sides.
func newMove(d graph.DType, from, to int, box graph.Shape, in, out []int) *moveStep {
	m := &moveStep{from: from, to: to, element: d.Size()}
	for i, e := range box {
		if e == 1 {
			continue
		}
		if k := len(m.axes) - 1; k >= 0 && m.axes[k].from == in[i]*e && m.axes[k].to == out[i]*e {
			m.axes[k] = moveAxis{m.axes[k].extent * e, in[i], out[i]}
			continue
		}
		m.axes = append(m.axes, moveAxis{e, in[i], out[i]})
	}
	if m.axes == nil {
		m.axes = []moveAxis{{1, 1, 1}}
	}
	return m
}

// moveKernel is a moveStep at its addresses.
type moveKernel struct {
	*moveStep
	x    *executable
	rows int // innermost axes
	per  int // rows of a chunk
}

func (m *moveStep) bind(x *executable, _ int) (kernel, error) {
	k := &moveKernel{moveStep: m, x: x, rows: 1}
	for _, a := range m.axes[:len(m.axes)-1] {
		k.rows *= a.extent
	}
	k.per = max(1, chunkSize/m.axes[len(m.axes)-1].extent)
	return k, nil
}

// run implements kernel.
func (k *moveKernel) run() error {
	if k.zero > 0 {
		clear(span[byte](k.x.addr[k.to], 0, k.zero*k.element))
	}
	k.x.pool.run(k, (k.rows+k.per-1)/k.per)
	return nil
}

// chunk implements task.
func (k *moveKernel) chunk(_, i int) {
	lo, hi := i*k.per, min((i+1)*k.per, k.rows)
	switch k.element {
	case 1:
		moveRows[uint8](k, lo, hi)
	case 2:
		moveRows[uint16](k, lo, hi)
	case 4:
		moveRows[uint32](k, lo, hi)
	case 8:
		moveRows[uint64](k, lo, hi)
	}
}

// moveRows copies rows lo to hi of the box.
func moveRows[T any](k *moveKernel, lo, hi int) {
	from, to := k.x.addr[k.from], k.x.addr[k.to]
	outer, inner := k.axes[:len(k.axes)-1], k.axes[len(k.axes)-1]
	for r := lo; r < hi; r++ {
		in, out, rest := k.fromAt, k.toAt, r
		for i := len(outer) - 1; i >= 0; i-- {
			at := rest % outer[i].extent
			rest /= outer[i].extent
			in += at * outer[i].from
			out += at * outer[i].to
		}
		if inner.from == 1 && inner.to == 1 {
			copy(span[T](to, out, inner.extent), span[T](from, in, inner.extent))
			continue
		}
		for range inner.extent {
			*at[T](to, out) = *at[T](from, in)
			in += inner.from
			out += inner.to
		}
	}
}

// concatStep is several moves into one value.
type concatStep []*moveStep

func (c concatStep) bind(x *executable, i int) (kernel, error) {
	var all sequence
	for _, m := range c {
		k, err := m.bind(x, i)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

// sequence runs kernels one after the other.
type sequence []kernel

func (s sequence) run() error {
	for _, k := range s {
		if err := k.run(); err != nil {
			return err
		}
	}
	return nil
}
