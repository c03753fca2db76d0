// Command genstrided writes the AVX-512 kernel of package gemm that takes its
// operands where they lie, and its Go stub. Run it with
// `go generate ./engine/cpu/gemm`.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maxRows is the largest number of rows of a tile.
const maxRows = 8

// tile is the kernel's parameters in registers; strides are in bytes.
type tile struct {
	k, a, free, free3, free5, free7, red Register
	b, redB, half, c, ldc                Register
	mask                                 [2]Register
}

func main() {
	ConstraintExpr("amd64")
	TEXT("tileStrided", attr.NOSPLIT, "func(rows, k int, a *float32, free, red int, b *float32, redB, half int, c *float32, ldc int, mask uint32, accumulate bool)")
	Doc("tileStrided stores rows (1 to 8) of up to 32 sums of k terms, or adds them to c:",
		"the columns whose bits are set in mask. a[i*free+p*red] is row i's factor of term",
		"p, b[p*redB] begins the first 16 columns' and b[p*redB+half] the others'.")
	Pragma("noescape")
	int64s := func(name string) Register { return Load(Param(name), GP64()) }
	bytes := func(name string) Register {
		r := int64s(name)
		SHLQ(Imm(2), r)
		return r
	}
	t := tile{k: int64s("k"), a: int64s("a"), free: bytes("free"), red: bytes("red"),
		b: int64s("b"), redB: bytes("redB"), half: bytes("half"), c: int64s("c"), ldc: bytes("ldc"),
		mask: [2]Register{K(), K()}}
	mask := Load(Param("mask"), GP32())
	KMOVW(mask, t.mask[0])
	SHRL(Imm(16), mask)
	KMOVW(mask, t.mask[1])
	accumulate, rows := Load(Param("accumulate"), GP8()), int64s("rows")
	t.free3, t.free5, t.free7 = GP64(), GP64(), GP64()
	LEAQ(Mem{Base: t.free, Index: t.free, Scale: 2}, t.free3)
	LEAQ(Mem{Base: t.free, Index: t.free, Scale: 4}, t.free5)
	LEAQ(Mem{Base: t.free3, Index: t.free, Scale: 4}, t.free7)
	for halves := 1; halves <= 2; halves++ {
		if halves == 1 {
			TESTL(mask, mask)
			JNE(LabelRef("both"))
		} else {
			Label("both")
		}
		for r := maxRows; r > 1; r-- {
			CMPQ(rows, Imm(uint64(r)))
			JE(LabelRef(name(r, halves)))
		}
		for r := 1; r <= maxRows; r++ {
			t.body(r, halves, accumulate)
		}
	}
	Generate()
}

func name(rows, halves int) string { return fmt.Sprintf("tile%dx%d", rows, 16*halves) }

// row is where row i's factor of the present term lies.
func (t *tile) row(i int) Mem {
	switch i {
	case 0:
		return Mem{Base: t.a}
	case 1, 2, 4:
		return Mem{Base: t.a, Index: t.free, Scale: uint8(i)}
	case 3, 6:
		return Mem{Base: t.a, Index: t.free3, Scale: uint8(i / 3)}
	case 5:
		return Mem{Base: t.a, Index: t.free5, Scale: 1}
	}
	return Mem{Base: t.a, Index: t.free7, Scale: 1}
}

// part is where a half of a row of 32 at base begins.
func part(base, half Register, j int) Mem {
	if j == 0 {
		return Mem{Base: base}
	}
	return Mem{Base: base, Index: half, Scale: 1}
}

// body is the whole kernel for one size of tile.
func (t *tile) body(rows, halves int, accumulate Register) {
	label := name(rows, halves)
	Label(label)
	var sums [maxRows][2]VecVirtual
	for i := range rows {
		for j := range halves {
			sums[i][j] = ZMM()
			VPXORD(sums[i][j], sums[i][j], sums[i][j])
		}
	}
	at := GP64()
	each := func(visit func(m Mem, sum VecVirtual, mask Register)) {
		MOVQ(t.c, at)
		for i := range rows {
			for j := range halves {
				visit(Mem{Base: at, Disp: 64 * j}, sums[i][j], t.mask[j])
			}
			if i+1 < rows {
				ADDQ(t.ldc, at)
			}
		}
	}
	TESTB(accumulate, accumulate)
	JE(LabelRef(label + "terms"))
	each(func(m Mem, sum VecVirtual, mask Register) { VMOVUPS_Z(m, mask, sum) })
	Label(label + "terms")
	var b [2]VecVirtual
	for j := range halves {
		b[j] = ZMM()
		VMOVUPS_Z(part(t.b, t.half, j), t.mask[j], b[j])
	}
	for i := range rows {
		v := ZMM()
		VBROADCASTSS(t.row(i), v)
		for j := range halves {
			VFMADD231PS(b[j], v, sums[i][j])
		}
	}
	ADDQ(t.red, t.a)
	ADDQ(t.redB, t.b)
	DECQ(t.k)
	JNE(LabelRef(label + "terms"))
	each(func(m Mem, sum VecVirtual, mask Register) { VMOVUPS(sum, mask, m) })
	VZEROUPPER()
	RET()
}
