package emit

import (
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// clamp brings an index into [0, rows).
func (b *builder) clamp(index reg, rows int) reg {
	return b.op(b32, "min.s32", b.op(b32, "max.s32", index, 0), rows-1)
}

// gather copies rows: row i of the result is row index[i] of x.
func gather(n *graph.Node) *builder {
	x, index := n.Inputs[0], n.Inputs[1]
	length := n.Shape[1:].Size()
	run := widest(n.DType, func(w int) bool { return length%w == 0 })
	length /= run
	size, unit := n.Shape.Size()/run, n.DType.Size()*run
	b := newBuilder()
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, size))
	i, column := b.divide(at, length)
	row := b.loadRun(graph.I32, b.address(Pointer{Value: fuse.Source(index)}, i, 4), 1)[0]
	from := b.op(b32, "mad.lo.s32", b.clamp(row, x.Shape[0]), length, column)
	b.move(b.address(Pointer{Value: fuse.Source(x)}, from, unit), b.address(Pointer{Value: n}, at, unit), unit)
	return b.flat(size)
}

// scatterAdd adds row i of x to row index[i] of zeros. A warp has a run of
// columns of one row of the result. It looks through the index, 32 places at a
// time, and adds what belongs to its row in order.
func scatterAdd(n *graph.Node) *builder {
	x, index := n.Inputs[0], n.Inputs[1]
	length, count := n.Shape[1:].Size(), index.Shape.Size()
	run := 16 / max(4, n.DType.Size())
	for length%run != 0 {
		run /= 2
	}
	strips := ceil(length, 32*run)
	teams := n.Shape[0] * strips
	b := newBuilder()
	tid := b.op(b32, "mov.u32", "%tid.x")
	lane := b.op(b32, "and.b32", tid, 31)
	team := b.op(b32, "mad.lo.s32", b.x, threads/32, b.op(b32, "shr.u32", tid, 5))
	b.leaveIf(b.op(pred, "setp.ge.u32", team, teams))
	row, strip := b.divide(team, strips)
	column := b.op(b32, "mul.lo.s32", b.op(b32, "mad.lo.s32", strip, 32, lane), run)
	outside := b.op(pred, "setp.ge.u32", column, length)
	// Lanes beyond the row's end add what the last ones do, and drop it.
	column = b.op(b32, "min.u32", column, length-run)

	folds := b.foldsOf([]*graph.Node{n}, n.Shape.Size(), 1)
	sums := b.begin(folds, run)
	first := b.op(b32, "mov.b32", 0)
	b.until("setp.ge.s32", first, b.op(b32, "mov.b32", count), func() {
		b.members(Pointer{Value: fuse.Source(index)}, b.op(b32, "add.u32", first, lane), lane, row, count, n.Shape[0], func(member reg) {
			from := b.op(b32, "mad.lo.s32", b.op(b32, "add.u32", first, member), length, column)
			b.foldInto(folds, sums, [][]reg{b.loadRun(x.DType, b.address(Pointer{Value: fuse.Source(x)}, from, x.DType.Size()), run)})
		})
		b.line("add.u32 %s, %s, 32", first, first)
	})
	b.leaveIf(outside)
	if n.DType == graph.U8 {
		for i, s := range sums[0] {
			sums[0][i] = b.op(b32, "min.u32", s, 255)
		}
	}
	b.keep(folds[0], sums[0], b.op(b32, "mad.lo.s32", row, length, column), false)
	return b.over(ceil(teams, threads/32), 1, threads)
}

// members calls visit, in a warp's every lane, for each of 32 places of an index
// that name row, in order. Lane by lane, at is a place of it; member is the lane's
// number.
func (b *builder) members(index Pointer, at, lane, row reg, count, rows int, visit func(member reg)) {
	there := b.op(pred, "setp.lt.u32", at, count)
	named := b.op(b32, "mov.b32", 0)
	b.line("@%s ld.global.b32 %s, [%s]", there, named, b.address(index, at, 4))
	hit := b.op(pred, "and.pred", there, b.op(pred, "setp.eq.s32", b.clamp(named, rows), row))
	left := b.op(b32, "selp.b32", b.op(b32, "shl.b32", b.op(b32, "mov.b32", 1), lane), 0, hit)
	for d := 16; d > 0; d /= 2 { // the bits of all lanes
		left = b.op(b32, "or.b32", left, b.op(b32, "shfl.sync.bfly.b32", left, d, 31, -1))
	}
	again, done := b.label(), b.label()
	b.place(again)
	b.line("@%s bra %s", b.op(pred, "setp.eq.u32", left, 0), done)
	visit(b.op(b32, "clz.b32", b.op(b32, "brev.b32", left)))
	b.to(left, "and.b32", left, b.op(b32, "sub.u32", left, 1))
	b.line("bra %s", again)
	b.place(done)
}
