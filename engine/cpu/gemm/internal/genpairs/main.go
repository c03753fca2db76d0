// Command genpairs writes the AVX512_BF16 assembly of package gemm and its Go
// stubs. Run it with `go generate ./engine/cpu/gemm`.
package main

import (
	"encoding/binary"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/cpu/gemm/internal/evex"
)

const (
	mr     = 8  // rows of a tile
	nr     = 32 // columns of a tile
	block  = 16 // pairs of a row before the next block
	unroll = 4  // pairs of one turn of a loop
)

func main() {
	ConstraintExpr("amd64")
	pairRows()
	pairColumns()
	Generate()
}

// vectors are the registers of 512 bits by number. The instructions that avo
// does not know are bytes to it, so that it cannot allocate registers for them.
var vectors = [32]VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}

// A kernel has its sums in the first registers, row by row, then a row of B,
// then places for values of A in turn.
const (
	firstB = nr / 16 * mr
	firstA = firstB + nr/16
)

func raw(code [6]byte) {
	Instruction(&ir.Instruction{Opcode: "LONG", Operands: []Op{U32(binary.LittleEndian.Uint32(code[:4]))}})
	Instruction(&ir.Instruction{Opcode: "WORD", Operands: []Op{U16(binary.LittleEndian.Uint16(code[4:]))}})
}

// step adds the products of one pair of terms: a holds row i's at a(i), b a row
// of the panel p rows on.
func step(b Register, p int, a func(i int) Mem) {
	for j := range nr / 16 {
		VMOVUPS(Mem{Base: b, Disp: 4*nr*p + 64*j}, vectors[firstB+j])
	}
	for i := range mr {
		v := firstA + i
		VPBROADCASTD(a(i), vectors[v])
		for j := range nr / 16 {
			raw(evex.DotPairs(evex.Register(nr/16*i+j), evex.Register(firstB+j), evex.Register(v)))
		}
	}
}

var sums = vectors[:nr/16*mr]

// begin sets the sums to zero or loads them.
func begin() {
	for _, v := range sums {
		VPXORD(v, v, v)
	}
	flag := Load(Param("accumulate"), GP8())
	TESTB(flag, flag)
	JE(LabelRef("start"))
	c := Load(Param("c"), GP64())
	for i, v := range sums {
		VMOVUPS(Mem{Base: c, Disp: 64 * i}, v)
	}
	Label("start")
}

func end() {
	c := Load(Param("c"), GP64())
	for i, v := range sums {
		VMOVUPS(v, Mem{Base: c, Disp: 64 * i})
	}
	VZEROUPPER()
	RET()
}

// loop runs step on count pairs, several at a time.
func loop(label string, count, a, b Register, perPair int, at func(p, i int) Mem) {
	for _, n := range []int{unroll, 1} {
		label := fmt.Sprintf("%s%d", label, n)
		Label(label)
		CMPQ(count, Imm(uint64(n)))
		JL(LabelRef(label + "done"))
		for p := range n {
			step(b, p, func(i int) Mem { return at(p, i) })
		}
		ADDQ(U32(uint32(perPair*n)), a)
		ADDQ(U32(uint32(4*nr*n)), b)
		SUBQ(Imm(uint64(n)), count)
		JMP(LabelRef(label))
		Label(label + "done")
	}
}

// pairRows has the pairs of a row side by side.
func pairRows() {
	TEXT("pairRows", attr.NOSPLIT, "func(pairs int, a *uint16, step int, b *uint16, c *float32, accumulate bool)")
	Doc("pairRows stores 8 rows of 32 sums, or adds to them. The terms' first factors are rows",
		"of 32 in blocks step elements apart, the second ones 32 pairs for each pair of terms.")
	Pragma("noescape")
	begin()
	pairs, a := Load(Param("pairs"), GP64()), Load(Param("a"), GP64())
	next, b := Load(Param("step"), GP64()), Load(Param("b"), GP64())
	SHLQ(Imm(1), next)
	at := func(p, i int) Mem { return Mem{Base: a, Disp: 4 * (block*i + p)} }
	turns := GP64()
	Label("block")
	CMPQ(pairs, Imm(block))
	JL(LabelRef("rest"))
	MOVQ(U32(block/unroll), turns)
	Label("turn")
	for p := range unroll {
		step(b, p, func(i int) Mem { return at(p, i) })
	}
	ADDQ(U32(4*unroll), a)
	ADDQ(U32(4*nr*unroll), b)
	DECQ(turns)
	JNE(LabelRef("turn"))
	LEAQ(Mem{Base: a, Index: next, Scale: 1, Disp: -4 * block}, a)
	SUBQ(Imm(block), pairs)
	JMP(LabelRef("block"))
	Label("rest")
	loop("pairs", pairs, a, b, 4, at)
	end()
}

// pairColumns has the pairs of a column side by side.
func pairColumns() {
	TEXT("pairColumns", attr.NOSPLIT, "func(pairs int, a *uint16, step int, b *uint16, c *float32, accumulate bool)")
	Doc("pairColumns stores 8 rows of 32 sums, or adds to them. The terms' first factors are 8",
		"pairs, step elements from one to the next pair of terms, the second ones 32 pairs each.")
	Pragma("noescape")
	begin()
	pairs, a := Load(Param("pairs"), GP64()), Load(Param("a"), GP64())
	next, b := Load(Param("step"), GP64()), Load(Param("b"), GP64())
	SHLQ(Imm(1), next)
	Label("pair")
	TESTQ(pairs, pairs)
	JE(LabelRef("done"))
	step(b, 0, func(i int) Mem { return Mem{Base: a, Disp: 4 * i} })
	ADDQ(next, a)
	ADDQ(U32(4*nr), b)
	DECQ(pairs)
	JMP(LabelRef("pair"))
	Label("done")
	end()
}
