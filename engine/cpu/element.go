package cpu

import (
	"math"
	"unsafe"

	"ganengine/engine/graph"
)

// at is element i of values of type T from p on.
func at[T any](p unsafe.Pointer, i int) *T {
	var z T
	return (*T)(unsafe.Add(p, i*int(unsafe.Sizeof(z))))
}

// span is n values of type T from element i on.
func span[T any](p unsafe.Pointer, i, n int) []T { return unsafe.Slice(at[T](p, i), n) }

// get is one element as a float64, which holds every value of every type.
func get(d graph.DType, p unsafe.Pointer, i int) float64 {
	switch d {
	case graph.F32:
		return float64(*at[float32](p, i))
	case graph.F64:
		return *at[float64](p, i)
	case graph.BF16:
		return float64(math.Float32frombits(uint32(*at[uint16](p, i)) << 16))
	case graph.I32:
		return float64(*at[int32](p, i))
	}
	return float64(*at[uint8](p, i))
}

// put stores one element, of which v is a value.
func put(d graph.DType, p unsafe.Pointer, i int, v float64) {
	switch d {
	case graph.F32:
		*at[float32](p, i) = float32(v)
	case graph.F64:
		*at[float64](p, i) = v
	case graph.BF16:
		*at[uint16](p, i) = graph.BF16Bits(float32(v))
	case graph.I32:
		*at[int32](p, i) = int32(int64(v))
	default:
		*at[uint8](p, i) = uint8(v)
	}
}
