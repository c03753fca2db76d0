package cpu

import (
	"unsafe"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/graph"
)

// maxRank is the most axes of a load's pattern.
const maxRank = 8

// fill loads the elements for linear indices lo, lo+1, ... into dst, from the
// value at p. Each run of the innermost axis is one copy.
func fill[T vec.Float](ops vec.Ops[T], dst []T, l *load, p unsafe.Pointer, lo int) {
	var at [maxRank]int
	dims := l.pattern
	off, rest := 0, lo
	for i := len(dims) - 1; i >= 0; i-- {
		at[i] = rest % dims[i].Extent
		rest /= dims[i].Extent
		off += at[i] * dims[i].Stride
	}
	last := len(dims) - 1
	for {
		n := min(dims[last].Extent-at[last], len(dst))
		runOf(ops, dst[:n], l.dtype, p, off, dims[last].Stride)
		if dst = dst[n:]; len(dst) == 0 {
			return
		}
		off -= at[last] * dims[last].Stride
		at[last] = 0
		for i := last - 1; ; i-- {
			at[i]++
			off += dims[i].Stride
			if at[i] < dims[i].Extent {
				break
			}
			off -= dims[i].Extent * dims[i].Stride
			at[i] = 0
		}
	}
}

// runOf loads elements off, off+stride, ... of a value of type d.
func runOf[T vec.Float](ops vec.Ops[T], dst []T, d graph.DType, p unsafe.Pointer, off, stride int) {
	switch {
	case stride == 0:
		vec.Fill(dst, T(get(d, p, off)))
	case stride == 1:
		dense(ops, dst, d, p, off)
	default:
		for i := range dst {
			dst[i] = T(get(d, p, off+i*stride))
		}
	}
}

// dense loads neighbouring elements.
func dense[T vec.Float](ops vec.Ops[T], dst []T, d graph.DType, p unsafe.Pointer, off int) {
	n := len(dst)
	switch d {
	case graph.F32, graph.F64: // held as they are
		copy(dst, span[T](p, off, n))
	case graph.I32:
		vec.Convert(dst, span[int32](p, off, n))
	case graph.BF16:
		ops.FromBF16(dst, span[uint16](p, off, n))
	case graph.Bool:
		vec.FromBool(dst, span[uint8](p, off, n))
	case graph.U8:
		ops.FromUint8(dst, span[uint8](p, off, n), 1, 0)
	}
}

// write stores a register's elements as elements off, off+1, ... of a value.
func write[T vec.Float](ops vec.Ops[T], d graph.DType, p unsafe.Pointer, off int, src []T) {
	n := len(src)
	switch d {
	case graph.F32, graph.F64: // held as they are
		copy(span[T](p, off, n), src)
	case graph.I32:
		for i, v := range src {
			*at[int32](p, off+i) = int32(int64(v))
		}
	case graph.BF16:
		ops.ToBF16(span[uint16](p, off, n), src)
	case graph.Bool:
		vec.ToBool(span[uint8](p, off, n), src)
	case graph.U8:
		for i, v := range src {
			*at[uint8](p, off+i) = uint8(v)
		}
	}
}

// round rounds to bf16.
func (w *worker) round(ops vec.Ops[float32], dst, x []float32) {
	bits := w.bits[:len(dst)]
	ops.ToBF16(bits, x)
	ops.FromBF16(dst, bits)
}
