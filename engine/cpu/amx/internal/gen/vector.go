package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/cpu/amx/internal/tile"
	"ganengine/engine/internal/transpose"
)

// narrow emits the sum of blocks of float32 values, rounded to bf16.
func narrow() {
	TEXT("narrow", attr.NOSPLIT, "func(dst *uint16, next, rows int, mask uint32, src *float32, parts, step int)")
	Doc("narrow is Kernel.Narrow.")
	Pragma("noescape")
	dst, next := Load(Param("dst"), GP64()), Load(Param("next"), GP64())
	left, src := Load(Param("rows"), GP64()), Load(Param("src"), GP64())
	parts, step := Load(Param("parts"), GP64()), Load(Param("step"), GP64())
	KMOVD(Load(Param("mask"), GP32()), K1)
	from, more := GP64(), GP64()
	Label("row")
	VMOVUPS(Mem{Base: src}, Z0)
	VMOVUPS(Mem{Base: src, Disp: 64}, Z1)
	MOVQ(src, from)
	MOVQ(parts, more)
	Label("part")
	DECQ(more)
	JE(LabelRef("summed"))
	ADDQ(step, from)
	VADDPS(Mem{Base: from}, Z0, Z0)
	VADDPS(Mem{Base: from, Disp: 64}, Z1, Z1)
	JMP(LabelRef("part"))
	Label("summed")
	raw(narrowing, tile.Narrow(0, 1, 0))
	VMOVDQU16(Z0, K1, Mem{Base: dst})
	ADDQ(next, dst)
	ADDQ(U32(rowBytes), src)
	DECQ(left)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// rows emits the copy of rows.
func rows() {
	TEXT("rows", attr.NOSPLIT, "func(dst *uint16, step int, src *uint16, next, rows int, mask uint32)")
	Doc("rows is Kernel.Rows.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	step, next, left := Load(Param("step"), GP64()), Load(Param("next"), GP64()), Load(Param("rows"), GP64())
	mask := K()
	KMOVD(Load(Param("mask"), GP32()), mask)
	v := ZMM()
	Label("row")
	VMOVDQU16_Z(Mem{Base: src}, mask, v)
	VMOVDQU16(v, Mem{Base: dst})
	ADDQ(next, src)
	ADDQ(step, dst)
	DECQ(left)
	JNE(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// interleaved is the order of VPERMT2W that takes the words of two vectors in
// turn, those of their lower or upper halves.
func interleaved(name string, half int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range 16 {
		word := uint32(16*half + i)
		DATA(4*i, U32(word|(32+word)<<16))
	}
	return m
}

// pairs emits the interleaving of neighbouring rows.
func pairs() {
	lower, upper := interleaved("lower", 0), interleaved("upper", 1)
	TEXT("pairs", attr.NOSPLIT, "func(dst, src *uint16, next, pairs int, mask uint32)")
	Doc("pairs is Kernel.Pairs.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	next, left := Load(Param("next"), GP64()), Load(Param("pairs"), GP64())
	mask := K()
	KMOVD(Load(Param("mask"), GP32()), mask)
	order := [2]VecVirtual{ZMM(), ZMM()}
	VMOVDQU16(lower, order[0])
	VMOVDQU16(upper, order[1])
	Label("pair")
	x, y := ZMM(), ZMM()
	VMOVDQU16_Z(Mem{Base: src}, mask, x)
	VMOVDQU16_Z(Mem{Base: src, Index: next, Scale: 1}, mask, y)
	for half, o := range order {
		v := ZMM()
		VMOVDQA64(x, v)
		VPERMT2W(y, o, v)
		VMOVDQU16(v, Mem{Base: dst, Disp: half * tileBytes})
	}
	LEAQ(Mem{Base: src, Index: next, Scale: 2}, src)
	ADDQ(Imm(64), dst)
	DECQ(left)
	JNE(LabelRef("pair"))
	VZEROUPPER()
	RET()
}

// columns emits the exchange of 32 rows with the pairs of their columns.
func columns() {
	TEXT("columns", attr.NOSPLIT, "func(dst, src *uint16, next int, mask uint32)")
	Doc("columns is Kernel.Columns.")
	Pragma("noescape")
	dst, src, next := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("next"), GP64())
	mask := K()
	KMOVD(Load(Param("mask"), GP32()), mask)
	for half := range 2 {
		v := make([]VecVirtual, 16)
		for i := range v {
			v[i] = ZMM()
			VMOVDQU16_Z(Mem{Base: src}, mask, v[i])
			ADDQ(next, src)
		}
		for i, c := range transpose.Lanes(v) {
			VMOVUPS(c, Mem{Base: dst, Disp: half*tileBytes + 64*i})
		}
	}
	VZEROUPPER()
	RET()
}

// transposed emits the exchange of 32 rows with their columns.
func transposed() {
	lower, upper := interleaved("lowerWords", 0), interleaved("upperWords", 1)
	TEXT("transposed", attr.NOSPLIT, "func(dst, src *uint16, next int, mask uint32)")
	Doc("transposed is Kernel.Transposed.")
	Pragma("noescape")
	dst, src, next := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("next"), GP64())
	mask := K()
	KMOVD(Load(Param("mask"), GP32()), mask)
	for half, order := range []Mem{lower, upper} {
		v := make([]VecVirtual, 16)
		o := ZMM()
		VMOVDQU16(order, o)
		from := GP64()
		MOVQ(src, from)
		for i := range v {
			v[i] = ZMM()
			VMOVDQU16_Z(Mem{Base: from}, mask, v[i])
			y := ZMM()
			VMOVDQU16_Z(Mem{Base: from, Index: next, Scale: 1}, mask, y)
			VPERMT2W(y, o, v[i])
			LEAQ(Mem{Base: from, Index: next, Scale: 2}, from)
		}
		for i, c := range transpose.Lanes(v) {
			VMOVUPS(c, Mem{Base: dst, Disp: half*tileBytes + 64*i})
		}
	}
	VZEROUPPER()
	RET()
}
