package gemm

// Strided products with few columns, such as a layer of one unit, are dot products
// of rows where these lie: a tile would be nearly empty, and turned around it would
// need all rows packed.

const (
	// dotColumns is the most columns of such a product. For each of them the rows are
	// read once.
	dotColumns = 2
	// dotTerms is the least terms that fill a register.
	dotTerms = 16
	// dotRows is how many rows the kernel takes at a time, dotSums how many sums wait
	// to be stored.
	dotRows, dotSums = 8, 128
)

// turnToDots says whether a strided job takes this way, and turns it for that.
func (j *job[T]) turnToDots() bool {
	if fits := func(m, n int, a *operand[T]) bool {
		return n <= dotColumns && m >= dotRows && a.red == 1 && j.k >= dotTerms
	}; fits(j.n, j.m, &j.b) {
		j.exchange()
	} else if !fits(j.m, j.n, &j.a) {
		return false
	}
	return true
}

// multiplyDots is multiply for such a product.
func (t *task[T]) multiplyDots(accumulate bool) {
	k := depth(t.job.k)
	for p := t.p0; p < t.p1; p += k {
		terms := min(k, t.p1-p)
		for j := t.j0; j < t.j1; j++ {
			column := t.packedB[:terms]
			for q := range column {
				column[q] = t.b.data[j*t.b.free+(p+q)*t.b.red]
			}
			for i := t.i0; i < t.i1; i += dotSums {
				t.dotBlock(column, p, i, min(i+dotSums, t.i1), j, accumulate || p > t.p0)
			}
		}
	}
}

// dotBlock stores the sums of rows i0 to i1 and column j, or adds them.
func (t *task[T]) dotBlock(column []T, p, i0, i1, j int, accumulate bool) {
	var sums [dotSums]T
	stride := t.a.free
	if whole := (i1 - i0) &^ (dotRows - 1); whole > 0 {
		dotSIMD(t.strided, whole, t.a.data[i0*stride+p:], stride, column, sums[:])
	}
	if rest := (i1 - i0) % dotRows; rest > 0 { // with rows before them, once more
		var last [dotRows]T
		dotSIMD(t.strided, dotRows, t.a.data[(i1-dotRows)*stride+p:], stride, column, last[:])
		copy(sums[i1-i0-rest:], last[dotRows-rest:])
	}
	row, col := t.job.rowAt, t.job.colAt
	at := row.base + i0*row.step0 + col.base + j*col.step0
	for _, v := range sums[:i1-i0] {
		if accumulate {
			v += t.c[at]
		}
		t.c[at] = v
		at += row.step0
	}
}
