package emit

import (
	"fmt"
	"math"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// node is a kernel of one operator: a movement, or a reduction that no cluster
// takes.
func (e *Emitter) node(n *graph.Node) ([]Launch, int64, error) {
	sizes := []int{n.Shape.Size()}
	for _, x := range n.Inputs {
		sizes = append(sizes, x.Shape.Size())
	}
	for _, s := range sizes {
		if s > math.MaxInt32 {
			return nil, 0, fmt.Errorf("%w: %d elements, and an index has 31 bits", ErrUnsupported, s)
		}
	}
	if sizes[0] == 0 {
		return nil, 0, nil
	}
	if n.Op.Info().Class == graph.Reduction {
		l, err := e.scattered(n)
		return []Launch{l}, 0, err
	}
	launches, err := e.movement(n)
	return launches, 0, err
}

// axis is one of a copy's domain: its extent, and how far apart its elements lie
// in the source and in the result.
type axis struct{ extent, from, to int }

// movement is an operator that moves elements.
func (e *Emitter) movement(n *graph.Node) ([]Launch, error) {
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
		return e.pad(n, in, out)
	case graph.OpConcat:
		return e.concat(n, out)
	case graph.OpGather, graph.OpScatterAdd:
		return e.indexed(n)
	default:
		return nil, fmt.Errorf("%w: operator %s", ErrUnsupported, n.Op)
	}
	return one(e.copy(n, x, axes, start, 0))
}

func one(l Launch, err error) ([]Launch, error) { return []Launch{l}, err }

// pad fills the result with zeros, then copies the operand to its places.
func (e *Emitter) pad(n *graph.Node, in, out []int) ([]Launch, error) {
	p := n.Attr.(graph.Padding)
	var axes []axis
	start := 0
	for a, d := range n.Inputs[0].Shape {
		axes = append(axes, axis{d, in[a], out[a] * (p.Inner[a] + 1)})
		start += out[a] * p.Low[a]
	}
	b := &builder{}
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, n.Shape.Size()))
	b.storeRun(n.DType, b.address(Pointer{Value: n}, at, n.DType.Size()), []reg{b.constant(n.DType, 0)}, nil)
	grid, block := flat(n.Shape.Size())
	zeros, err := e.add(b, grid, block)
	if err != nil || n.Inputs[0].Shape.Size() == 0 {
		return []Launch{zeros}, err
	}
	l, err := e.copy(n, n.Inputs[0], axes, 0, start)
	return []Launch{zeros, l}, err
}

// concat copies one operand after the other.
func (e *Emitter) concat(n *graph.Node, out []int) ([]Launch, error) {
	var launches []Launch
	along, start := int(n.Attr.(graph.Axis)), 0
	for _, x := range n.Inputs {
		var axes []axis
		for a, stride := range x.Shape.Strides() {
			axes = append(axes, axis{x.Shape[a], stride, out[a]})
		}
		if x.Shape.Size() > 0 {
			l, err := e.copy(n, x, axes, 0, start*out[along])
			if err != nil {
				return nil, err
			}
			launches = append(launches, l)
		}
		start += x.Shape[along]
	}
	return launches, nil
}

// copy copies elements of x to n, over a domain of axes, from and to a start, in
// the widest units in which both lie.
func (e *Emitter) copy(n, x *graph.Node, axes []axis, from, to int) (Launch, error) {
	axes = merge(axes)
	unit, run := n.DType.Size(), 1
	for w := run * 2; w*unit <= 16 && divides(axes, from, to, w); w *= 2 {
		run = w
	}
	axes, from, to = widen(axes, run), from/run, to/run
	size := 1
	for _, a := range axes {
		size *= a.extent
	}
	b := &builder{}
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, size))
	source, result := b.places(axes, at, from, to)
	b.move(b.address(Pointer{Value: fuse.Source(x)}, source, unit*run), b.address(Pointer{Value: n}, result, unit*run), unit*run)
	grid, block := flat(size)
	return e.add(b, grid, block)
}

// merge joins neighbouring axes that can be one, and drops those of one element.
func merge(axes []axis) []axis {
	var merged []axis
	for _, a := range axes {
		if a.extent == 1 {
			continue
		}
		if n := len(merged); n > 0 && merged[n-1].from == a.from*a.extent && merged[n-1].to == a.to*a.extent {
			merged[n-1] = axis{merged[n-1].extent * a.extent, a.from, a.to}
			continue
		}
		merged = append(merged, a)
	}
	return merged
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

// places are where element at of a domain lies in the source and in the result.
func (b *builder) places(axes []axis, at reg, from, to int) (source, result reg) {
	source, result = b.op(b32, "mov.b32", from), b.op(b32, "mov.b32", to)
	for i := len(axes) - 1; i >= 0; i-- {
		a := at
		if i > 0 {
			a = b.op(b32, "rem.u32", at, axes[i].extent)
			at = b.op(b32, "div.u32", at, axes[i].extent)
		}
		source = b.op(b32, "mad.lo.s32", a, axes[i].from, source)
		result = b.op(b32, "mad.lo.s32", a, axes[i].to, result)
	}
	return source, result
}

// move copies bytes, a power of two up to 16, on a boundary of as many.
func (b *builder) move(from, to reg, bytes int) {
	switch bytes {
	case 16:
		r := list(b.several(b32, 4))
		b.line("ld.global.v4.b32 %s, [%s]", r, from)
		b.line("st.global.v4.b32 [%s], %s", to, r)
		return
	case 8:
		r := b.new(b64)
		b.line("ld.global.b64 %s, [%s]", r, from)
		b.line("st.global.b64 [%s], %s", to, r)
		return
	}
	kind := map[int]string{1: "u8", 2: "u16", 4: "b32"}[bytes]
	r := b.new(b32)
	if bytes == 2 {
		r = b.new(b16)
	}
	b.line("ld.global.%s %s, [%s]", kind, r, from)
	b.line("st.global.%s [%s], %s", kind, to, r)
}

// row brings an index into [0, rows).
func (b *builder) row(list *graph.Node, i reg, rows int) reg {
	r := b.loadRun(graph.I32, b.address(Pointer{Value: fuse.Source(list)}, i, 4), 1)[0]
	return b.op(b32, "min.s32", b.op(b32, "max.s32", r, 0), rows-1)
}

// indexed is Gather, row i of which is row index[i] of x, and ScatterAdd, which
// adds row i of x to row index[i]: each element of its result looks for its
// rows, in their order.
func (e *Emitter) indexed(n *graph.Node) ([]Launch, error) {
	x, index := n.Inputs[0], n.Inputs[1]
	b := &builder{}
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, n.Shape.Size()))
	length := n.Shape[1:].Size()
	row, column := b.op(b32, "div.u32", at, length), b.op(b32, "rem.u32", at, length)
	size := n.DType.Size()
	result := b.address(Pointer{Value: n}, at, size)
	source := func(r reg) reg {
		return b.address(Pointer{Value: fuse.Source(x)}, b.op(b32, "mad.lo.s32", r, length, column), size)
	}
	if n.Op == graph.OpGather {
		b.move(source(b.row(index, row, x.Shape[0])), result, size)
	} else {
		sum := b.constant(n.DType, 0)
		i := b.op(b32, "mov.b32", 0)
		b.loop(i, b.op(b32, "mov.b32", index.Shape.Size()), 1, func() {
			skip := b.label()
			b.line("@%s bra %s", b.op(pred, "setp.ne.s32", b.row(index, i, n.Shape[0]), row), skip)
			next := b.add(sum, b.loadRun(n.DType, source(i), 1)[0])
			b.to(sum, "mov"+types[sum.class], next)
			b.place(skip)
		})
		b.storeRun(n.DType, result, []reg{sum}, nil)
	}
	grid, block := flat(n.Shape.Size())
	return one(e.add(b, grid, block))
}

func (b *builder) add(x, y reg) reg {
	if x.class == b32 {
		return b.op(b32, "add.s32", x, y)
	}
	return b.op(x.class, "add.rn"+types[x.class], x, y)
}

// scattered is a reduction over any axes: a warp for each result.
func (e *Emitter) scattered(n *graph.Node) (Launch, error) {
	x := n.Inputs[0]
	reduced := map[int]bool{}
	for _, a := range n.Attr.(graph.Axes) {
		reduced[a] = true
	}
	var kept, folded []axis
	count := 1
	for a, stride := range x.Shape.Strides() {
		switch {
		case reduced[a]:
			folded = append(folded, axis{x.Shape[a], stride, 0})
			count *= x.Shape[a]
		default:
			kept = append(kept, axis{x.Shape[a], stride, 0})
		}
	}
	folds, _ := foldsOf(&fuse.Cluster{Reduces: []fuse.Reduce{{Node: n}}}, 0)
	b := &builder{}
	thread := b.thread()
	result := b.op(b32, "div.u32", thread, 32)
	b.leaveIf(b.op(pred, "setp.ge.u32", result, n.Shape.Size()))
	start, _ := b.places(merge(kept), result, 0, 0)
	acc := b.begin(folds, 1)
	at := b.op(b32, "and.b32", thread, 31)
	lane := b.op(b32, "mov.b32", at)
	b.loop(at, b.op(b32, "mov.b32", count), 32, func() {
		offset, _ := b.places(merge(folded), at, 0, 0)
		element := b.op(b32, "add.u32", start, offset)
		value := b.loadRun(x.DType, b.address(Pointer{Value: fuse.Source(x)}, element, x.DType.Size()), 1)
		b.foldInto(folds, acc, [][]reg{value})
	})
	sum := b.across(folds[0], acc[0][0], 32)
	b.leaveIf(b.op(pred, "setp.ne.u32", lane, 0))
	b.keep(folds[0], []reg{sum}, result, false)
	grid, block := flat(n.Shape.Size() * 32)
	return e.add(b, grid, block)
}
