package emit

import (
	"fmt"
	"math"

	"ganengine/engine/graph"
)

// node is a kernel of one operator: a movement, or a reduction that no cluster
// takes.
func node(n *graph.Node) ([]*builder, error) {
	sizes := []int{n.Shape.Size()}
	for _, x := range n.Inputs {
		sizes = append(sizes, x.Shape.Size())
	}
	for _, s := range sizes {
		if s > math.MaxInt32 {
			return nil, fmt.Errorf("%w: %d elements, and an index has 31 bits", ErrUnsupported, s)
		}
	}
	if sizes[0] == 0 {
		return nil, nil
	}
	if n.Op.Info().Class == graph.Reduction {
		return []*builder{scattered(n)}, nil
	}
	return movement(n)
}

// axis is one of a domain: its extent, and how far apart its elements lie in the
// source and in the result.
type axis struct{ extent, from, to int }

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

// places are where element at of a domain lies in the source and in the result.
func (b *builder) places(axes []axis, at reg, from, to int) (source, result reg) {
	source, result = b.op(b32, "mov.b32", from), b.op(b32, "mov.b32", to)
	for i := len(axes) - 1; i >= 0; i-- {
		a := at
		if i > 0 {
			at, a = b.divide(at, axes[i].extent)
		}
		source = b.op(b32, "mad.lo.s32", a, axes[i].from, source)
		result = b.op(b32, "mad.lo.s32", a, axes[i].to, result)
	}
	return source, result
}

// widest is how many elements of a type move at a time: the largest power of two
// within 16 bytes for which fits holds.
func widest(d graph.DType, fits func(w int) bool) int {
	run := 1
	for w := 2; w*d.Size() <= 16 && fits(w); w *= 2 {
		run = w
	}
	return run
}

// room is a place in registers for a unit of memory: 1, 2, 4, 8 or 16 bytes.
type room struct {
	kind string // the type that ld and st give it
	regs []reg
}

func (b *builder) roomFor(bytes int) room {
	switch bytes {
	case 1:
		return room{"u8", b.several(b32, 1)}
	case 2:
		return room{"u16", b.several(b16, 1)}
	case 8:
		return room{"b64", b.several(b64, 1)}
	case 16:
		return room{"v4.b32", b.several(b32, 4)}
	}
	return room{"b32", b.several(b32, 1)}
}

// String is the room as an operand.
func (r room) String() string {
	if len(r.regs) == 1 {
		return r.regs[0].String()
	}
	return list(r.regs)
}

// move copies a unit of so many bytes between addresses that are multiples of it.
func (b *builder) move(from, to reg, bytes int) {
	r := b.roomFor(bytes)
	b.line("ld.global.%s %s, [%s]", r.kind, r, from)
	b.line("st.global.%s [%s], %s", r.kind, to, r)
}
