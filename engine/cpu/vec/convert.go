package vec

import "math"

// ToBF16 rounds x to bfloat16, to the nearest with ties to even. A NaN keeps
// its sign and upper bits, made quiet.
func (o Ops[T]) ToBF16(dst []uint16, x []T) {
	x = x[:len(dst)]
	done := 0
	if o.simd {
		done = toBF16SIMD(o.wide, dst, f32(x))
	}
	for i := done; i < len(dst); i++ {
		dst[i] = bf16(float32(x[i]))
	}
}

func bf16(f float32) uint16 {
	u := math.Float32bits(f)
	if f != f {
		return uint16(u>>16) | 0x40
	}
	return uint16((u + 0x7fff + u>>16&1) >> 16)
}

// FromBF16 widens bfloat16.
func (o Ops[T]) FromBF16(dst []T, x []uint16) {
	x = x[:len(dst)]
	done := 0
	if o.simd {
		done = fromBF16SIMD(o.wide, f32(dst), x)
	}
	for i := done; i < len(dst); i++ {
		dst[i] = T(math.Float32frombits(uint32(x[i]) << 16))
	}
}

// FromUint8 stores x*scale + shift, each step rounded.
func (o Ops[T]) FromUint8(dst []T, x []uint8, scale, shift T) {
	x = x[:len(dst)]
	done := 0
	if o.simd {
		done = fromUint8SIMD(f32(dst), x, float32(scale), float32(shift))
	}
	for i := done; i < len(dst); i++ {
		dst[i] = T(T(x[i])*scale) + shift
	}
}

// Convert changes the number type as Go's conversion does: widening is exact,
// narrowing a float rounds to nearest, and a float becomes an integer towards
// zero.
func Convert[D, S Float | int32](dst []D, x []S) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] = D(v)
	}
}

// FromBool turns booleans, bytes of 0 and 1, into a mask.
func FromBool[T Float](mask []T, b []uint8) {
	b = b[:len(mask)]
	for i, v := range b {
		mask[i] = T(v)
	}
}

// ToBool stores 1 where the mask is not zero and 0 elsewhere.
func ToBool[T Float](b []uint8, mask []T) {
	mask = mask[:len(b)]
	for i, m := range mask {
		var v uint8
		if m != 0 {
			v = 1
		}
		b[i] = v
	}
}
