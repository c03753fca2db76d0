//go:build cuda && cgo && linux

package software_test

import (
	"math"
	"math/bits"
	"testing"
)

func TestIntegers(t *testing.T) {
	s := func(x uint32) int32 { return int32(x) }
	check(t, []instruction{
		word("add.u32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x + y }, 2),
		word("sub.s32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x - y }, 2),
		word("add.sat.s32 %r, %x, %y", func(x, y, _ uint32) uint32 {
			return uint32(max(math.MinInt32, min(math.MaxInt32, int64(s(x))+int64(s(y)))))
		}, 2),
		word("mul.lo.u32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x * y }, 2),
		word("mul.hi.u32 %r, %x, %y", func(x, y, _ uint32) uint32 { return uint32(uint64(x) * uint64(y) >> 32) }, 2),
		word("mul.hi.s32 %r, %x, %y", func(x, y, _ uint32) uint32 { return uint32(int64(s(x)) * int64(s(y)) >> 32) }, 2),
		{"mul.wide.u32 %r, %x, %y", 8, []int{4, 4}, func(v []uint64) uint64 { return v[0] * v[1] }, false},
		{"mul.wide.s32 %r, %x, %y", 8, []int{4, 4}, func(v []uint64) uint64 { return uint64(int64(int32(v[0])) * int64(int32(v[1]))) }, false},
		word("mad.lo.s32 %r, %x, %y, %z", func(x, y, z uint32) uint32 { return x*y + z }, 3),
		{"mad.wide.u32 %r, %x, %y, %z", 8, []int{4, 4, 8}, func(v []uint64) uint64 { return v[0]*v[1] + v[2] }, false},
		word("setp.ne.u32 %p, %y, 0; mov.u32 %r, 0; @%p div.u32 %r, %x, %y", func(x, y, _ uint32) uint32 {
			if y == 0 {
				return 0
			}
			return x / y
		}, 2),
		word("setp.ne.u32 %p, %y, 0; mov.u32 %r, 0; @%p rem.s32 %r, %x, %y", func(x, y, _ uint32) uint32 {
			if y == 0 {
				return 0
			}
			return uint32(int64(s(x)) % int64(s(y)))
		}, 2),
		word("min.s32 %r, %x, %y", func(x, y, _ uint32) uint32 { return uint32(min(s(x), s(y))) }, 2),
		word("max.u32 %r, %x, %y", func(x, y, _ uint32) uint32 { return max(x, y) }, 2),
		word("neg.s32 %r, %x", func(x, _, _ uint32) uint32 { return -x }, 1),
		word("abs.s32 %r, %x", func(x, _, _ uint32) uint32 { return uint32(max(s(x), -s(x))) }, 1),
		word("sad.u32 %r, %x, %y, %z", func(x, y, z uint32) uint32 { return max(x, y) - min(x, y) + z }, 3),
		long("add.s64 %r, %x, %y", func(x, y, _ uint64) uint64 { return x + y }, 2),
		long("mul.lo.s64 %r, %x, %y", func(x, y, _ uint64) uint64 { return x * y }, 2),
		long("mul.hi.u64 %r, %x, %y", func(x, y, _ uint64) uint64 { h, _ := bits.Mul64(x, y); return h }, 2),
		long("min.s64 %r, %x, %y", func(x, y, _ uint64) uint64 { return uint64(min(int64(x), int64(y))) }, 2),
		{"add.cc.u32 %u, %x, %y; addc.u32 %r, 0, 0", 4, []int{4, 4}, func(v []uint64) uint64 { return (v[0] + v[1]) >> 32 }, false},
		{"add.u16 %r, %x, %y", 2, []int{2, 2}, func(v []uint64) uint64 { return v[0] + v[1] }, false},
		{"mul.hi.s16 %r, %x, %y", 2, []int{2, 2}, func(v []uint64) uint64 { return uint64(int32(int16(v[0])) * int32(int16(v[1])) >> 16) }, false},
	})
}

func TestBits(t *testing.T) {
	check(t, []instruction{
		word("and.b32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x & y }, 2),
		long("or.b64 %r, %x, %y", func(x, y, _ uint64) uint64 { return x | y }, 2),
		word("xor.b32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x ^ y }, 2),
		word("not.b32 %r, %x", func(x, _, _ uint32) uint32 { return ^x }, 1),
		word("cnot.b32 %r, %x", func(x, _, _ uint32) uint32 { return truth(x == 0) }, 1),
		word("shl.b32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x << y }, 2),
		word("shr.u32 %r, %x, %y", func(x, y, _ uint32) uint32 { return x >> y }, 2),
		word("shr.s32 %r, %x, %y", func(x, y, _ uint32) uint32 { return uint32(int32(x) >> y) }, 2),
		{"shl.b64 %r, %x, %y", 8, []int{8, 4}, func(v []uint64) uint64 { return v[0] << v[1] }, false},
		{"shr.s64 %r, %x, %y", 8, []int{8, 4}, func(v []uint64) uint64 { return uint64(int64(v[0]) >> v[1]) }, false},
		word("shf.l.wrap.b32 %r, %x, %y, %z", func(x, y, z uint32) uint32 { return uint32((uint64(y)<<32 | uint64(x)) << (z & 31) >> 32) }, 3),
		word("shf.r.clamp.b32 %r, %x, %y, %z", func(x, y, z uint32) uint32 { return uint32((uint64(y)<<32 | uint64(x)) >> min(z, 32)) }, 3),
		word("lop3.b32 %r, %x, %y, %z, 0xE8", func(x, y, z uint32) uint32 { return x&y | y&z | x&z }, 3),
		word("lop3.b32 %r, %x, %y, %z, 0x96", func(x, y, z uint32) uint32 { return x ^ y ^ z }, 3),
		word("prmt.b32 %r, %x, %y, 0x6540", func(x, y, _ uint32) uint32 { return x&0xff | y<<8 }, 2),
		word("prmt.b32 %r, %x, %y, 0x9999", func(x, _, _ uint32) uint32 { // the sign of byte 1, everywhere
			return uint32(int32(x<<16) >> 31)
		}, 2),
		word("bfe.u32 %r, %x, 4, 8", func(x, _, _ uint32) uint32 { return x >> 4 & 0xff }, 1),
		word("bfe.s32 %r, %x, 28, 8", func(x, _, _ uint32) uint32 { return uint32(int32(x) >> 28) }, 1),
		word("bfe.s32 %r, %x, 3, 5", func(x, _, _ uint32) uint32 { return uint32(int32(x<<24) >> 27) }, 1),
		word("bfi.b32 %r, %x, %y, 8, 12", func(x, y, _ uint32) uint32 { return y&^0xfff00 | x&0xfff<<8 }, 2),
		word("bfind.u32 %r, %x", func(x, _, _ uint32) uint32 { return uint32(bits.Len32(x)) - 1 }, 1),
		word("brev.b32 %r, %x", func(x, _, _ uint32) uint32 { return bits.Reverse32(x) }, 1),
		word("popc.b32 %r, %x", func(x, _, _ uint32) uint32 { return uint32(bits.OnesCount32(x)) }, 1),
		word("clz.b32 %r, %x", func(x, _, _ uint32) uint32 { return uint32(bits.LeadingZeros32(x)) }, 1),
		{"clz.b64 %r, %x", 4, []int{8}, func(v []uint64) uint64 { return uint64(bits.LeadingZeros64(v[0])) }, false},
	})
}

func TestFloats(t *testing.T) {
	check(t, []instruction{
		single("add.rn.f32 %r, %x, %y", func(x, y, _ float32) float32 { return x + y }, 2),
		single("sub.f32 %r, %x, %y", func(x, y, _ float32) float32 { return x - y }, 2),
		single("mul.rn.f32 %r, %x, %y", func(x, y, _ float32) float32 { return x * y }, 2),
		single("div.rn.f32 %r, %x, %y", func(x, y, _ float32) float32 { return x / y }, 2),
		single("fma.rn.f32 %r, %x, %y, %z", fused, 3),
		single("min.f32 %r, %x, %y", func(x, y, _ float32) float32 { return lesser(x, y) }, 2),
		single("max.f32 %r, %x, %y", func(x, y, _ float32) float32 { return -lesser(-x, -y) }, 2),
		single("max.NaN.f32 %r, %x, %y", func(x, y, _ float32) float32 {
			if isNaN(x) || isNaN(y) {
				return float32(math.NaN())
			}
			return -lesser(-x, -y)
		}, 2),
		single("sqrt.rn.f32 %r, %x", func(x, _, _ float32) float32 { return float32(math.Sqrt(float64(x))) }, 1),
		single("rcp.rn.f32 %r, %x", func(x, _, _ float32) float32 { return 1 / x }, 1),
		single("neg.f32 %u, %x; add.f32 %r, %u, 0f00000000", func(x, _, _ float32) float32 { return -x + 0 }, 1),
		single("abs.f32 %u, %x; add.f32 %r, %u, 0f00000000", func(x, _, _ float32) float32 { return float32(math.Abs(float64(x))) }, 1),
		single("add.sat.f32 %r, %x, %y", func(x, y, _ float32) float32 {
			if s := x + y; s > 0 {
				return min(s, 1)
			}
			return 0
		}, 2),
		single("add.ftz.f32 %r, %x, %y", func(x, y, _ float32) float32 { return flushed(flushed(x) + flushed(y)) }, 2),
		double("add.rn.f64 %r, %x, %y", func(x, y, _ float64) float64 { return x + y }, 2),
		double("div.rn.f64 %r, %x, %y", func(x, y, _ float64) float64 { return x / y }, 2),
		double("fma.rn.f64 %r, %x, %y, %z", func(x, y, z float64) float64 { return math.FMA(x, y, z) }, 3),
		double("sqrt.rn.f64 %r, %x", func(x, _, _ float64) float64 { return math.Sqrt(x) }, 1),
	})
}

// fused is x*y+z with one rounding: float64 holds the product, and rounding to odd
// keeps its sum with z from being rounded twice.
func fused(x, y, z float32) float32 {
	p, q := float64(x)*float64(y), float64(z)
	s := p + q
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return float32(s)
	}
	b := s - p
	if rest := (p - (s - b)) + (q - b); rest != 0 && math.Float64bits(s)&1 == 0 {
		if rest > 0 == (s > 0) {
			s = math.Float64frombits(math.Float64bits(s) | 1)
		} else {
			s = math.Float64frombits(math.Float64bits(s) - 1)
		}
	}
	return float32(s)
}

// lesser is the smaller number; what is none does not count, and -0 is below 0.
func lesser(x, y float32) float32 {
	switch {
	case isNaN(x):
		return y
	case isNaN(y):
		return x
	}
	return float32(math.Min(float64(x), float64(y)))
}

func flushed(x float32) float32 {
	if math.Abs(float64(x)) < 0x1p-126 {
		return float32(math.Copysign(0, float64(x)))
	}
	return x
}

func TestComparisons(t *testing.T) {
	check(t, []instruction{
		flag("setp.lt.f32 %p, %x, %y", func(x, y float32) bool { return x < y }),
		flag("setp.ne.f32 %p, %x, %y", func(x, y float32) bool { return x != y && !isNaN(x) && !isNaN(y) }),
		flag("setp.neu.f32 %p, %x, %y", func(x, y float32) bool { return x != y }),
		flag("setp.geu.f32 %p, %x, %y", func(x, y float32) bool { return !(x < y) }),
		flag("setp.num.f32 %p, %x, %y", func(x, y float32) bool { return !isNaN(x) && !isNaN(y) }),
		flag("setp.nan.f32 %p, %x, %y", func(x, y float32) bool { return isNaN(x) || isNaN(y) }),
		flag("setp.gt.f32 %q, %x, 0f00000000; setp.lt.and.f32 %p, %x, %y, %q", func(x, y float32) bool { return x < y && x > 0 }),
		flag("testp.finite.f32 %p, %x", func(x, _ float32) bool { return !isNaN(x) && !math.IsInf(float64(x), 0) }),
		order("setp.lt.s32 %p, %x, %y", func(x, y uint32) bool { return int32(x) < int32(y) }),
		order("setp.lt.u32 %p, %x, %y", func(x, y uint32) bool { return x < y }),
		order("setp.hs.u32 %p, %x, %y", func(x, y uint32) bool { return x >= y }),
		order("setp.eq.u32 %q, %x, %y; not.pred %p, %q", func(x, y uint32) bool { return x != y }),
		word("setp.gt.s32 %p, %x, %y; selp.b32 %r, %x, %y, %p", func(x, y, _ uint32) uint32 { return uint32(max(int32(x), int32(y))) }, 2),
		word("slct.b32.s32 %r, %x, %y, %z", func(x, y, z uint32) uint32 {
			if int32(z) >= 0 {
				return x
			}
			return y
		}, 3),
	})
}

func TestConversions(t *testing.T) {
	narrow := func(text string, f func(x float32) float32) instruction {
		return instruction{text, 4, []int{-4}, func(v []uint64) uint64 { return uint64(uint32(integer(f(f32(v[0])), math.MinInt32, math.MaxInt32))) }, false}
	}
	up := func(f func(float64) float64) func(float32) float32 {
		return func(x float32) float32 { return float32(f(float64(x))) }
	}
	check(t, []instruction{
		narrow("cvt.rzi.s32.f32 %r, %x", up(math.Trunc)),
		narrow("cvt.rni.s32.f32 %r, %x", up(math.RoundToEven)),
		narrow("cvt.rmi.s32.f32 %r, %x", up(math.Floor)),
		narrow("cvt.rpi.s32.f32 %r, %x", up(math.Ceil)),
		{"cvt.rzi.u32.f32 %r, %x", 4, []int{-4}, func(v []uint64) uint64 {
			return uint64(integer(float32(math.Trunc(float64(f32(v[0])))), 0, math.MaxUint32))
		}, false},
		{"cvt.rn.f32.u32 %r, %x", 4, []int{4}, func(v []uint64) uint64 { return bits32(float32(uint32(v[0]))) }, false},
		{"cvt.rn.f32.s32 %r, %x", 4, []int{4}, func(v []uint64) uint64 { return bits32(float32(int32(v[0]))) }, false},
		{"cvt.rz.f32.u32 %r, %x", 4, []int{4}, func(v []uint64) uint64 {
			x := uint32(v[0])
			keep := max(bits.Len32(x)-24, 0)
			return bits32(float32(x >> keep << keep))
		}, false},
		{"cvt.f64.f32 %r, %x", 8, []int{-4}, func(v []uint64) uint64 { return bits64(float64(f32(v[0]))) }, true},
		{"cvt.rn.f32.f64 %r, %x", 4, []int{-8}, func(v []uint64) uint64 { return bits32(float32(math.Float64frombits(v[0]))) }, false},
		{"cvt.u64.u32 %r, %x", 8, []int{4}, func(v []uint64) uint64 { return v[0] }, false},
		{"cvt.s64.s32 %r, %x", 8, []int{4}, func(v []uint64) uint64 { return uint64(int64(int32(v[0]))) }, false},
		{"cvt.sat.u8.s32 %r, %x", 4, []int{4}, func(v []uint64) uint64 { return uint64(max(0, min(255, int32(v[0])))) }, false},
		{"cvt.rn.bf16.f32 %r, %x", 2, []int{-4}, func(v []uint64) uint64 { return bfloat16(f32(v[0])) }, false},
		{"cvt.rn.bf16x2.f32 %r, %x, %y", 4, []int{-4, -4}, func(v []uint64) uint64 { return bfloat16(f32(v[0]))<<16 | bfloat16(f32(v[1])) }, false},
		{"cvt.rna.tf32.f32 %r, %x", 4, []int{-4}, func(v []uint64) uint64 {
			if x := f32(v[0]); isNaN(x) || math.IsInf(float64(x), 0) {
				return v[0]
			}
			return (v[0] + 0x1000) &^ 0x1fff
		}, false},
		{"mov.b64 %r, {%x, %y}", 8, []int{4, 4}, func(v []uint64) uint64 { return v[1]<<32 | v[0] }, false},
		{"mov.b32 {%y, %z}, %x; mov.b32 %r, {%z, %y}", 4, []int{4, 2, 2}, func(v []uint64) uint64 { return uint64(bits.RotateLeft32(uint32(v[0]), 16)) }, false},
	})
}

// integer is a whole number as a type with bounds has it; what is no number is 0.
func integer(x float32, least, most int64) int64 {
	switch {
	case isNaN(x):
		return 0
	case float64(x) < float64(least):
		return least
	case float64(x) > float64(most):
		return most
	}
	return int64(x)
}

// bfloat16 rounds to the nearest, ties to even.
func bfloat16(x float32) uint64 {
	if isNaN(x) {
		return 0x7fff
	}
	b := math.Float32bits(x)
	return uint64((b + 0x7fff + b>>16&1) >> 16)
}

// TestApproximations: within the errors that PTX's documentation gives.
func TestApproximations(t *testing.T) {
	open(t)
	for _, c := range []struct {
		text string
		f    func(x float64) float64
		off  float64 // of the result
	}{
		{"ex2.approx.f32 %r, %x", math.Exp2, 0x1p-22},
		{"lg2.approx.f32 %r, %x", math.Log2, 0x1p-22},
		{"rsqrt.approx.f32 %r, %x", func(x float64) float64 { return 1 / math.Sqrt(x) }, 0x1p-22},
		{"sqrt.approx.f32 %r, %x", math.Sqrt, 0x1p-22},
		{"rcp.approx.f32 %r, %x", func(x float64) float64 { return 1 / x }, 0x1p-22},
		{"sin.approx.f32 %r, %x", math.Sin, 0x1p-20},
		{"cos.approx.f32 %r, %x", math.Cos, 0x1p-20},
		{"tanh.approx.f32 %r, %x", math.Tanh, 0x1p-10},
	} {
		var all [][]uint64
		for i := range 1000 {
			all = append(all, []uint64{bits32(.002 + .003*float32(i))})
		}
		for i, got := range compute(t, c.text, 4, []int{4}, all) {
			x := float64(f32(all[i][0]))
			if want := c.f(x); !(math.Abs(float64(f32(got))-want) <= c.off*max(math.Abs(want), .01)) {
				t.Fatalf("%s of %g is %g, want %g", c.text, x, f32(got), want)
			}
		}
	}
}
