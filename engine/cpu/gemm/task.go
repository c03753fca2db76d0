package gemm

// scratch is what one worker needs besides the packed blocks.
type scratch struct {
	rowAt  [maxM]int
	colAt  [maxWidth]int
	pixels [maxK]pixel
	at     [maxK]int // where each of pixels has its value at tap
	tap    int

	packed, packedRows block // what the strided path has packed, of b and of a
}

// block is a part of a product's operand, from a free index and a term on.
type block struct {
	run        uint64
	item, f, p int
}

// run computes j, with the workers where the work is worth it.
func (e *Engine[T]) run(ws []T, j job[T]) {
	if j.m == 0 || j.n == 0 {
		return
	}
	e.orient(&j)
	e.grid = e.split(&j)
	g := e.grid
	out := j
	per := e.workers * e.blocks(&j)
	if g.parts > 1 {
		j.c, j.rowAt, j.colAt = ws[per:], linear(j.n), linear(1)
		j.beta = 0
	}
	e.job, e.ws = j, ws[:per]
	e.runs++
	tasks := g.parts * g.rows * g.cols * j.batch
	if e.isWorth(j.m * j.n * j.k * j.batch) {
		e.par.Share(tasks, e.body)
	} else {
		for t := range tasks {
			e.task(0, t)
		}
	}
	if g.parts > 1 {
		e.addParts(&out, j.c)
	}
	e.job, e.ws = job[T]{}, nil // keep no one's memory alive
}

// task does task number i of the grid. Which worker does it changes nothing: a
// task writes its own part of the result.
func (e *Engine[T]) task(worker, i int) {
	j, g := &e.job, &e.grid
	col, i := i%g.cols, i/g.cols
	row, i := i%g.rows, i/g.rows
	part, item := i%g.parts, i/g.parts
	size := e.blocks(j)
	k := depth(j.k)
	t := task[T]{
		Engine: e, scratch: &e.scratch[worker],
		a: j.a, b: j.b, c: j.c[item*j.step:],
		item: item, p0: part * g.partK, p1: min((part+1)*g.partK, j.k),
	}
	t.i0, t.i1 = share(row, g.rows, g.tilesM, g.mr, j.m)
	t.j0, t.j1 = share(col, g.cols, g.tilesN, g.nr, j.n)
	t.a.data, t.b.data = t.a.data[item*j.a.step:], t.b.data[item*j.b.step:]
	if g.parts > 1 {
		t.c = t.c[part*j.m*j.n:]
	}
	t.packedB = e.ws[worker*size : (worker+1)*size]
	accumulate := j.beta != 0
	if t.p0 >= t.p1 || accumulate && j.beta != 1 {
		t.scale(j.beta)
	}
	switch {
	case j.dots:
		t.multiplyDots(accumulate)
		return
	case j.strided:
		t.multiplyStrided(accumulate)
		return
	}
	rows := min(maxM, ceil(j.m, e.mr)*e.mr)
	t.packedA, t.packedB = t.packedB[:rows*k], t.packedB[rows*k:]
	t.multiply(accumulate)
}

// task is one worker's share of a job: the result's rows i0 to i1 and columns
// j0 to j1, summed over p0 to p1.
type task[T Float] struct {
	*Engine[T]
	*scratch
	a, b             operand[T]
	c                []T
	item             int // which product of the batch
	i0, i1, j0, j1   int
	p0, p1           int
	packedA, packedB []T
}

func (t *task[T]) multiply(accumulate bool) {
	k := depth(t.job.k)
	for j0 := t.j0; j0 < t.j1; j0 += maxN {
		j1 := min(j0+maxN, t.j1)
		for p0 := t.p0; p0 < t.p1; p0 += k {
			p1 := min(p0+k, t.p1)
			t.pack(t.packedB, t.nr, &t.b, j0, j1, p0, p1)
			for i0 := t.i0; i0 < t.i1; i0 += maxM {
				i1 := min(i0+maxM, t.i1)
				t.pack(t.packedA, t.mr, &t.a, i0, i1, p0, p1)
				if alpha := t.job.alpha; alpha != 1 {
					for i := range t.packedA[:ceil(i1-i0, t.mr)*t.mr*(p1-p0)] {
						t.packedA[i] *= alpha
					}
				}
				t.block(i0, i1, j0, j1, p1-p0, accumulate || p0 > t.p0)
			}
		}
	}
}

// scale multiplies the task's part of c by beta, which may be zero.
func (t *task[T]) scale(beta T) {
	for i := t.i0; i < t.i1; i++ {
		t.job.rowAt.fill(t.rowAt[:1], i)
		for j := t.j0; j < t.j1; j++ {
			t.job.colAt.fill(t.colAt[:1], j)
			if at := t.rowAt[0] + t.colAt[0]; beta == 0 {
				t.c[at] = 0
			} else {
				t.c[at] *= beta
			}
		}
	}
}

// block multiplies a packed block of A with one of B, tile by tile. Whole tiles
// with contiguous rows are written by the kernel; others go through a spare one.
func (t *task[T]) block(i0, i1, j0, j1, k int, accumulate bool) {
	t.job.rowAt.fill(t.rowAt[:i1-i0], i0)
	contiguous := t.job.colAt.contiguous()
	var spare [6 * maxWidth]T
	for j := j0; j < j1; j += t.nr {
		b := t.packedB[(j-j0)*k:]
		cols := min(t.nr, j1-j)
		direct := contiguous && cols == t.nr
		if !direct {
			t.job.colAt.fill(t.colAt[:cols], j)
		}
		for i := i0; i < i1; i += t.mr {
			a := t.packedA[(i-i0)*k:]
			at := t.rowAt[i-i0 : min(i+t.mr, i1)-i0]
			var rows [6]*T
			for r := range rows[:t.mr] {
				rows[r] = &spare[r*t.nr]
			}
			if direct {
				for r, off := range at {
					off += j + t.job.colAt.base
					rows[r] = &t.c[off : off+t.nr][0]
				}
				t.kernel(k, a, b, &rows, accumulate)
				continue
			}
			t.kernel(k, a, b, &rows, false)
			for r, off := range at {
				t.put(off, spare[r*t.nr:r*t.nr+cols], accumulate)
			}
		}
	}
}

// put stores or adds one row of a tile at the offsets of its columns.
func (t *task[T]) put(at int, row []T, accumulate bool) {
	for k, v := range row {
		p := &t.c[at+t.colAt[k]]
		if accumulate {
			v += *p
		}
		*p = v
	}
}
