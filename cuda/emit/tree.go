package emit

import (
	"fmt"
	"slices"
)

// Threads of a warp, of a block and of several blocks fold what each has: by
// shuffles, in shared memory, and in scratch memory.

// last has the last of count blocks to come to a meeting, one of so many, go on,
// and ends the others. All that these have stored is there to be loaded by parts.
func (b *builder) last(tid, meeting reg, meetings, count int) {
	counter := Pointer{IsCounter: true, Offset: b.room.Counters}
	b.room.Counters += int64(ceil(4*meetings, 16) * 16)
	b.shared = max(b.shared, 4)
	b.line("bar.sync 0")
	first := b.op(pred, "setp.eq.u32", tid, 0)
	place, room := b.new(b32), b.op(b32, "mov.u32", "room")
	b.line("@%s fence.acq_rel.gpu", first) // one thread's does for all that met at the barrier
	b.line("@%s atom.global.inc.u32 %s, [%s], %d", first, place, b.address(counter, meeting, 4), count-1)
	b.line("@%s fence.acq_rel.gpu", first)
	b.line("@%s st.shared.b32 [%s], %s", first, room, place)
	b.line("bar.sync 0")
	b.line("ld.shared.b32 %s, [%s]", place, room)
	b.leaveIf(b.op(pred, "setp.ne.u32", place, count-1))
	b.line("bar.sync 0") // the room is used again
}

// parts loads n neighbouring parts of every fold. Other blocks have written them
// since the kernel began, so a cache of this multiprocessor may not answer.
func (b *builder) parts(folds []fold, at reg, n int) (values [][]reg) {
	for _, f := range folds {
		from, v := b.address(f.part, at, f.size()), b.several(f.c, n)
		b.line("ld.global.cg%s%s %s, [%s]", vector(v), types[f.c], list(v), from)
		values = append(values, v)
	}
	return values
}

// teamResults folds each fold's accumulators of a thread, then those of the team, a
// warp or a block, and gives its first thread the results.
func (b *builder) teamResults(folds []fold, acc [][]reg, tid, lane reg, team int, results func(folded []reg)) {
	warps := team / 32
	var folded []reg
	for k, f := range folds {
		a := slices.Clone(acc[k])
		for len(a) > 1 {
			for i := range len(a) / 2 {
				a[i] = b.join(f, a[2*i], a[2*i+1])
			}
			a = a[:len(a)/2]
		}
		folded = append(folded, b.across(f, a[0], 32))
	}
	done := b.label()
	if warps > 1 {
		b.shared = max(b.shared, len(folds)*warps*8)
		room := b.op(b32, "mov.u32", "room")
		first := b.op(pred, "setp.eq.u32", b.op(b32, "and.b32", tid, 31), 0)
		mine := b.op(b32, "mad.lo.s32", b.op(b32, "shr.u32", tid, 5), 8, room)
		for k, f := range folds {
			b.line("@%s st.shared%s [%s+%d], %s", first, types[f.c], mine, k*warps*8, folded[k])
		}
		b.line("bar.sync 0")
		b.line("@%s bra %s", b.op(pred, "setp.ge.u32", tid, 32), done)
		theirs := b.op(b32, "mad.lo.s32", tid, 8, room)
		held := b.op(pred, "setp.lt.u32", tid, warps)
		for k, f := range folds {
			x := b.op(f.c, "mov"+types[f.c], f.none())
			b.line("@%s ld.shared%s %s, [%s+%d]", held, types[f.c], x, theirs, k*warps*8)
			folded[k] = b.across(f, x, warps)
		}
	}
	b.line("@%s bra %s", b.op(pred, "setp.ne.u32", lane, 0), done)
	results(folded)
	b.place(done)
}

// columnResults folds each fold's accumulators of a thread, which are neighbouring
// columns, with those of the threads below, wide threads further and so on, and
// gives the first threads of the block the results, one column each.
func (b *builder) columnResults(folds []fold, acc [][]reg, tid reg, wide int, results func(folded []reg)) {
	const warps = threads / 32
	n := len(acc[0])
	columns := wide * n
	room, lane := b.op(b32, "mov.u32", "room"), b.op(b32, "and.b32", tid, 31)
	mine := b.op(b32, "mad.lo.s32", b.op(b32, "shr.u32", tid, 5), columns, b.op(b32, "mul.lo.s32", lane, n))
	top := b.op(pred, "setp.lt.u32", lane, wide)
	size := 0
	for k, f := range folds {
		for d := 16; d >= wide; d /= 2 {
			for j, a := range acc[k] {
				acc[k][j] = b.join(f, a, b.down(a, d))
			}
		}
		b.line("@%s st.shared%s%s [%s+%d], %s", top, vector(acc[k]), types[f.c], b.op(b32, "mad.lo.s32", mine, f.size(), room), size, list(acc[k]))
		size += warps * columns * f.size()
	}
	b.shared = max(b.shared, size)
	done := b.label()
	b.line("bar.sync 0")
	b.line("@%s bra %s", b.op(pred, "setp.ge.u32", tid, columns), done)
	var folded []reg
	at := 0
	for _, f := range folds {
		own := b.op(b32, "mad.lo.s32", tid, f.size(), room)
		var sum reg
		for w := range warps {
			x := b.op(f.c, "ld.shared"+types[f.c], fmt.Sprintf("[%s+%d]", own, at+w*columns*f.size()))
			if w > 0 {
				x = b.join(f, sum, x)
			}
			sum = x
		}
		folded = append(folded, sum)
		at += warps * columns * f.size()
	}
	results(folded)
	b.place(done)
}
