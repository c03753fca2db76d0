package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS. Those used are false for NaN, except unordered and
// notLess.
const (
	equal     = U8(0x00)
	less      = U8(0x11)
	lessEqual = U8(0x12)
	unordered = U8(0x03)
	notEqual  = U8(0x0c)
	notLess   = U8(0x15)
	greater   = U8(0x1e)
)

const signBit, restBits, exponent = 0x80000000, 0x7fffffff, 0x7f800000

// out runs f on a fresh register and gives it back.
func out(f func(r VecVirtual)) VecVirtual {
	r := YMM()
	f(r)
	return r
}

// compare gives all ones where a p b.
func compare(p Constant, a VecVirtual, b Op) VecVirtual {
	return out(func(r VecVirtual) { VCMPPS(p, b, a, r) })
}

func unary(name string, unroll int, f func(x VecVirtual) VecVirtual) {
	elementwise(name, unroll, []string{"*x"}, func(in []VecVirtual) VecVirtual { return f(in[0]) })
}

func unaries() {
	unary("negAVX2", 4, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) { VXORPS(bits(signBit), x, r) })
	})
	unary("absAVX2", 4, abs)
	unary("sqrtAVX2", 2, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) { VSQRTPS(x, r) })
	})
	unary("rsqrtAVX2", 2, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VSQRTPS(x, r)
			VDIVPS(r, one(), r)
		})
	})
	unary("reciprocalAVX2", 2, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) { VDIVPS(x, one(), r) })
	})
	unary("squareAVX2", 4, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) { VMULPS(x, x, r) })
	})
	unary("signAVX2", 2, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VANDPS(bits(signBit), x, r)
			VORPS(f32(1), r, r)
			VBLENDVPS(compare(notEqual, x, f32(0)), r, x, r) // zeros and NaN stay
		})
	})
	unary("floorAVX2", 4, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) { VROUNDPS(Imm(9), x, r) })
	})
	// The maximum gives its second operand when either is NaN: that must be x.
	unary("reluAVX2", 4, positive)
	unary("isFiniteAVX2", 2, func(x VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VANDPS(bits(exponent), x, r)
			VPCMPEQD(bits(exponent), r, r)
			VPANDN(f32(1), r, r)
		})
	})
	unary("expAVX2", 2, exp)
	unary("logAVX2", 1, log)
	unary("log1pAVX2", 1, log1p)
	unary("tanhAVX2", 1, tanh)
	unary("sigmoidAVX2", 1, sigmoid)
	unary("softplusAVX2", 1, softplus)
}

func one() VecVirtual {
	return out(func(r VecVirtual) { VMOVUPS(f32(1), r) })
}

func abs(x VecVirtual) VecVirtual {
	return out(func(r VecVirtual) { VANDPS(bits(restBits), x, r) })
}

func positive(x VecVirtual) VecVirtual {
	return out(func(r VecVirtual) {
		VXORPS(r, r, r)
		VMAXPS(x, r, r)
	})
}
