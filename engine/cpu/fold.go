package cpu

import (
	"math"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/graph"
)

// partialBytes is the scratch memory for partial results: a float64 for each
// reduction, slab, piece and column.
func (c *code) partialBytes() int64 {
	return 8 * int64(len(c.folds)*c.grid.outer*c.grid.pieces*c.grid.inner)
}

// partial is the partial results of fold f in slab o and a piece of it.
func (k *clusterKernel) partial(f, o, piece int) []float64 {
	g := &k.grid
	return span[float64](k.partials, ((f*g.outer+o)*g.pieces+piece)*g.inner, g.inner)
}

// clear sets partial results to what changes nothing.
func (k *clusterKernel) clear(o, end, piece, col, colEnd int) {
	for f := range k.folds {
		start := k.folds[f].start()
		for s := o; s < end; s++ {
			vec.Fill(k.partial(f, s, piece)[col:colEnd], start)
		}
	}
}

// start is the result of folding nothing.
func (f *folding) start() float64 {
	switch f.op {
	case graph.OpReduceMax:
		return math.Inf(-1)
	case graph.OpReduceAll:
		return 1
	}
	return 0
}

// foldTile adds a tile to the partial results.
func foldTile[T vec.Float](k *clusterKernel, ops vec.Ops[T], regs [][]T, in *instr, p tilePlace) {
	g, fold := &k.grid, &k.folds[in.a]
	x := regs[in.dst]
	y := x
	if in.op == opFoldProduct {
		y = regs[in.b]
	}
	slab := len(x)
	if p.slabs > 1 {
		slab = g.reduced * g.inner
	}
	for s := range p.slabs {
		acc := k.partial(in.a, p.outer+s, p.piece)
		if g.inner > 1 && (slab < g.inner || p.col > 0) { // part of a row
			acc = acc[p.col : p.col+slab]
		}
		u, v := x[s*slab:(s+1)*slab], y[s*slab:(s+1)*slab]
		switch {
		case g.inner == 1 && in.op == opFoldProduct:
			acc[0] += ops.Dot(u, v)
		case g.inner == 1:
			acc[0] = fold.join(acc[0], reduceRow(ops, fold, u))
		case in.op == opFoldProduct:
			ops.AddColumnsProduct(acc, u, v)
		default:
			foldColumns(ops, fold, acc, u)
		}
	}
}

// join joins two partial results.
func (f *folding) join(a, b float64) float64 {
	switch f.op {
	case graph.OpReduceMax:
		return larger(a, b)
	case graph.OpReduceAll:
		return min(a, b)
	}
	return a + b
}

// reduceRow folds neighbours into one.
func reduceRow[T vec.Float](ops vec.Ops[T], f *folding, x []T) float64 {
	switch {
	case f.finite:
		if ops.AllFinite(x) {
			return 1
		}
		return 0
	case f.op == graph.OpReduceMax:
		return float64(ops.Maximum(x))
	case f.op == graph.OpReduceAll:
		for _, v := range x {
			if v == 0 {
				return 0
			}
		}
		return 1
	}
	return ops.Sum(x)
}

// foldColumns folds rows of len(acc) elements, each column for itself.
func foldColumns[T vec.Float](ops vec.Ops[T], f *folding, acc []float64, x []T) {
	if f.op == graph.OpReduceSum {
		ops.AddColumns(acc, x)
		return
	}
	for ; len(x) >= len(acc); x = x[len(acc):] {
		for i := range acc {
			acc[i] = f.join(acc[i], float64(x[i]))
		}
	}
}

// finishPart stores results that no other chunk has a part in.
func (k *clusterKernel) finishPart(o, end, col, colEnd int) {
	for f := range k.folds {
		k.finish(&k.folds[f], f, o, end, col, colEnd)
	}
}

// finish joins the pieces of slabs o to end, in order, and stores the results
// of the given columns.
func (k *clusterKernel) finish(fold *folding, f, o, end, col, colEnd int) {
	to := k.x.addr[fold.value]
	for s := o; s < end; s++ {
		acc := k.partial(f, s, 0)
		for piece := 1; piece < k.grid.pieces; piece++ {
			for i, v := range k.partial(f, s, piece)[col:colEnd] {
				acc[col+i] = fold.join(acc[col+i], v)
			}
		}
		for c := col; c < colEnd; c++ {
			put(fold.dtype, to, s*k.grid.inner+c, acc[c])
		}
	}
}

// larger is the larger of two numbers, NaN where either is.
func larger(a, b float64) float64 {
	if a > b || a != a {
		return a
	}
	return b
}
