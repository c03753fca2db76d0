package emit

import "slices"

// Threads of a warp, of a block and of several blocks fold what each has: by
// shuffles, in shared memory, and in scratch memory.

// last has the last of count blocks to come to a meeting, one of so many, go on,
// and ends the others. All that these have stored is there to be loaded by parts.
func (b *builder) last(tid, meeting reg, meetings, count int) {
	counter := Pointer{IsCounter: true, Offset: b.room.Counters}
	b.room.Counters += int64(ceil(4*meetings, 16) * 16)
	b.shared = max(b.shared, 4)
	b.line("membar.gl")
	b.line("bar.sync 0")
	first := b.op(pred, "setp.eq.u32", tid, 0)
	place, room := b.new(b32), b.op(b32, "mov.u32", "room")
	b.line("@%s atom.global.inc.u32 %s, [%s], %d", first, place, b.address(counter, meeting, 4), count-1)
	b.line("@%s st.shared.b32 [%s], %s", first, room, place)
	b.line("bar.sync 0")
	b.line("ld.shared.b32 %s, [%s]", place, room)
	b.leaveIf(b.op(pred, "setp.ne.u32", place, count-1))
	b.line("membar.gl")
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

// atOnceDown is how many reductions go down one tree: so many have room in 48 KiB
// of shared memory, 16 bytes for each thread.
const atOnceDown = 8

// downColumns folds the accumulators of threads below each other by a tree in
// shared memory; those of the topmost have the results.
func (b *builder) downColumns(folds []fold, acc [][]reg, tid, y reg, wide, high int) {
	for i := 0; i < len(folds); i += atOnceDown {
		if i > 0 { // the room is still read
			b.line("bar.sync 0")
		}
		b.downTree(folds[i:min(i+atOnceDown, len(folds))], acc[i:], tid, y, wide, high)
	}
}

func (b *builder) downTree(folds []fold, acc [][]reg, tid, y reg, wide, high int) {
	const bytes = 16 // of a thread's accumulators, at most
	b.shared = max(b.shared, len(folds)*threads*bytes)
	mine := b.op(b32, "mad.lo.s32", tid, bytes, b.op(b32, "mov.u32", "room"))
	keep := func(k int) {
		b.line("st.shared%s%s [%s+%d], %s", vector(acc[k]), types[folds[k].c], mine, k*threads*bytes, list(acc[k]))
	}
	for k := range folds {
		keep(k)
	}
	for h := high / 2; h > 0; h /= 2 {
		b.line("bar.sync 0")
		skip := b.label()
		b.line("@%s bra %s", b.op(pred, "setp.ge.u32", y, h), skip)
		for k, f := range folds {
			below := b.several(f.c, len(acc[k]))
			b.line("ld.shared%s%s %s, [%s+%d]", vector(below), types[f.c], list(below), mine, (h*wide+k*threads)*bytes)
			for j, a := range acc[k] {
				b.to(a, "mov"+types[f.c], b.join(f, a, below[j]))
			}
			keep(k)
		}
		b.place(skip)
	}
}
