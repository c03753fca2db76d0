// Command gen writes the AVX2 assembly of package gemm and its Go stubs.
// Run it with `go generate ./engine/cpu/gemm`.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/internal/isa/isagen"
)

const mr, nr = 6, 16

func main() {
	kernel()
	transpose6()
	transpose16()
	copyRows()
	addTo()
	peak()
	isagen.Generate("kernelNeeds")
}

// kernel multiplies a panel of k columns of 6 by a panel of k rows of 16. The
// 6×16 result lives in twelve registers; each step broadcasts six values of a.
func kernel() {
	TEXT("kernel6x16", attr.NOSPLIT, "func(k int, a, b *float32, rows *[6]*float32, accumulate bool)")
	Doc("kernel6x16 stores the product of packed panels in rows of 16, or adds it.")
	Pragma("noescape")
	k, a, b := Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	rows := Load(Param("rows"), GP64())
	row := GP64()
	var acc [mr][2]VecVirtual
	for i := range acc {
		MOVQ(Mem{Base: rows, Disp: 8 * i}, row)
		PREFETCHT0(Mem{Base: row})
		PREFETCHT0(Mem{Base: row, Disp: 60})
		for j := range acc[i] {
			acc[i][j] = YMM()
			VXORPS(acc[i][j], acc[i][j], acc[i][j])
		}
	}
	step := func(p int) {
		b0, b1 := YMM(), YMM()
		VMOVUPS(Mem{Base: b, Disp: 4 * nr * p}, b0)
		VMOVUPS(Mem{Base: b, Disp: 4*nr*p + 32}, b1)
		for i := range acc {
			v := YMM()
			VBROADCASTSS(Mem{Base: a, Disp: 4 * (mr*p + i)}, v)
			VFMADD231PS(b0, v, acc[i][0])
			VFMADD231PS(b1, v, acc[i][1])
		}
	}
	loop := func(label string, unroll int) {
		Label(label)
		CMPQ(k, Imm(uint64(unroll)))
		JL(LabelRef(label + "done"))
		for p := range unroll {
			step(p)
		}
		ADDQ(U32(4*mr*unroll), a)
		ADDQ(U32(4*nr*unroll), b)
		SUBQ(Imm(uint64(unroll)), k)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	loop("four", 4)
	loop("one", 1)

	flag := Load(Param("accumulate"), GP8())
	TESTB(flag, flag)
	JE(LabelRef("store"))
	for i := range acc {
		MOVQ(Mem{Base: rows, Disp: 8 * i}, row)
		VADDPS(Mem{Base: row}, acc[i][0], acc[i][0])
		VADDPS(Mem{Base: row, Disp: 32}, acc[i][1], acc[i][1])
	}
	Label("store")
	for i := range acc {
		MOVQ(Mem{Base: rows, Disp: 8 * i}, row)
		VMOVUPS(acc[i][0], Mem{Base: row})
		VMOVUPS(acc[i][1], Mem{Base: row, Disp: 32})
	}
	VZEROUPPER()
	RET()
}

func addTo() {
	TEXT("addTo", attr.NOSPLIT, "func(sum, x *float32, n int)")
	Doc("addTo adds n elements of x, a multiple of 8 and at least 8, to sum.")
	Pragma("noescape")
	sum, x, n := Load(Param("sum"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64())
	Label("eight")
	v := YMM()
	VMOVUPS(Mem{Base: sum}, v)
	VADDPS(Mem{Base: x}, v, v)
	VMOVUPS(v, Mem{Base: sum})
	ADDQ(Imm(32), sum)
	ADDQ(Imm(32), x)
	SUBQ(Imm(8), n)
	JNE(LabelRef("eight"))
	VZEROUPPER()
	RET()
}

// unpack interleaves x and y: the low and the high pairs of each half.
func unpack(x, y VecVirtual) (lo, hi VecVirtual) {
	lo, hi = YMM(), YMM()
	VUNPCKLPS(y, x, lo)
	VUNPCKHPS(y, x, hi)
	return lo, hi
}

// quad gives columns 0|4, 1|5, 2|6 and 3|7 of four rows of eight.
func quad(v [4]VecVirtual) (q [4]VecVirtual) {
	lo01, hi01 := unpack(v[0], v[1])
	lo23, hi23 := unpack(v[2], v[3])
	for i := range q {
		q[i] = YMM()
	}
	VUNPCKLPD(lo23, lo01, q[0])
	VUNPCKHPD(lo23, lo01, q[1])
	VUNPCKLPD(hi23, hi01, q[2])
	VUNPCKHPD(hi23, hi01, q[3])
	return q
}

func transpose6() {
	TEXT("transpose6", attr.NOSPLIT, "func(dst *float32, rows *[16]*float32, n int)")
	Doc("transpose6 stores n columns, a multiple of 8, of the first 6 rows one after the other.")
	Pragma("noescape")
	dst, rows, n := Load(Param("dst"), GP64()), Load(Param("rows"), GP64()), Load(Param("n"), GP64())
	var row [6]Register
	for i := range row {
		row[i] = GP64()
		MOVQ(Mem{Base: rows, Disp: 8 * i}, row[i])
	}
	columnLoop(n, row[:], func(v []VecVirtual) {
		q := quad([4]VecVirtual(v[:4]))
		lo, hi := unpack(v[4], v[5])
		for half := range 2 {
			top, pair := make([]Op, 4), []VecVirtual{XMM(), XMM()}
			if half == 0 {
				for i := range q {
					top[i] = q[i].AsX()
				}
				VMOVAPS(lo.AsX(), pair[0])
				VMOVAPS(hi.AsX(), pair[1])
			} else {
				VEXTRACTF128(Imm(1), lo, pair[0])
				VEXTRACTF128(Imm(1), hi, pair[1])
			}
			for i := range q {
				at := 24 * (4*half + i)
				if half == 0 {
					VMOVUPS(top[i], Mem{Base: dst, Disp: at})
				} else {
					VEXTRACTF128(Imm(1), q[i], Mem{Base: dst, Disp: at})
				}
				if i%2 == 0 {
					VMOVLPS(pair[i/2], Mem{Base: dst, Disp: at + 16})
				} else {
					VMOVHPS(pair[i/2], Mem{Base: dst, Disp: at + 16})
				}
			}
		}
		ADDQ(U32(8*24), dst)
	})
	VZEROUPPER()
	RET()
}

// columnLoop walks down rows eight columns at a time.
func columnLoop(n Register, row []Register, body func(v []VecVirtual)) {
	label := fmt.Sprintf("columns%d", loops)
	loops++
	Label(label)
	CMPQ(n, Imm(8))
	JL(LabelRef(label + "done"))
	v := make([]VecVirtual, len(row))
	for i, r := range row {
		v[i] = YMM()
		VMOVUPS(Mem{Base: r}, v[i])
		ADDQ(Imm(32), r)
	}
	body(v)
	SUBQ(Imm(8), n)
	JMP(LabelRef(label))
	Label(label + "done")
}

var loops int

func transpose16() {
	TEXT("transpose16", attr.NOSPLIT, "func(dst *float32, rows *[16]*float32, n int)")
	Doc("transpose16 stores n columns, a multiple of 8, of 16 rows one after the other.")
	Pragma("noescape")
	rows := Load(Param("rows"), GP64())
	for half := range 2 {
		dst, n := Load(Param("dst"), GP64()), Load(Param("n"), GP64())
		var row [8]Register
		for i := range row {
			row[i] = GP64()
			MOVQ(Mem{Base: rows, Disp: 8 * (8*half + i)}, row[i])
		}
		columnLoop(n, row[:], func(v []VecVirtual) {
			upper := quad([4]VecVirtual(v[:4]))
			lower := quad([4]VecVirtual(v[4:]))
			for i := range upper {
				column := YMM()
				VINSERTF128(Imm(1), lower[i].AsX(), upper[i], column)
				VMOVUPS(column, Mem{Base: dst, Disp: 4*nr*i + 32*half})
				VPERM2F128(Imm(0x31), lower[i], upper[i], column)
				VMOVUPS(column, Mem{Base: dst, Disp: 4*nr*(4+i) + 32*half})
			}
			ADDQ(U32(8*4*nr), dst)
		})
	}
	VZEROUPPER()
	RET()
}

// copyRows emits the copies of rows of 6 or 16 that lie one after the other in
// dst: from rows stride elements apart, or from given offsets, where a negative
// one stands for zeros.
func copyRows() {
	rowLoop("copy6", 6, func(dst, src Register) {
		a, b := XMM(), XMM()
		VMOVUPS(Mem{Base: src}, a)
		VMOVSD(Mem{Base: src, Disp: 16}, b)
		VMOVUPS(a, Mem{Base: dst})
		VMOVLPS(b, Mem{Base: dst, Disp: 16})
	})
	rowLoop("copy16", 16, func(dst, src Register) {
		a, b := YMM(), YMM()
		VMOVUPS(Mem{Base: src}, a)
		VMOVUPS(Mem{Base: src, Disp: 32}, b)
		VMOVUPS(a, Mem{Base: dst})
		VMOVUPS(b, Mem{Base: dst, Disp: 32})
	})

	TEXT("copy16At", attr.NOSPLIT, "func(dst, src *float32, at *int, k int)")
	Doc("copy16At copies k rows of 16 from the offsets at, and zeros for negative ones.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	at, k := Load(Param("at"), GP64()), Load(Param("k"), GP64())
	Label("row")
	TESTQ(k, k)
	JE(LabelRef("done"))
	off, lo, hi := GP64(), YMM(), YMM()
	VXORPS(lo, lo, lo)
	VXORPS(hi, hi, hi)
	MOVQ(Mem{Base: at}, off)
	TESTQ(off, off)
	JS(LabelRef("store"))
	VMOVUPS(Mem{Base: src, Index: off, Scale: 4}, lo)
	VMOVUPS(Mem{Base: src, Index: off, Scale: 4, Disp: 32}, hi)
	Label("store")
	VMOVUPS(lo, Mem{Base: dst})
	VMOVUPS(hi, Mem{Base: dst, Disp: 32})
	ADDQ(Imm(64), dst)
	ADDQ(Imm(8), at)
	DECQ(k)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

func rowLoop(name string, width int, row func(dst, src Register)) {
	TEXT(name, attr.NOSPLIT, "func(dst *float32, step int, src *float32, stride, k int)")
	Doc(fmt.Sprintf("%s copies k rows of %d that lie stride elements apart to where they lie step elements", name, width), "apart.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	step, stride, k := Load(Param("step"), GP64()), Load(Param("stride"), GP64()), Load(Param("k"), GP64())
	SHLQ(Imm(2), step)
	SHLQ(Imm(2), stride)
	Label("row")
	TESTQ(k, k)
	JE(LabelRef("done"))
	row(dst, src)
	ADDQ(step, dst)
	ADDQ(stride, src)
	DECQ(k)
	JMP(LabelRef("row"))
	Label("done")
	VZEROUPPER()
	RET()
}

// peak is the yardstick of the benchmarks: twelve independent chains of
// multiply-adds that touch no memory, 192 operations a turn.
func peak() {
	TEXT("peak", attr.NOSPLIT, "func(turns int)")
	Doc("peak does 192 floating point operations in registers each turn.")
	turns := Load(Param("turns"), GP64())
	x := YMM()
	VXORPS(x, x, x)
	var acc [12]VecVirtual
	for i := range acc {
		acc[i] = YMM()
		VXORPS(acc[i], acc[i], acc[i])
	}
	Label("turn")
	for i := range acc {
		VFMADD231PS(x, x, acc[i])
	}
	DECQ(turns)
	JNE(LabelRef("turn"))
	VZEROUPPER()
	RET()
}
