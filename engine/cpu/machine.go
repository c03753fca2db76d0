package cpu

import (
	"math"
	"unsafe"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/graph"
)

// worker is what one goroutine of the pool needs to compute tiles.
type worker struct {
	narrow file[float32]
	wide   file[float64]
	bits   [tileSize]uint16 // for rounding to bf16
	run    uint64           // the cluster's run whose pinned registers are loaded
	slabs  []int            // the slab that each load was last made for
}

// file is a worker's registers of one width.
type file[T vec.Float] struct {
	regs    [][]T // of the tile at hand
	buffers [][]T
}

// grow makes room for a code's registers and buffers.
func (f *file[T]) grow(regs, buffers int) {
	if len(f.regs) < regs {
		f.regs = make([][]T, regs)
	}
	for len(f.buffers) < buffers {
		f.buffers = append(f.buffers, alignedTile[T]())
	}
}

// alignedTile is a tile that begins on a cache line.
func alignedTile[T vec.Float]() []T {
	const line = 64
	var z T
	size := int(unsafe.Sizeof(z))
	b := make([]T, tileSize+line/size)
	off := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b)))&(line-1)) / size
	return b[off : off+tileSize : off+tileSize]
}

// compute executes an instruction between registers of one width.
func (f *file[T]) compute(ops vec.Ops[T], scalars []T, in *instr) {
	r := f.regs
	switch in.op {
	case opUnary:
		ops.Unary(vec.UnaryOp(in.code), r[in.dst], r[in.a])
	case opBinary:
		ops.Binary(vec.BinaryOp(in.code), r[in.dst], r[in.a], r[in.b])
	case opBinaryScalar:
		ops.BinaryScalar(vec.BinaryOp(in.code), r[in.dst], r[in.a], scalars[in.b])
	case opScalarBinary:
		ops.ScalarBinary(vec.BinaryOp(in.code), r[in.dst], scalars[in.a], r[in.b])
	case opLeaky:
		ops.LeakyRelu(r[in.dst], r[in.a], T(in.imm))
	case opLeakyGrad:
		ops.LeakyReluGrad(r[in.dst], r[in.a], r[in.b], T(in.imm))
	case opSelect:
		ops.Select(r[in.dst], r[in.a], r[in.b], r[in.c])
	case opAxpy:
		ops.Axpy(r[in.dst], r[in.a], scalars[in.b], r[in.c])
	case opMulAdd:
		ops.MulAdd(r[in.dst], r[in.a], r[in.b], r[in.c])
	case opFormula:
		b := in.b
		if b < 0 {
			b = in.a
		}
		formula(in.f, r[in.dst], r[in.a], r[b])
	case opInteger:
		integer(graph.Op(in.code), r[in.dst], r[in.a], r[in.b])
	case opWrap:
		for i, v := range r[in.a] {
			r[in.dst][i] = T(int32(int64(v)))
		}
	case opTruncate:
		lo, hi := T(0), T(in.imm)
		if hi == 0 {
			lo, hi = math.MinInt32, math.MaxInt32
		}
		for i, v := range r[in.a] {
			if v != v {
				v = 0
			}
			r[in.dst][i] = T(math.Trunc(float64(min(max(v, lo), hi)))) + 0
		}
	case opNonZero:
		for i, v := range r[in.a] {
			r[in.dst][i] = 0
			if v != 0 {
				r[in.dst][i] = 1
			}
		}
	}
}

// formula computes in float64 and rounds to the register's type.
func formula[T vec.Float](f func(x, y float64) float64, dst, a, b []T) {
	for i := range dst {
		dst[i] = T(f(float64(a[i]), float64(b[i])))
	}
}

// integer is i32 arithmetic: exact, then the lower 32 bits; a quotient
// truncates, and by zero it is zero.
func integer[T vec.Float](op graph.Op, dst, a, b []T) {
	for i := range dst {
		x, y := int64(a[i]), int64(b[i])
		switch op {
		case graph.OpAdd:
			x += y
		case graph.OpSub:
			x -= y
		case graph.OpMul:
			x *= y
		case graph.OpDiv:
			if y == 0 {
				x = 0
			} else {
				x /= y
			}
		case graph.OpMax:
			x = max(x, y)
		case graph.OpMin:
			x = min(x, y)
		}
		dst[i] = T(int32(x))
	}
}
