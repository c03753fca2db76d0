package gemm

// A job is one product, or a batch of equal ones: for i < m and j < n,
//
//	c[rowAt(i) + colAt(j)] = alpha * sum over p < k of a(i, p) b(j, p) + beta * itself
//
// where a and b are views of arrays: matrices, patches of an image, filters.
type job[T Float] struct {
	m, n, k      int
	batch, step  int // product number x starts at c[x*step]
	alpha, beta  T
	a, b         operand[T]
	c            []T
	rowAt, colAt placement
	strided      bool // computed by multiplyStrided
	dots         bool // or, of these, by multiplyDots
}

// placement maps an index, seen as three digits with the given counts of the
// lower two, to an offset. linear makes the plain one.
type placement struct {
	base                int
	count1, count2      int
	step0, step1, step2 int
}

func linear(step int) placement { return placement{count1: 1, count2: 1, step0: step} }

// plain says that offsets are base + index*step0.
func (p placement) plain() bool { return p.count1 == 1 && p.count2 == 1 }

// contiguous says that neighbours in index are neighbours in memory.
func (p placement) contiguous() bool { return p.plain() && p.step0 == 1 }

// fill stores the offsets of index i and those after it.
func (p placement) fill(at []int, i int) {
	d2, rest := i%p.count2, i/p.count2
	d1, d0 := rest%p.count1, rest/p.count1
	for k := range at {
		at[k] = p.base + d0*p.step0 + d1*p.step1 + d2*p.step2
		if d2++; d2 == p.count2 {
			d2 = 0
			if d1++; d1 == p.count1 {
				d1 = 0
				d0++
			}
		}
	}
}

// Block sizes: a maxK×nr panel of B fits half of the first-level cache, a
// maxM×maxK block of A half of the second, a maxK×maxN block of B the last.
const (
	maxM = 240
	maxN = 1024
	maxK = 256
)

// maxWidth is the widest panel of any kernel.
const maxWidth = 16

func ceil(a, b int) int { return (a + b - 1) / b }

// depth is the number of terms summed before they are added to c: k in equal
// blocks. It depends on k alone.
func depth(k int) int { return ceil(max(ceil(k, ceil(max(k, 1), maxK)), 1), 8) * 8 }

// orient exchanges the operands where that wastes much less of the kernel's
// tile: an image of 3 channels would fill 3 of 16 columns. The result is then
// stored by columns.
func (e *Engine[T]) orient(j *job[T]) {
	if j.strided = e.isStrided(j); j.strided {
		if j.dots = j.turnToDots(); !j.dots {
			j.turn()
		}
		// Panels of 16 rows are no whole number of AVX2's tiles, and both operands would
		// be packed: the kernel of packed products is faster.
		if j.strided = j.dots || e.strided == 16 || !j.packsRows(); j.strided {
			return
		}
	}
	tiles := func(m, n int) int { return ceil(m, e.mr) * ceil(n, e.nr) }
	if 4*tiles(j.m, j.n) > 5*tiles(j.n, j.m) {
		j.exchange()
	}
}

func (j *job[T]) exchange() {
	j.m, j.n = j.n, j.m
	j.a, j.b = j.b, j.a
	j.rowAt, j.colAt = j.colAt, j.rowAt
}

// tile is the sizes of the kernel's tile for a job.
func (e *Engine[T]) tile(j *job[T]) (rows, columns int) {
	if j.strided {
		return stridedRows, e.strided.width()
	}
	return e.mr, e.nr
}

// grid is how a job is cut into tasks. parts cuts the sum and depends on the
// sizes alone; rows and cols cut the result and are free to follow the workers.
type grid struct {
	parts, rows, cols int
	partK             int
	tilesM, tilesN    int
	mr, nr            int // of a tile
}

// share is task i's part of so many tiles, in elements, of which there are n in all:
// as equal as whole tiles allow, since a worker's tasks are neighbours.
func share(i, tasks, tiles, size, n int) (from, to int) {
	return i * tiles / tasks * size, min((i+1)*tiles/tasks*size, n)
}

// termsPerNanosecond is about how many multiply-adds a worker makes.
const termsPerNanosecond = 50

// Nanoseconds is about how long a worker takes for so many multiply-adds.
func Nanoseconds(terms int64) int { return int(terms / termsPerNanosecond) }

// isWorth says whether so many multiply-adds are worth sharing.
func (e *Engine[T]) isWorth(terms int) bool {
	return e.workers > 1 && terms >= termsPerNanosecond*e.par.Worth()
}

// split chooses the grid. A result too small to be shared by many workers with
// a long sum (the filter gradient of a first layer) is summed in parts.
func (e *Engine[T]) split(j *job[T]) grid {
	g := grid{parts: 1, rows: 1, cols: 1}
	kc := depth(j.k)
	g.mr, g.nr = e.tile(j)
	g.tilesM, g.tilesN = ceil(max(j.m, 1), g.mr), ceil(max(j.n, 1), g.nr)
	switch {
	case j.batch > 1 || g.tilesM*g.tilesN > 64:
	case j.k >= 16*maxK:
		g.parts = min(16, j.k/(8*maxK))
	case j.strided && j.k >= 2*maxK:
		g.parts = 2
	}
	g.partK = ceil(ceil(j.k, g.parts), kc) * kc
	g.parts = max(ceil(j.k, max(g.partK, 1)), 1)

	if e.isWorth(j.m * j.n * j.k * j.batch) {
		g.rows, g.cols = e.cut(j, g.tilesM, g.tilesN, ceil(4*e.workers, g.parts*j.batch))
	}
	return g
}

// cut shares the result among about want tasks, fewer where packing the
// operands once for each task would cost more than a few per cent of the
// product, but at least one for each worker where there are enough tiles.
func (e *Engine[T]) cut(j *job[T], tilesM, tilesN, want int) (rows, cols int) {
	rows, cols = 1, 1
	for ; want > 1; want = ceil(want, 2) {
		best := -1
		for r := 1; r <= min(want, tilesM); r++ {
			c := min(ceil(want, r), tilesN)
			packed := (r - 1) * j.n
			switch {
			case !j.strided:
				packed += (c - 1) * j.m
			case j.k <= maxK && j.n <= stridedColumns: // once for each worker
				packed = (min(r, e.workers) - 1) * j.n
			}
			if r*c >= want && (best < 0 || packed < best) {
				best, rows, cols = packed, r, c
			}
		}
		if best >= 0 && (best <= j.m*j.n/400 || want <= e.workers) {
			return rows, cols
		}
		if want == 2 {
			break
		}
	}
	return rows, cols
}

// workspace is each worker's two blocks, then the partial results.
func (e *Engine[T]) workspace(j job[T]) int {
	e.orient(&j)
	n := e.workers * e.blocks(&j)
	if g := e.split(&j); g.parts > 1 {
		n += g.parts * j.m * j.n
	}
	return n
}

// blocks is the size of one worker's packed blocks of both operands.
func (e *Engine[T]) blocks(j *job[T]) int {
	if j.strided {
		n := min(stridedColumns, ceil(j.n, maxWidth)*maxWidth) * depth(j.k)
		if j.packsRows() {
			n += ceil(j.m, maxWidth) * maxWidth * depth(j.k)
		}
		return n
	}
	m, n := min(maxM, ceil(j.m, e.mr)*e.mr), min(maxN, ceil(j.n, e.nr)*e.nr)
	return (m + n) * depth(j.k)
}
