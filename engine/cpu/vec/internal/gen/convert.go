package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// conversions emits the border conversions for n a multiple of 8.
func conversions() {
	eights("toBF16AVX2", "func(dst *uint16, x *float32, n int)", 16, 32, func(dst, x Register) {
		v, r, t := YMM(), YMM(), YMM()
		VMOVUPS(Mem{Base: x}, v)
		VPSRLD(Imm(16), v, t)
		VPAND(bits(1), t, r) // ties go to even
		VPADDD(bits(0x7fff), r, r)
		VPADDD(v, r, r)
		VPSRLD(Imm(16), r, r)
		VPOR(bits(0x40), t, t) // a NaN keeps its sign and stays quiet
		VBLENDVPS(compare(unordered, v, v), t, r, r)
		top := XMM()
		VEXTRACTI128(Imm(1), r, top)
		VPACKUSDW(top, r.AsX(), top)
		VMOVDQU(top, Mem{Base: dst})
	})
	eights("fromBF16AVX2", "func(dst *float32, x *uint16, n int)", 32, 16, func(dst, x Register) {
		v := YMM()
		VPMOVZXWD(Mem{Base: x}, v)
		VPSLLD(Imm(16), v, v)
		VMOVDQU(v, Mem{Base: dst})
	})
	var scale, shift VecVirtual
	TEXT("fromUint8AVX2", attr.NOSPLIT, "func(dst *float32, x *uint8, scale, shift float32, n int)")
	Pragma("noescape")
	scale, shift = YMM(), YMM()
	for _, p := range []struct {
		name string
		reg  VecVirtual
	}{{"scale", scale}, {"shift", shift}} {
		addr, err := Param(p.name).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(addr.Addr, p.reg)
	}
	eightLoop(32, 8, func(dst, x Register) {
		v := YMM()
		VPMOVZXBD(Mem{Base: x}, v)
		VCVTDQ2PS(v, v)
		VMULPS(scale, v, v)
		VADDPS(shift, v, v)
		VMOVUPS(v, Mem{Base: dst})
	})
}

func eights(name, signature string, dstBytes, srcBytes uint64, f func(dst, x Register)) {
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	eightLoop(dstBytes, srcBytes, f)
}

func eightLoop(dstBytes, srcBytes uint64, f func(dst, x Register)) {
	dst, x, n := Load(Param("dst"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	Label("loop")
	CMPQ(n, Imm(8))
	JL(LabelRef("done"))
	f(dst, x)
	ADDQ(Imm(dstBytes), dst)
	ADDQ(Imm(srcBytes), x)
	SUBQ(Imm(8), n)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}
