// Command genwide writes the AVX-512 assembly of package gemm and its Go stubs.
// Run it with `go generate ./engine/cpu/gemm`.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The kernels' tile, and the width of the panels that they read.
const mr, nr = 8, 32

// distance is how many bytes ahead operands are asked for, which the last cache takes a
// while to answer. A quarter and the double were as fast.
const distance = 4096

func main() {
	ConstraintExpr("amd64")
	tileRows()
	tileColumns()
	Generate()
}

type tile [mr][nr / 16]VecVirtual

func zeroed() (acc tile) {
	for i := range acc {
		for j := range acc[i] {
			acc[i][j] = ZMM()
			VPXORD(acc[i][j], acc[i][j], acc[i][j])
		}
	}
	return acc
}

// step adds the products of one term: a holds row i's factor at a(i), b a row of
// the panel p rows on.
func (acc *tile) step(b Register, p int, a func(i int) Mem) {
	row := [nr / 16]VecVirtual{}
	for j := range row {
		row[j] = ZMM()
		VMOVUPS(Mem{Base: b, Disp: 4*nr*p + 64*j}, row[j])
	}
	for i := range acc {
		v := ZMM()
		VBROADCASTSS(a(i), v)
		for j := range row {
			VFMADD231PS(row[j], v, acc[i][j])
		}
	}
}

func (acc *tile) store(c Register) {
	for i := range acc {
		for j, v := range acc[i] {
			VMOVUPS(v, Mem{Base: c, Disp: 4*nr*i + 64*j})
		}
	}
	VZEROUPPER()
	RET()
}

// tileRows has the terms side by side in rows of 32.
func tileRows() {
	const unroll = 8
	TEXT("tileRowsWide", attr.NOSPLIT, "func(panels int, a *float32, step int, b, c *float32)")
	Doc("tileRowsWide stores 8 rows of 32 sums. The terms' first factors are rows of 32 in",
		"panels step elements apart, the second ones a row of 32 for each term.")
	Pragma("noescape")
	panels, a := Load(Param("panels"), GP64()), Load(Param("a"), GP64())
	step, b := Load(Param("step"), GP64()), Load(Param("b"), GP64())
	SHLQ(Imm(2), step)
	SUBQ(U32(4*nr), step)
	ahead := GP64()
	LEAQ(Mem{Base: a, Disp: distance}, ahead)
	acc := zeroed()
	terms := GP64()
	Label("panel")
	MOVQ(U32(nr/unroll), terms)
	Label("terms")
	for p := range unroll {
		if p%2 == 0 {
			PREFETCHT0(Mem{Base: ahead, Disp: 32 * p})
		}
		acc.step(b, p, func(i int) Mem { return Mem{Base: a, Disp: 4 * (nr*i + p)} })
	}
	ADDQ(U32(4*mr*unroll), ahead)
	ADDQ(U32(4*unroll), a)
	ADDQ(U32(4*nr*unroll), b)
	DECQ(terms)
	JNE(LabelRef("terms"))
	ADDQ(step, a)
	LEAQ(Mem{Base: ahead, Index: step, Scale: 1, Disp: 4*nr - 4*mr*nr}, ahead)
	DECQ(panels)
	JNE(LabelRef("panel"))
	acc.store(Load(Param("c"), GP64()))
}

// tileColumns has the terms one below the other.
func tileColumns() {
	TEXT("tileColumnsWide", attr.NOSPLIT, "func(k int, a, b, c *float32)")
	Doc("tileColumnsWide stores 8 rows of 32 sums of k terms: rows of 32 in both panels, of", "which the first counts 8.")
	Pragma("noescape")
	k, a, b := Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	acc := zeroed()
	loop := func(label string, unroll int) {
		Label(label)
		CMPQ(k, Imm(uint64(unroll)))
		JL(LabelRef(label + "done"))
		for p := range unroll {
			if unroll > 1 {
				PREFETCHT0(Mem{Base: a, Disp: distance + 4*nr*p})
				PREFETCHT0(Mem{Base: b, Disp: distance + 4*nr*p})
				PREFETCHT0(Mem{Base: b, Disp: distance + 4*nr*p + 64})
			}
			acc.step(b, p, func(i int) Mem { return Mem{Base: a, Disp: 4 * (nr*p + i)} })
		}
		ADDQ(U32(uint32(4*nr*unroll)), a)
		ADDQ(U32(uint32(4*nr*unroll)), b)
		SUBQ(Imm(uint64(unroll)), k)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	loop("eight", 8)
	loop("one", 1)
	acc.store(Load(Param("c"), GP64()))
}
