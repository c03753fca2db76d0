package emit

import (
	"fmt"
	"slices"
	"strings"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// How elements of a type lie in memory: the type that ld and st give them, and
// the class of register that they pass through.
func layout(d graph.DType) (kind string, c class) {
	switch d {
	case graph.F32:
		return "f32", f32
	case graph.F64:
		return "f64", f64
	case graph.BF16:
		return "b16", b16
	case graph.I32:
		return "b32", b32
	}
	return "u8", b32 // U8, Bool
}

// loadRun loads n neighbouring elements, n no more than 4; several want an
// address that is a multiple of their size.
func (b *builder) loadRun(d graph.DType, address reg, n int) []reg {
	if d == graph.BF16 && n > 1 {
		return b.loadPairs(address, n)
	}
	kind, c := layout(d)
	raw := b.several(c, n)
	b.line("ld.global%s.%s %s, [%s]", vector(raw), kind, list(raw), address)
	for i, r := range raw {
		switch d {
		case graph.BF16:
			raw[i] = b.widen(r)
		case graph.Bool:
			raw[i] = b.op(pred, "setp.ne.u32", r, 0)
		}
	}
	return raw
}

// loadPairs loads n neighbouring bf16, two to a register: the upper half of an f32
// is a bf16.
func (b *builder) loadPairs(address reg, n int) (values []reg) {
	pairs := b.several(b32, n/2)
	b.line("ld.global%s.b32 %s, [%s]", vector(pairs), list(pairs), address)
	for _, p := range pairs {
		values = append(values, b.op(f32, "mov.b32", b.op(b32, "shl.b32", p, 16)), b.op(f32, "mov.b32", b.op(b32, "and.b32", p, -1<<16)))
	}
	return values
}

// storeRun stores neighbouring elements, under a predicate if when is not nil.
func (b *builder) storeRun(d graph.DType, address reg, values []reg, when *reg) {
	kind, _ := layout(d)
	raw := slices.Clone(values)
	switch {
	case d == graph.BF16 && len(values) > 1: // two to a register
		kind, raw = "b32", nil
		for i := 0; i < len(values); i += 2 {
			raw = append(raw, b.op(b32, "cvt.rn.bf16x2.f32", b.unrounded(values[i+1]), b.unrounded(values[i])))
		}
	case d == graph.BF16:
		raw[0] = b.op(b16, "cvt.rn.bf16.f32", b.unrounded(values[0]))
	case d == graph.Bool:
		for i, v := range values {
			raw[i] = b.op(b32, "selp.b32", 1, 0, v)
		}
	}
	guard := ""
	if when != nil {
		guard = fmt.Sprintf("@%s ", *when)
	}
	b.line("%sst.global%s.%s [%s], %s", guard, vector(raw), kind, address, list(raw))
}

func (b *builder) several(c class, n int) []reg {
	var all []reg
	for range n {
		all = append(all, b.new(c))
	}
	return all
}

// vector is how ld and st say that they move several elements.
func vector(regs []reg) string {
	if len(regs) == 1 {
		return ""
	}
	return fmt.Sprintf(".v%d", len(regs))
}

// list is registers as ld and st have them.
func list(regs []reg) string {
	if len(regs) == 1 {
		return regs[0].String()
	}
	var s []string
	for _, r := range regs {
		s = append(s, r.String())
	}
	return "{" + strings.Join(s, ", ") + "}"
}

// widen is a bf16 as f32, exactly.
func (b *builder) widen(h reg) reg {
	return b.op(f32, "mov.b32", b.op(b32, "shl.b32", b.op(b32, "cvt.u32.u16", h), 16))
}

// narrow rounds an f32 to bf16, in place of which it is held as f32.
func (b *builder) narrow(f reg) reg {
	r := b.widen(b.op(b16, "cvt.rn.bf16.f32", f))
	b.rounded[r] = f
	return r
}

// unrounded is what narrow rounded to f, or f: a store rounds by itself.
func (b *builder) unrounded(f reg) reg {
	if x, ok := b.rounded[f]; ok {
		return x
	}
	return f
}

// span is a run of n neighbouring elements of the domain, the first of which is
// at index at, a multiple of n.
type span struct {
	at reg
	n  int
}

// load loads a span's elements of a source by a pattern.
func (b *builder) load(l *fuse.Load, s span) []reg {
	d, p := l.Source.DType, l.Pattern
	src := Pointer{Value: l.Source}
	inner := p[len(p)-1]
	switch {
	case p.Scalar():
		return same(b.loadRun(d, b.base(src), 1)[0], s.n)
	case inner.Extent%s.n != 0: // a span may cross an edge: element by element
		var values []reg
		for j := range s.n {
			at := s.at
			if j > 0 {
				at = b.op(b32, "add.u32", s.at, j)
			}
			values = append(values, b.loadRun(d, b.address(src, b.offset(p, at), d.Size()), 1)...)
		}
		return values
	}
	first := b.address(src, b.offset(p, s.at), d.Size())
	switch {
	case inner.Stride == 0:
		return same(b.loadRun(d, first, 1)[0], s.n)
	case inner.Stride == 1 && aligned(p, s.n):
		return b.loadRun(d, first, s.n)
	}
	var values []reg
	for j := range s.n {
		at := first
		if j > 0 {
			at = b.op(b64, "add.s64", first, j*inner.Stride*d.Size())
		}
		values = append(values, b.loadRun(d, at, 1)...)
	}
	return values
}

// aligned says that spans of n elements begin at multiples of n in the source.
func aligned(p fuse.Pattern, n int) bool {
	for _, d := range p[:len(p)-1] {
		if d.Stride%n != 0 {
			return false
		}
	}
	return true
}

// same is one value for every element of a span.
func same(r reg, n int) []reg {
	all := make([]reg, n)
	for i := range all {
		all[i] = r
	}
	return all
}

// offset is Pattern(index), in elements: the index is split by the extents.
func (b *builder) offset(p fuse.Pattern, index reg) reg {
	if p.Identity() {
		return index
	}
	var sum *reg
	for i := len(p) - 1; i >= 0; i-- {
		at := index
		if i > 0 {
			if p[i].Stride != 0 {
				at = b.remainder(index, p[i].Extent)
			}
			index = b.quotient(index, p[i].Extent)
		}
		if p[i].Stride == 0 {
			continue
		}
		term := at
		switch {
		case sum != nil:
			term = b.op(b32, "mad.lo.s32", at, p[i].Stride, *sum)
		case p[i].Stride != 1:
			term = b.op(b32, "mul.lo.s32", at, p[i].Stride)
		}
		sum = &term
	}
	if sum == nil {
		return b.op(b32, "mov.b32", 0)
	}
	return *sum
}
