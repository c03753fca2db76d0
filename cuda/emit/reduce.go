package emit

import (
	"math"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// Reductions of a cluster are the last stage of its pass: each thread folds the
// elements that it computes, the threads of a row or a column fold theirs by a
// tree, and where a result's elements were split over blocks, a second kernel
// folds the parts in order.

// wantedBlocks is how many blocks keep a large GPU busy. A constant, not the
// device's own, so that sums do not depend on the device's size.
const wantedBlocks = 512

// leastRun is how many spans a thread should fold before blocks split a result.
const leastRun = 8

// fold is one reduction of a pass.
type fold struct {
	node *graph.Node
	c    class // of its accumulators
	part Pointer
}

// foldsOf are a cluster's reductions, with room for parts in scratch memory:
// parts numbers of each.
func foldsOf(c *fuse.Cluster, parts int) (folds []fold, scratch int64) {
	for _, r := range c.Reduces {
		f := fold{node: r.Node, c: classOf(r.Node.DType)}
		if f.c == pred {
			f.c = b32
		}
		f.part.Offset = scratch
		scratch += int64(ceil(parts*f.size(), 16) * 16)
		folds = append(folds, f)
	}
	return folds, scratch
}

// size of an accumulator in memory, bytes.
func (f fold) size() int {
	if f.c == f64 {
		return 8
	}
	return 4
}

// none is what folding nothing gives.
func (f fold) none() any {
	switch {
	case f.node.Op == graph.OpReduceAll:
		return 1
	case f.node.Op == graph.OpReduceMax && f.c == b32:
		return math.MinInt32
	case f.node.Op == graph.OpReduceMax:
		return real(f.c, math.Inf(-1))
	case f.c == b32:
		return 0
	}
	return real(f.c, 0)
}

// join folds two accumulators.
func (b *builder) join(f fold, x, y reg) reg {
	switch {
	case f.node.Op == graph.OpReduceAll:
		return b.op(b32, "and.b32", x, y)
	case f.node.Op == graph.OpReduceMax:
		return b.extreme(graph.OpMax, x, y)
	case f.c == b32:
		return b.op(b32, "add.s32", x, y)
	}
	return b.op(f.c, "add.rn"+types[f.c], x, y)
}

// operand is an element as the accumulator has it.
func (b *builder) operand(x reg) reg {
	if x.class == pred {
		return b.op(b32, "selp.b32", 1, 0, x)
	}
	return x
}

// begin gives accumulators of which nothing was folded yet, n of each fold.
func (b *builder) begin(folds []fold, n int) [][]reg {
	var all [][]reg
	for _, f := range folds {
		acc := b.several(f.c, n)
		for _, a := range acc {
			b.to(a, "mov"+types[f.c], f.none())
		}
		all = append(all, acc)
	}
	return all
}

// loop runs body while at < end, at growing by step. Both are b32.
func (b *builder) loop(at, end reg, step int, body func()) {
	again, done := b.label(), b.label()
	b.place(again)
	b.line("@%s bra %s", b.op(pred, "setp.ge.u32", at, end), done)
	body()
	b.line("add.u32 %s, %s, %d", at, at, step)
	b.line("bra.uni %s", again)
	b.place(done)
}

// foldInto folds a pass's values into accumulators, element by element.
func (b *builder) foldInto(folds []fold, acc [][]reg, values [][]reg) {
	for k, f := range folds {
		for j := range acc[k] {
			b.to(acc[k][j], "mov"+types[f.c], b.join(f, acc[k][j], b.operand(values[k][j])))
		}
	}
}

// across folds an accumulator over the lanes of a warp, of which the first width
// hold something; lane 0 has the result.
func (b *builder) across(f fold, x reg, width int) reg {
	for d := width / 2; d > 0; d /= 2 {
		x = b.join(f, x, b.down(x, d))
	}
	return x
}

// down is the register of the lane that is d further.
func (b *builder) down(x reg, d int) reg {
	shuffle := func(r reg) reg { return b.op(b32, "shfl.sync.down.b32", r, d, 31, -1) }
	switch x.class {
	case f32:
		return b.op(f32, "mov.b32", shuffle(b.op(b32, "mov.b32", x)))
	case f64:
		low, high := b.new(b32), b.new(b32)
		b.line("mov.b64 {%s, %s}, %s", low, high, x)
		return b.op(f64, "mov.b64", list([]reg{shuffle(low), shuffle(high)}))
	}
	return shuffle(x)
}

// keep stores accumulators: results at index at, or parts.
func (b *builder) keep(f fold, values []reg, at reg, parts bool) {
	if !parts {
		to := b.address(Pointer{Value: f.node}, at, f.node.DType.Size())
		if f.node.DType == graph.Bool {
			truths := make([]reg, len(values))
			for i, v := range values {
				truths[i] = b.truth(v)
			}
			values = truths
		}
		b.storeRun(f.node.DType, to, values, nil)
		return
	}
	b.storeRun(f.raw(), b.address(f.part, at, f.size()), values, nil)
}

// then computes a cluster over results, of which this thread has just stored n
// from index at on.
func (b *builder) then(c *fuse.Cluster, at reg, n int) {
	if c == nil {
		return
	}
	for j := range n {
		b.pass(c, span{b.op(b32, "add.u32", at, j), 1})
	}
}

// raw is a type whose layout is the accumulator's.
func (f fold) raw() graph.DType {
	return map[class]graph.DType{f32: graph.F32, f64: graph.F64, b32: graph.I32}[f.c]
}

// reduction is a cluster with reductions,
// with then, if that is not nil, for each result.
func reduction(c, then *fuse.Cluster) (stages, int64) {
	if c.Frame.Inner == 1 {
		return rows(c, then)
	}
	return columns(c, then)
}

// sliced cuts r elements for blocks of which there are so many already, each
// thread of which folds run elements at a time: how many slices, of what length.
func sliced(blocks, r, run int) (count, length int) {
	count = max(1, min(wantedBlocks/max(blocks, 1), r/(run*leastRun)))
	length = ceil(ceil(r, count), run) * run
	return ceil(r, length), length
}

// shortRow is up to how long a row one warp folds it.
const shortRow = 1024

// rows reduces rows of neighbouring elements: a warp or a block for each, or
// several blocks.
func rows(c, then *fuse.Cluster) (stages, int64) {
	f := c.Frame
	n := spanOf(c, f.Reduced)
	team := threads
	if f.Reduced <= shortRow {
		team = 32
	}
	count, length := 1, f.Reduced
	if team == threads {
		count, length = sliced(f.Outer, f.Reduced, team*n)
	}
	folds, scratch := foldsOf(c, f.Outer*count)
	b := newBuilder()
	tid := b.op(b32, "mov.u32", "%tid.x")
	lane := b.op(b32, "and.b32", tid, team-1)
	row := b.x
	if team < threads {
		row = b.op(b32, "mad.lo.s32", row, threads/team, b.op(b32, "div.u32", tid, team))
		b.leaveIf(b.op(pred, "setp.ge.u32", row, f.Outer))
	}
	slice := b.y
	at, end := b.bounds(slice, length, f.Reduced, b.op(b32, "mul.lo.s32", lane, n))
	acc := b.begin(folds, n)
	start := b.op(b32, "mul.lo.s32", row, f.Reduced)
	b.loop(at, end, team*n, func() {
		b.foldInto(folds, acc, b.pass(c, span{b.op(b32, "add.u32", start, at), n}))
	})
	place := row
	if count > 1 {
		place = b.op(b32, "mad.lo.s32", row, count, slice)
	}
	b.teamResults(folds, acc, tid, lane, team, func(k int, x reg) { b.keep(folds[k], []reg{x}, place, count > 1) })
	b.over(ceil(f.Outer, threads/team), count, threads)
	if count == 1 {
		b.then(then, place, 1)
		return stages{{b}}, 0
	}
	return stages{{b}, {finish(folds, f, count, then)}}, scratch
}

// bounds are the first element of a thread and the end of its slice.
func (b *builder) bounds(slice reg, length, all int, offset reg) (at, end reg) {
	begin := b.op(b32, "mul.lo.s32", slice, length)
	end = b.op(b32, "min.u32", b.op(b32, "add.u32", begin, length), all)
	return b.op(b32, "add.u32", begin, offset), end
}

// teamResults folds each fold's accumulators of a thread, then those of the
// team, a warp or a block, and gives its first thread the results.
func (b *builder) teamResults(folds []fold, acc [][]reg, tid, lane reg, team int, result func(k int, x reg)) {
	warps := team / 32
	var folded []reg
	for k, f := range folds {
		a := acc[k]
		for len(a) > 1 {
			for i := range len(a) / 2 {
				a[i] = b.join(f, a[2*i], a[2*i+1])
			}
			a = a[:len(a)/2]
		}
		folded = append(folded, b.across(f, a[0], 32))
	}
	if warps > 1 {
		b.shared = len(folds) * warps * 8
		room := b.op(b32, "mov.u32", "room")
		first := b.op(pred, "setp.eq.u32", b.op(b32, "and.b32", tid, 31), 0)
		mine := b.op(b32, "mad.lo.s32", b.op(b32, "shr.u32", tid, 5), 8, room)
		for k, f := range folds {
			b.line("@%s st.shared%s [%s+%d], %s", first, types[f.c], mine, k*warps*8, folded[k])
		}
		b.line("bar.sync 0")
		b.leaveIf(b.op(pred, "setp.ge.u32", tid, 32))
		theirs := b.op(b32, "mad.lo.s32", tid, 8, room)
		held := b.op(pred, "setp.lt.u32", tid, warps)
		for k, f := range folds {
			x := b.op(f.c, "mov"+types[f.c], f.none())
			b.line("@%s ld.shared%s %s, [%s+%d]", held, types[f.c], x, theirs, k*warps*8)
			folded[k] = b.across(f, x, warps)
		}
	}
	b.leaveIf(b.op(pred, "setp.ne.u32", lane, 0))
	for k := range folds {
		result(k, folded[k])
	}
}

// columns reduces elements that are Inner apart: threads lie side by side along
// the columns, and below each other along what is reduced.
func columns(c, then *fuse.Cluster) (stages, int64) {
	f := c.Frame
	n := spanOf(c, f.Inner)
	wide := 1
	for wide < 32 && wide*n < f.Inner {
		wide *= 2
	}
	high := threads / wide
	strips := ceil(f.Inner, wide*n)
	count, length := sliced(f.Outer*strips, f.Reduced, high)
	folds, scratch := foldsOf(c, f.Outer*count*f.Inner)
	b := newBuilder()
	tid := b.op(b32, "mov.u32", "%tid.x")
	x, y := b.op(b32, "and.b32", tid, wide-1), b.op(b32, "div.u32", tid, wide)
	strip := b.x
	outer := b.op(b32, "div.u32", strip, strips)
	strip = b.op(b32, "rem.u32", strip, strips)
	column := b.op(b32, "mul.lo.s32", b.op(b32, "mad.lo.s32", strip, wide, x), n)
	inside := b.op(pred, "setp.lt.u32", column, f.Inner)
	slice := b.y
	at, end := b.bounds(slice, length, f.Reduced, y)
	end = b.op(b32, "selp.b32", end, 0, inside)
	acc := b.begin(folds, n)
	start := b.op(b32, "mul.lo.s32", outer, f.Reduced)
	b.loop(at, end, high, func() {
		row := b.op(b32, "add.u32", start, at)
		b.foldInto(folds, acc, b.pass(c, span{b.op(b32, "mad.lo.s32", row, f.Inner, column), n}))
	})
	for k, fold := range folds {
		b.downColumns(fold, acc[k], tid, y, wide, high, k > 0)
	}
	top := b.op(pred, "setp.eq.u32", y, 0)
	b.leaveIf(b.op(pred, "not.pred", b.op(pred, "and.pred", top, inside)))
	place := outer
	if count > 1 {
		place = b.op(b32, "mad.lo.s32", outer, count, slice)
	}
	place = b.op(b32, "mad.lo.s32", place, f.Inner, column)
	for k := range folds {
		b.keep(folds[k], acc[k], place, count > 1)
	}
	b.over(f.Outer*strips, count, threads)
	if count == 1 {
		b.then(then, place, n)
		return stages{{b}}, 0
	}
	return stages{{b}, {finish(folds, f, count, then)}}, scratch
}

// downColumns folds the accumulators of threads below each other by a tree in
// shared memory; those of the topmost have the result.
func (b *builder) downColumns(f fold, acc []reg, tid, y reg, wide, high int, again bool) {
	bytes := len(acc) * f.size()
	b.shared = max(b.shared, threads*bytes)
	mine := b.op(b32, "mad.lo.s32", tid, bytes, b.op(b32, "mov.u32", "room"))
	if again { // the room is still read
		b.line("bar.sync 0")
	}
	for j, a := range acc {
		b.line("st.shared%s [%s+%d], %s", types[f.c], mine, j*f.size(), a)
	}
	for h := high / 2; h > 0; h /= 2 {
		b.line("bar.sync 0")
		skip := b.label()
		b.line("@%s bra %s", b.op(pred, "setp.ge.u32", y, h), skip)
		for j, a := range acc {
			below := b.new(f.c)
			b.line("ld.shared%s %s, [%s+%d]", types[f.c], below, mine, h*wide*bytes+j*f.size())
			b.to(a, "mov"+types[f.c], b.join(f, a, below))
			b.line("st.shared%s [%s+%d], %s", types[f.c], mine, j*f.size(), a)
		}
		b.place(skip)
	}
}

// fewResults is up to how many results a warp folds the parts of each.
const fewResults = 4096

// finish folds the parts of every result, count for each, in order: part s of
// result [o, i] lies at [o, s, i].
func finish(folds []fold, f fuse.Frame, count int, then *fuse.Cluster) *builder {
	b := newBuilder()
	results := f.Outer * f.Inner
	team := 1
	if results <= fewResults {
		team = 32
	}
	thread := b.thread()
	result := b.op(b32, "div.u32", thread, team)
	b.leaveIf(b.op(pred, "setp.ge.u32", result, results))
	outer, inner := b.op(b32, "div.u32", result, f.Inner), b.op(b32, "rem.u32", result, f.Inner)
	acc := b.begin(folds, 1)
	at := b.op(b32, "and.b32", thread, team-1)
	lane := b.op(b32, "mov.b32", at)
	b.loop(at, b.op(b32, "mov.b32", count), team, func() {
		part := b.op(b32, "mad.lo.s32", b.op(b32, "mad.lo.s32", outer, count, at), f.Inner, inner)
		var values [][]reg
		for _, fold := range folds {
			values = append(values, b.loadRun(fold.raw(), b.address(fold.part, part, fold.size()), 1))
		}
		b.foldInto(folds, acc, values)
	})
	for k, fold := range folds {
		acc[k][0] = b.across(fold, acc[k][0], team)
	}
	if team > 1 {
		b.leaveIf(b.op(pred, "setp.ne.u32", lane, 0))
	}
	for k, fold := range folds {
		b.keep(fold, acc[k], result, false)
	}
	b.then(then, result, 1)
	return b.flat(results * team)
}
