package emit

// stripWidth is how many columns a block has side by side: lines of memory enough
// for each row, and so few that there are many blocks, whose parts are soon folded.
const stripWidth = 32

// strip is a block's share of a reduction of elements that are Inner apart: lanes
// lie side by side along the columns, n to a thread, and below each other along
// what is reduced, in count slices.
type strip struct {
	*builder
	u                               Unit
	folds                           []fold
	n, wide, high, strips, count    int
	tid, below, outer, left, column reg
	start, end                      reg // of the thread's rows in its slice: the first, and behind the last
	inside                          reg // the thread's columns are there
}

// columns reduces elements that are Inner apart.
func columns(u Unit) *builder {
	s := newStrip(u)
	f := u.Kernel.Cluster.Frame
	acc := s.fold()
	if s.count > 1 {
		first := s.op(b32, "mul.lo.s32", s.outer, s.count)
		s.results(acc, s.op(b32, "add.u32", first, s.y), true)
		s.last(s.tid, s.x, f.Outer*s.strips, s.count)
		acc = s.foldParts(first)
	}
	s.results(acc, s.outer, false)
	return s.over(f.Outer*s.strips, s.count, threads)
}

func newStrip(u Unit) *strip {
	c, b := u.Kernel.Cluster, newBuilder()
	f := c.Frame
	s := &strip{builder: b, u: u, n: spanOf(c, f.Inner), wide: 1}
	for s.wide*s.n < min(stripWidth, f.Inner) {
		s.wide *= 2
	}
	s.high = threads / s.wide
	s.strips = ceil(f.Inner, s.wide*s.n)
	count, length := sliced(f.Outer*s.strips, f.Reduced, s.high)
	s.count = count
	nodes := nodesOf(c)
	if u.Spread != nil {
		nodes = append(nodes, nodesOf(u.Spread.Kernel.Cluster)...)
	}
	s.folds = b.foldsOf(nodes, f.Outer*f.Inner, count)
	s.tid = b.op(b32, "mov.u32", "%tid.x")
	x := b.op(b32, "and.b32", s.tid, s.wide-1)
	s.below = b.quotient(s.tid, s.wide)
	var place reg
	s.outer, place = b.divide(b.x, s.strips)
	s.left = b.op(b32, "mul.lo.s32", place, s.wide*s.n)
	s.column = b.op(b32, "mad.lo.s32", x, s.n, s.left)
	s.inside = b.op(pred, "setp.lt.u32", s.column, f.Inner)
	s.start, s.end = b.bounds(b.y, length, f.Reduced, s.below)
	s.end = b.op(b32, "selp.b32", s.end, 0, s.inside)
	return s
}

// fold folds the elements of the thread's columns in its slice.
func (s *strip) fold() [][]reg {
	c := s.u.Kernel.Cluster
	f := c.Frame
	acc := s.begin(s.folds, s.n)
	frame := s.op(b32, "mul.lo.s32", s.outer, f.Reduced)
	there := s.op(b32, "min.u32", s.column, f.Inner-s.n) // also for threads beside the columns
	top := span{s.op(b32, "mad.lo.s32", frame, f.Inner, there), s.n}
	known, loads := s.fixed(c, top)
	var from []reg
	if s.u.Spread != nil {
		from = s.fetch(c, top, known)()[0]
	}
	s.loop(s.start, s.end, s.high, loads, func(at reg) func() {
		row := s.op(b32, "add.u32", frame, at)
		values := s.fetch(c, span{s.op(b32, "mad.lo.s32", row, f.Inner, s.column), s.n}, known)
		return func() {
			v := values()
			if from != nil {
				v = s.distances(v[0], from)
			}
			s.foldInto(s.folds, acc, v)
		}
	})
	return acc
}

// foldParts folds the parts of all slices, which begin at row first of them.
func (s *strip) foldParts(first reg) [][]reg {
	acc := s.begin(s.folds, s.n)
	at := s.op(b32, "mov.b32", s.below)
	s.loop(at, s.op(b32, "selp.b32", s.count, 0, s.inside), s.high, len(s.folds), func(at reg) func() {
		row := s.op(b32, "add.u32", first, at)
		parts := s.parts(s.folds, s.op(b32, "mad.lo.s32", row, s.u.Kernel.Cluster.Frame.Inner, s.column), s.n)
		return func() { s.foldInto(s.folds, acc, parts) }
	})
	return acc
}

// results stores the block's results, or parts of them, as row `row`.
func (s *strip) results(acc [][]reg, row reg, parts bool) {
	f := s.u.Kernel.Cluster.Frame
	s.columnResults(s.folds, acc, s.tid, s.wide, func(folded []reg) {
		own := s.op(b32, "add.u32", s.left, s.tid)
		done := s.label()
		s.line("@%s bra %s", s.op(pred, "setp.ge.u32", own, f.Inner), done)
		if s.u.Spread != nil && !parts {
			folded = s.moments(folded, s.op(b32, "mad.lo.s32", s.op(b32, "mul.lo.s32", s.outer, f.Reduced), f.Inner, own))
		}
		place := s.op(b32, "mad.lo.s32", row, f.Inner, own)
		for k := range s.folds {
			s.keep(s.folds[k], folded[k:k+1], place, parts)
		}
		if !parts {
			s.then(s.u.Then, place)
			if s.u.Spread != nil {
				s.then(s.u.Spread.Then, place)
			}
		}
		s.place(done)
	})
}
