package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A form says which operands of a binary operator are vectors.
type form struct {
	suffix string
	args   []string
}

var (
	vectors      = form{"AVX2", []string{"*a", "*b"}}
	vectorScalar = form{"ScalarAVX2", []string{"*a", "b"}}
	scalarVector = form{"FromAVX2", []string{"a", "*b"}}
)

func binaries() {
	symmetric := []form{vectors, vectorScalar}
	all := []form{vectors, vectorScalar, scalarVector}
	emit := func(name string, forms []form, f func(a, b, r VecVirtual)) {
		for _, form := range forms {
			elementwise(name+form.suffix, 4, form.args, func(in []VecVirtual) VecVirtual {
				return out(func(r VecVirtual) { f(in[0], in[1], r) })
			})
		}
	}
	emit("add", symmetric, func(a, b, r VecVirtual) { VADDPS(b, a, r) })
	emit("sub", all, func(a, b, r VecVirtual) { VSUBPS(b, a, r) })
	emit("mul", symmetric, func(a, b, r VecVirtual) { VMULPS(b, a, r) })
	emit("div", all, func(a, b, r VecVirtual) { VDIVPS(b, a, r) })
	// The instructions give b when either is NaN; a NaN in a is put back.
	emit("max", symmetric, func(a, b, r VecVirtual) {
		VMAXPS(b, a, r)
		VBLENDVPS(compare(unordered, a, a), a, r, r)
	})
	emit("min", symmetric, func(a, b, r VecVirtual) {
		VMINPS(b, a, r)
		VBLENDVPS(compare(unordered, a, a), a, r, r)
	})
	comparison := func(p Constant) func(a, b, r VecVirtual) {
		return func(a, b, r VecVirtual) {
			VCMPPS(p, b, a, r)
			VANDPS(f32(1), r, r)
		}
	}
	emit("less", all, comparison(less))
	emit("lessEqual", all, comparison(lessEqual))
	emit("equal", symmetric, comparison(equal))
}

func fused() {
	elementwise("leakyReluAVX2", 4, []string{"*x", "slope"}, func(in []VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VMULPS(in[0], in[1], r)
			VBLENDVPS(compare(greater, in[0], f32(0)), in[0], r, r)
		})
	})
	elementwise("leakyReluGradAVX2", 4, []string{"*grad", "*y", "slope"}, func(in []VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VMULPS(in[0], in[2], r)
			VBLENDVPS(compare(greater, in[1], f32(0)), in[0], r, r)
		})
	})
	elementwise("selectAVX2", 4, []string{"*mask", "*a", "*b"}, func(in []VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VBLENDVPS(compare(equal, in[0], f32(0)), in[2], in[1], r)
		})
	})
	// Two roundings, so that every machine gives the same bits.
	mulAdd := func(in []VecVirtual) VecVirtual {
		return out(func(r VecVirtual) {
			VMULPS(in[1], in[0], r)
			VADDPS(in[2], r, r)
		})
	}
	elementwise("mulAddAVX2", 4, []string{"*a", "*b", "*c"}, mulAdd)
	elementwise("axpyAVX2", 4, []string{"*a", "s", "*b"}, mulAdd)
	allFinite()
}

// allFinite collects the lanes whose exponent is all ones.
func allFinite() {
	TEXT("allFiniteAVX2", attr.NOSPLIT, "func(x *float32, n int) bool")
	Pragma("noescape")
	x, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	bad, e, t := YMM(), YMM(), YMM()
	VXORPS(bad, bad, bad)
	VMOVUPS(bits(exponent), e)
	Label("loop")
	CMPQ(n, Imm(8))
	JL(LabelRef("tail"))
	VANDPS(Mem{Base: x}, e, t)
	VPCMPEQD(e, t, t)
	VORPS(t, bad, bad)
	ADDQ(Imm(32), x)
	SUBQ(Imm(8), n)
	JMP(LabelRef("loop"))
	Label("tail")
	TESTQ(n, n)
	JE(LabelRef("done"))
	VMASKMOVPS(Mem{Base: x}, loadTailMask(n), t)
	VANDPS(e, t, t)
	VPCMPEQD(e, t, t)
	VORPS(t, bad, bad)
	Label("done")
	VPTEST(bad, bad)
	ok := GP8()
	SETEQ(ok)
	Store(ok, ReturnIndex(0))
	VZEROUPPER()
	RET()
}
