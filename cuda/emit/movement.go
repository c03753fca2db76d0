package emit

import (
	"fmt"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// movement is an operator that moves elements: one part, or a part for each operand.
func movement(n *graph.Node) ([]*builder, error) {
	x := n.Inputs[0]
	in, out := x.Shape.Strides(), n.Shape.Strides()
	var axes []axis
	start := 0 // in the source
	switch n.Op {
	case graph.OpTranspose: // result axis i is operand axis perm[i]
		for i, a := range n.Attr.(graph.Perm) {
			axes = append(axes, axis{n.Shape[i], in[a], out[i]})
		}
	case graph.OpSlice: // element i is operand element start + i*stride
		w := n.Attr.(graph.Window)
		for a, d := range n.Shape {
			axes = append(axes, axis{d, in[a] * w.Stride[a], out[a]})
			start += in[a] * w.Start[a]
		}
	case graph.OpReverse:
		reversed := map[int]bool{}
		for _, a := range n.Attr.(graph.Axes) {
			reversed[a] = true
		}
		for a, d := range n.Shape {
			next := axis{d, in[a], out[a]}
			if reversed[a] {
				next.from = -in[a]
				start += in[a] * (d - 1)
			}
			axes = append(axes, next)
		}
	case graph.OpPad:
		return []*builder{pad(n)}, nil
	case graph.OpConcat:
		return concat(n, out), nil
	case graph.OpGather:
		return []*builder{gather(n)}, nil
	case graph.OpScatterAdd:
		return []*builder{scatterAdd(n)}, nil
	default:
		return nil, fmt.Errorf("%w: operator %s", ErrUnsupported, n.Op)
	}
	return []*builder{move(n, x, axes, start, 0)}, nil
}

// concat copies one operand after the other.
func concat(n *graph.Node, out []int) []*builder {
	var parts []*builder
	along, start := int(n.Attr.(graph.Axis)), 0
	for _, x := range n.Inputs {
		var axes []axis
		for a, stride := range x.Shape.Strides() {
			axes = append(axes, axis{x.Shape[a], stride, out[a]})
		}
		parts = append(parts, move(n, x, axes, 0, start*out[along]))
		start += x.Shape[along]
	}
	return parts
}

// move copies elements of x to n, over a domain of axes, from and to a start, in
// the widest units in which both lie.
func move(n, x *graph.Node, axes []axis, from, to int) *builder {
	axes = merge(axes)
	run := widest(n.DType, func(w int) bool { return divides(axes, from, to, w) })
	axes, from, to = merge(widen(axes, run)), from/run, to/run
	unit := n.DType.Size() * run
	source, result := Pointer{Value: fuse.Source(x)}, Pointer{Value: n}
	if t, ok := tileOf(axes, unit); ok {
		return transpose(t, source, result, from, to)
	}
	size := 1
	for _, a := range axes {
		size *= a.extent
	}
	b := newBuilder()
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, size))
	i, j := b.places(axes, at, from, to)
	b.move(b.address(source, i, unit), b.address(result, j, unit), unit)
	return b.flat(size)
}

// divides says that runs of w elements stay together on both sides, and begin at
// multiples of w.
func divides(axes []axis, from, to, w int) bool {
	if len(axes) == 0 || from%w != 0 || to%w != 0 {
		return false
	}
	last := axes[len(axes)-1]
	if last.from != 1 || last.to != 1 || last.extent%w != 0 {
		return false
	}
	for _, a := range axes[:len(axes)-1] {
		if a.from%w != 0 || a.to%w != 0 {
			return false
		}
	}
	return true
}

// widen counts in runs of w elements.
func widen(axes []axis, w int) []axis {
	if w == 1 {
		return axes
	}
	var wide []axis
	for _, a := range axes[:len(axes)-1] {
		wide = append(wide, axis{a.extent, a.from / w, a.to / w})
	}
	return append(wide, axis{axes[len(axes)-1].extent / w, 1, 1})
}

// margin is an axis of a result with zeros around and between elements: element i
// of extent lies at low + i*step of size.
type margin struct{ size, extent, low, step int }

// margins are the axes of a Pad, of which neighbours that can be one are one.
func margins(n *graph.Node) []margin {
	p := n.Attr.(graph.Padding)
	var merged []margin
	for a, d := range n.Inputs[0].Shape {
		m := margin{n.Shape[a], d, p.Low[a], p.Inner[a] + 1}
		if k := len(merged) - 1; k >= 0 && merged[k].step == 1 && m.size == d {
			merged[k] = margin{merged[k].size * d, merged[k].extent * d, merged[k].low * d, 1}
			continue
		}
		merged = append(merged, m)
	}
	return merged
}

// pad gives each unit of the result what lies there, or zero.
func pad(n *graph.Node) *builder {
	axes := margins(n)
	last := &axes[len(axes)-1]
	run := widest(n.DType, func(w int) bool {
		return last.step == 1 && last.size%w == 0 && last.extent%w == 0 && last.low%w == 0
	})
	last.size, last.extent, last.low = last.size/run, last.extent/run, last.low/run
	size, unit := n.Shape.Size()/run, n.DType.Size()*run
	b := newBuilder()
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, size))
	result := b.address(Pointer{Value: n}, at, unit)
	r := b.roomFor(unit)
	for _, x := range r.regs {
		b.to(x, "mov"+types[x.class], 0)
	}
	source, inside := b.within(axes, at)
	from := b.address(Pointer{Value: fuse.Source(n.Inputs[0])}, source, unit)
	guard := ""
	if inside != nil {
		guard = fmt.Sprintf("@%s ", *inside)
	}
	b.line("%sld.global.%s %s, [%s]", guard, r.kind, r, from)
	b.line("st.global.%s [%s], %s", r.kind, result, r)
	return b.flat(size)
}

// within is which element of the operand lies at a place of a Pad's result, where
// inside holds; nil: everywhere.
func (b *builder) within(axes []margin, at reg) (source reg, inside *reg) {
	require := func(p reg) {
		if inside != nil {
			p = b.op(pred, "and.pred", *inside, p)
		}
		inside = &p
	}
	source = b.op(b32, "mov.b32", 0)
	stride := 1
	for i := len(axes) - 1; i >= 0; i-- {
		a, place := axes[i], at
		if i > 0 {
			at, place = b.divide(at, a.size)
		}
		if a.low > 0 { // what lies before becomes large
			place = b.op(b32, "sub.u32", place, a.low)
		}
		if span := (a.extent-1)*a.step + 1; span < a.size {
			require(b.op(pred, "setp.lt.u32", place, span))
		}
		if a.step > 1 {
			steps := b.quotient(place, a.step)
			require(b.op(pred, "setp.eq.u32", b.op(b32, "mul.lo.s32", steps, a.step), place))
			place = steps
		}
		source = b.op(b32, "mad.lo.s32", place, stride, source)
		stride *= a.extent
	}
	return source, inside
}
