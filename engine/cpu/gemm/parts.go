package gemm

// A sum in parts: tasks have stored the results of parts of the sum one after the
// other, each m×n. Adding them is shared as well, by rows of the result.

// partElements is about how many elements of the result one worker adds up at once.
const partElements = 1 << 11

// sum is the adding in progress.
type sum[T Float] struct {
	to    job[T] // where the result goes
	parts []T
	count int
	rows  int // of a task
}

// addParts adds the partial results, in their order.
func (e *Engine[T]) addParts(j *job[T], parts []T) {
	e.sum = sum[T]{to: *j, parts: parts, count: e.grid.parts, rows: max(1, partElements/j.n)}
	tasks := ceil(j.m, e.sum.rows)
	if e.isWorth(8 * j.m * j.n * e.grid.parts) {
		e.par.Share(tasks, e.partsBody)
	} else {
		for i := range tasks {
			e.addPartsTask(0, i)
		}
	}
	e.sum = sum[T]{}
}

// addPartsTask adds up some rows.
func (e *Engine[T]) addPartsTask(_, i int) {
	s := &e.sum
	j := &s.to
	lo, hi := i*s.rows, min((i+1)*s.rows, j.m)
	total := s.parts[lo*j.n : hi*j.n]
	for k := 1; k < s.count; k++ {
		e.add(total, s.parts[k*j.m*j.n+lo*j.n:][:len(total)])
	}
	for row := lo; row < hi; row++ {
		e.putRow(j, row, total[(row-lo)*j.n:(row-lo+1)*j.n])
	}
}

// add adds x to sum.
func (e *Engine[T]) add(sum, x []T) {
	done := 0
	if e.simd {
		done = addSIMD(sum, x)
	}
	sum, x = sum[done:], x[done:]
	for i, v := range x[:len(sum)] {
		sum[i] += v
	}
}

// putRow stores row i of a result, or adds it to beta times what is there.
func (e *Engine[T]) putRow(j *job[T], i int, row []T) {
	var at [1]int
	j.rowAt.fill(at[:], i)
	if j.colAt.contiguous() {
		to := j.c[at[0]+j.colAt.base:][:len(row)]
		if j.beta != 0 {
			for k, v := range to {
				row[k] += j.beta * v
			}
		}
		copy(to, row)
		return
	}
	var column [1]int
	for k, v := range row {
		j.colAt.fill(column[:], k)
		to := &j.c[at[0]+column[0]]
		if j.beta != 0 {
			v += j.beta * *to
		}
		*to = v
	}
}
