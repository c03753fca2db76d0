package emit

import (
	"math"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// Reductions of a cluster are the last stage of its pass: each thread folds the
// elements that it computes, the threads of a row or a column fold theirs by a
// tree, and where a result's elements were split over blocks, the last of these to
// be done folds the parts: which block that is changes, the order of the sum does
// not.

// wantedBlocks is how many blocks keep a large GPU busy: `resident` on each of its
// multiprocessors. A constant, not the device's own, so that sums do not depend on
// the device's size.
const (
	resident     = 4
	wantedBlocks = 132 * resident
)

// leastRun is how many spans a thread should fold before blocks split a result.
const leastRun = 4

// fold is one reduction of a pass.
type fold struct {
	node *graph.Node
	c    class // of its accumulators
	part Pointer
}

// foldsOf are reductions of so many results, with room for parts in scratch memory
// where count blocks share each.
func (b *builder) foldsOf(nodes []*graph.Node, results, count int) (folds []fold) {
	parts := 0
	if count > 1 {
		parts = results * count
	}
	for _, n := range nodes {
		f := fold{node: n, c: classOf(n.DType)}
		if f.c == pred {
			f.c = b32
		}
		f.part.Offset = b.room.Scratch
		b.room.Scratch += int64(ceil(parts*f.size(), 16) * 16)
		folds = append(folds, f)
	}
	return folds
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

// inFlight is how many loads of a thread should be on their way before the first
// is folded.
const inFlight = 8

// heldAtMost is how many registers a thread may hold for all its visits, if what it
// loads is to have room besides.
const heldAtMost = 24

// heldAtCalls is the same where a visit calls functions, around which registers are kept
// besides.
const heldAtCalls = 16

// loop visits what lies at `at`, at+step and so on before end; at and end are b32.
// load does what loads of one visit, and answers what is left of it; where a visit
// has few loads, those of up to four are on their way before the first is used.
func (b *builder) loop(at, end reg, step, loads int, load func(at reg) (use func())) {
	atOnce := max(1, min(4, inFlight/max(loads, 1)))
	visit := func(n int) {
		var uses []func()
		place := at
		for i := range n {
			if i > 0 {
				place = b.op(b32, "add.u32", at, i*step)
			}
			uses = append(uses, load(place))
		}
		for _, use := range uses {
			use()
		}
		b.line("add.u32 %s, %s, %d", at, at, n*step)
	}
	if atOnce > 1 {
		held, calls := b.count[f32]+2*b.count[f64], len(b.math)
		last := b.op(b32, "sub.s32", end, (atOnce-1)*step) // behind which the row would be too long
		b.until("setp.ge.s32", at, last, func() { visit(atOnce) })
		most := heldAtMost
		if len(b.math) > calls {
			most = heldAtCalls
		}
		if held <= most {
			// Left alone, an assembler saves registers and loads late.
			b.resident = resident
		}
	}
	b.until("setp.ge.s32", at, end, func() { visit(1) })
}

// until runs body over and over, as long as a comparison does not hold.
func (b *builder) until(holds string, x, y reg, body func()) {
	again, done := b.label(), b.label()
	b.place(again)
	b.line("@%s bra %s", b.op(pred, holds, x, y), done)
	body()
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

// then computes a cluster over results, of which this thread has just stored the
// one at index at.
func (b *builder) then(c *fuse.Cluster, at reg) {
	if c != nil {
		b.pass(c, span{at, 1})
	}
}

// raw is a type whose layout is the accumulator's.
func (f fold) raw() graph.DType {
	return map[class]graph.DType{f32: graph.F32, f64: graph.F64, b32: graph.I32}[f.c]
}

// reduction is a unit with reductions.
func reduction(u Unit) *builder {
	if u.Kernel.Cluster.Frame.Inner == 1 {
		return rows(u.Kernel.Cluster, u.Then)
	}
	return columns(u)
}

// sliced cuts r elements for blocks of which there are so many already, each
// thread of which folds run elements at a time: how many slices, of what length.
func sliced(blocks, r, run int) (count, length int) {
	count = max(1, min(wantedBlocks/max(blocks, 1), r/(run*leastRun)))
	length = ceil(ceil(r, count), run) * run
	return ceil(r, length), length
}

// nodesOf are a cluster's reductions.
func nodesOf(c *fuse.Cluster) (nodes []*graph.Node) {
	for _, r := range c.Reduces {
		nodes = append(nodes, r.Node)
	}
	return nodes
}

// shortRow is up to how long a row one warp folds it where there are rows enough to
// keep a GPU busy, loneRow where there are few.
const shortRow, loneRow = 1024, 128

// teamOf is how many threads fold a row.
func teamOf(rows, length int) int {
	if length > shortRow || length > loneRow && rows <= wantedBlocks {
		return threads
	}
	return 32
}

// rows reduces rows of neighbouring elements.
func rows(c, then *fuse.Cluster) *builder {
	f := c.Frame
	n := spanOf(c, f.Reduced)
	b := newBuilder()
	return b.lines(nodesOf(c), f.Outer, f.Reduced, n, func(row reg) (elements func(at reg) func() [][]reg, loads int) {
		start := b.op(b32, "mul.lo.s32", row, f.Reduced)
		known, loads := b.fixed(c, span{start, n})
		return func(at reg) func() [][]reg { return b.fetch(c, span{b.op(b32, "add.u32", start, at), n}, known) }, loads
	}, then)
}

// lines folds terms elements, n at a time, into each of results: a warp or a block
// for each, or several blocks. load says how the elements from number at on are
// loaded and then made for a result, and by how many loads.
func (b *builder) lines(nodes []*graph.Node, results, terms, n int, load func(result reg) (elements func(at reg) func() [][]reg, loads int), then *fuse.Cluster) *builder {
	team, count, length := teamOf(results, terms), 1, terms
	if team == threads {
		count, length = sliced(results, terms, team*n)
	}
	folds := b.foldsOf(nodes, results, count)
	tid := b.op(b32, "mov.u32", "%tid.x")
	lane := b.op(b32, "and.b32", tid, team-1)
	result := b.x
	if team < threads {
		result = b.op(b32, "mad.lo.s32", result, threads/team, b.quotient(tid, team))
		b.leaveIf(b.op(pred, "setp.ge.u32", result, results))
	}
	at, end := b.bounds(b.y, length, terms, b.op(b32, "mul.lo.s32", lane, n))
	acc := b.begin(folds, n)
	elements, loads := load(result)
	b.loop(at, end, team*n, loads, func(at reg) func() {
		values := elements(at)
		return func() { b.foldInto(folds, acc, values()) }
	})
	keep := func(split bool, at reg) func(folded []reg) {
		return func(folded []reg) {
			for k, f := range folds {
				b.keep(f, folded[k:k+1], at, split)
			}
			if !split {
				b.then(then, at)
			}
		}
	}
	if count == 1 {
		b.teamResults(folds, acc, tid, lane, team, keep(false, result))
		return b.over(ceil(results, threads/team), 1, threads)
	}
	first := b.op(b32, "mul.lo.s32", result, count)
	b.teamResults(folds, acc, tid, lane, team, keep(true, b.op(b32, "add.u32", first, b.y)))
	b.last(tid, result, results, count)
	acc = b.begin(folds, 1)
	at = b.op(b32, "mov.b32", tid)
	b.loop(at, b.op(b32, "mov.b32", count), threads, len(folds), func(at reg) func() {
		parts := b.parts(folds, b.op(b32, "add.u32", first, at), 1)
		return func() { b.foldInto(folds, acc, parts) }
	})
	b.teamResults(folds, acc, tid, lane, team, keep(false, result))
	return b.over(results, count, threads)
}

// bounds are the first element of a thread and the end of its slice.
func (b *builder) bounds(slice reg, length, all int, offset reg) (at, end reg) {
	begin := b.op(b32, "mul.lo.s32", slice, length)
	end = b.op(b32, "min.u32", b.op(b32, "add.u32", begin, length), all)
	return b.op(b32, "add.u32", begin, offset), end
}
