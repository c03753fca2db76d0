package graph

import "math"

// Round is the value that an element of type d holds when x is stored in it:
// floats round to nearest, ties to even (bf16 by way of f32, as processors
// do), integers truncate and stop at the ends of their range, NaN gives the
// integer 0, and whatever is not 0 is true.
func (d DType) Round(x float64) float64 {
	switch d {
	case F32:
		return float64(float32(x))
	case BF16:
		return float64(math.Float32frombits(uint32(BF16Bits(float32(x))) << 16))
	case I32:
		return truncate(x, math.MinInt32, math.MaxInt32)
	case U8:
		return truncate(x, 0, math.MaxUint8)
	case Bool:
		if x != 0 {
			return 1
		}
		return 0
	}
	return x
}

// BF16Bits is x as a bf16: the upper half of a float32, rounded to nearest
// even; NaNs stay NaNs.
func BF16Bits(x float32) uint16 {
	u := math.Float32bits(x)
	if x != x {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

func truncate(x, lo, hi float64) float64 {
	if x != x {
		return 0
	}
	return math.Trunc(min(max(x, lo), hi)) + 0 // no negative zero
}
