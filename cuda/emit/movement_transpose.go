package emit

// A transposition reads along one axis and writes along another. A block turns a
// square tile round in shared memory, so that neighbouring threads read neighbours
// and write neighbours. Rows of a tile have one more element than they hold, so
// that a column's elements lie in different banks.
//
// Reference: M. Harris, "An Efficient Matrix Transpose in CUDA C/C++", 2013.
const (
	tileSide = 32
	tileRows = 8 // of a tile at a time: a block's threads
)

// tile is a domain with an axis along which the source's elements are
// neighbours, one along which the result's are, and others.
type tile struct {
	along, across axis
	others        []axis
	unit          int // bytes
}

// tileOf finds a tile that is worth it: both axes fill half of its sides, and
// units are not so wide that each is an access of its own.
func tileOf(axes []axis, unit int) (t tile, ok bool) {
	t.unit = unit
	for _, a := range axes {
		switch {
		case a.from == 1 && a.to != 1:
			t.along = a
		case a.to == 1 && a.from != 1:
			t.across = a
		default:
			t.others = append(t.others, a)
		}
	}
	least := min(t.along.extent, t.across.extent)
	return t, unit < 16 && least >= tileSide/2 && len(t.others) == len(axes)-2
}

// transpose copies a domain tile by tile.
func transpose(t tile, from, to Pointer, source, result int) *builder {
	b := newBuilder()
	b.shared = tileSide * (tileSide + 1) * t.unit
	tid := b.op(b32, "mov.u32", "%tid.x")
	x, y := b.op(b32, "and.b32", tid, tileSide-1), b.op(b32, "shr.u32", tid, 5)
	number := b.x
	next := func(n int) reg { // counter of the innermost of the grid's axes
		var i reg
		number, i = b.divide(number, n)
		return b.op(b32, "mul.lo.s32", i, tileSide)
	}
	wide, high := ceil(t.along.extent, tileSide), ceil(t.across.extent, tileSide)
	column, row := next(wide), next(high)
	i, j := b.places(t.others, number, source, result)

	room := b.op(b32, "mov.u32", "room")
	// turn visits a tile's rows: where threads of one begin in the domain, and
	// where in the room, of which neighbouring threads are apart units apart.
	turn := func(beside, below reg, a, c axis, apart, down int, visit func(inside, x, y, place reg)) {
		beside, below = b.op(b32, "add.u32", beside, x), b.op(b32, "add.u32", below, y)
		place := b.op(b32, "mad.lo.s32", x, apart*t.unit, b.op(b32, "mad.lo.s32", y, down*t.unit, room))
		held := b.op(pred, "setp.lt.u32", beside, a.extent)
		for k := 0; k < tileSide; k += tileRows {
			at := b.op(b32, "add.u32", below, k)
			inside := b.op(pred, "and.pred", held, b.op(pred, "setp.lt.u32", at, c.extent))
			visit(inside, beside, at, b.op(b32, "add.u32", place, k*down*t.unit))
		}
	}
	turn(column, row, t.along, t.across, 1, tileSide+1, func(inside, x, y, place reg) {
		r := b.roomFor(t.unit)
		at := b.op(b32, "add.u32", x, b.op(b32, "mad.lo.s32", y, t.across.from, i))
		b.line("@%s ld.global.%s %s, [%s]", inside, r.kind, r, b.address(from, at, t.unit))
		b.line("@%s st.shared.%s [%s], %s", inside, r.kind, place, r)
	})
	b.line("bar.sync 0")
	turn(row, column, t.across, t.along, tileSide+1, 1, func(inside, x, y, place reg) {
		r := b.roomFor(t.unit)
		at := b.op(b32, "add.u32", x, b.op(b32, "mad.lo.s32", y, t.along.to, j))
		b.line("@%s ld.shared.%s %s, [%s]", inside, r.kind, r, place)
		b.line("@%s st.global.%s [%s], %s", inside, r.kind, b.address(to, at, t.unit), r)
	})
	blocks := wide * high
	for _, a := range t.others {
		blocks *= a.extent
	}
	return b.over(blocks, 1, tileSide*tileRows)
}
