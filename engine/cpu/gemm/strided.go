package gemm

// Products of plain matrices that are not large read their operands where they lie, if
// they can. The first one's values are broadcast, so that any stride
// serves; the second one's rows must lie side by side and near each other, or are
// packed. Where a product is small, packing both would take as long as multiplying.

const (
	// stridedRows is what tasks' rows are counted in. Kernels' own tiles are lower, or
	// as high.
	stridedRows = 8
	// stridedColumns is how many columns are packed at a time.
	stridedColumns = 128
)

// lanes is how many the vectors of the kernels for strided products have, 0 where there
// are no such kernels.
type lanes int

// width is how many columns a tile of a strided product has.
func (l lanes) width() int { return 2 * int(l) }

const (
	// smallOperands is how many values both operands may have. A dense layer's
	// product of 200x1200x1200 has 1.7 million: it takes 2.1 ms so, and 2.2 to 2.5
	// with oneDNN 2.6, whose team of threads is another one. A product of 2048³,
	// which oneDNN computes half as fast again, has 8.4 million.
	smallOperands = 1 << 22
	// nearValues is up to how many values the terms of an operand span that are near
	// each other.
	nearValues = 1 << 15
	// manyColumns is how many columns make up for packing the first operand, behind
	// the second one's in the workspace.
	manyColumns = stridedColumns
)

// isStrided says whether a job takes this way.
func (e *Engine[T]) isStrided(j *job[T]) bool {
	return e.strided > 0 && j.a.view == strided && j.b.view == strided && j.alpha == 1 && j.rowAt.plain() && j.colAt.plain() &&
		(j.m+j.n)*j.k <= smallOperands
}

// IsSmall says whether p has small operands, and the CPU kernels for such products.
func (e *Engine[T]) IsSmall(p Product[T]) bool {
	j := p.job()
	return e.isStrided(&j)
}

// turn exchanges the operands where that takes fewer instructions: one for each
// term, row and 16 columns; what packing takes; and what moving a result takes
// whose columns no longer lie side by side.
func (j *job[T]) turn() {
	cost := func(m, n int, b *operand[T], col int) int {
		terms := m * ceil(n, maxWidth) * j.k
		if b.free != 1 {
			terms += n * j.k / 4
		}
		if col != 1 {
			terms += 2 * m * n
		}
		return terms
	}
	if cost(j.n, j.m, &j.a, j.rowAt.step0) < cost(j.m, j.n, &j.b, j.colAt.step0) {
		j.exchange()
	}
}

// lying is where a part of an operand lies: element (f, p) of it at f*free + p*red.
// In panels element (f, p) is at f/16*panel + f%16 + p*red.
type lying[T Float] struct {
	data             []T
	free, red, panel int
}

// packed is a packed part of an operand, of so many terms.
func packed[T Float](data []T, terms int) lying[T] {
	return lying[T]{data: data, free: 1, red: maxWidth, panel: terms * maxWidth}
}

// inPlace is operand o from term p on.
func inPlace[T Float](o *operand[T], p int) lying[T] {
	return lying[T]{data: o.data[p*o.red:], free: o.free, red: o.red, panel: maxWidth * o.free}
}

// run is how many of n free indices in a row lie at one distance from each other.
func (l *lying[T]) run(n int) int {
	if l.panel == maxWidth*l.free {
		return n
	}
	return maxWidth
}

// from is the part from free index f on, a multiple of 8.
func (l *lying[T]) from(f int) []T { return l.data[f/maxWidth*l.panel+f%maxWidth*l.free:] }

// isNear says that so many terms' values lie side by side, and near each other.
func (o *operand[T]) isNear(terms int) bool { return o.free == 1 && terms*o.red <= nearValues }

// packsRows says whether a strided product packs the first operand as well.
func (j *job[T]) packsRows() bool {
	k := min(j.k, depth(j.k))
	return j.a.free == 1 && !j.a.isNear(k) && j.n >= manyColumns
}

// multiplyStrided is multiply for a strided product.
func (t *task[T]) multiplyStrided(accumulate bool) {
	k := depth(t.job.k)
	for p := t.p0; p < t.p1; p += k {
		s := stridedPart[T]{terms: min(k, t.p1-p), accumulate: accumulate || p > t.p0, a: inPlace(&t.a, p)}
		s.a.data = s.a.data[t.i0*s.a.free:]
		if t.job.packsRows() {
			at := t.packedB[manyColumns*k:]
			if b := (block{t.runs, t.item, t.i0, p}); t.packedRows != b {
				t.packedRows = b
				t.pack(at, maxWidth, &t.a, t.i0, t.i1, p, p+s.terms)
			}
			s.a = packed(at, s.terms)
		}
		near := t.b.isNear(s.terms)
		for j := t.j0; j < t.j1; j += stridedColumns {
			end := min(j+stridedColumns, t.j1)
			if near && (end-j)%maxWidth == 0 { // else the kernel would read past the last row's end
				s.b = inPlace(&t.b, p)
				s.b.data = s.b.data[j:]
			} else {
				if b := (block{t.runs, t.item, j, p}); t.packed != b { // else the task before has
					t.packed = b
					t.pack(t.packedB, maxWidth, &t.b, j, end, p, p+s.terms)
				}
				s.b = packed(t.packedB, s.terms)
			}
			t.stridedTiles(&s, j, end)
		}
	}
}

// stridedPart is some terms of a product: the first operand's from the task's first
// row on, and the second's from some column on.
type stridedPart[T Float] struct {
	terms      int
	a, b       lying[T]
	accumulate bool
}

// stridedTiles computes the task's rows of columns j0 to j1, where s.b begins.
func (t *task[T]) stridedTiles(s *stridedPart[T], j0, j1 int) {
	row, col := t.job.rowAt, t.job.colAt
	rows := s.a.run(t.i1 - t.i0)
	width := t.strided.width()
	for j := j0; j < j1; j += width {
		b, columns := s.b.from(j-j0), min(width, j1-j)
		at := row.base + col.base + j*col.step0
		if col.step0 == 1 {
			for i := t.i0; i < t.i1; i += rows {
				stridedSIMD(t.strided, min(rows, t.i1-i), columns, s, s.a.from(i-t.i0), b, t.c[at+i*row.step0:], row.step0, s.accumulate)
			}
			continue
		}
		for i := t.i0; i < t.i1; i += maxWidth {
			t.stridedAside(min(maxWidth, t.i1-i), columns, s, s.a.from(i-t.i0), b, t.c[at+i*row.step0:])
		}
	}
}

// stridedAside computes a tile whose columns do not lie side by side in c.
func (t *task[T]) stridedAside(rows, columns int, s *stridedPart[T], a, b, c []T) {
	var spare [maxWidth * 2 * maxWidth]T
	width := t.strided.width()
	stridedSIMD(t.strided, rows, columns, s, a, b, spare[:], width, false)
	for r := range rows {
		for x, v := range spare[r*width : r*width+columns] {
			at := &c[r*t.job.rowAt.step0+x*t.job.colAt.step0]
			if s.accumulate {
				v += *at
			}
			*at = v
		}
	}
}
