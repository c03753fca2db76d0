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

	"ganengine/engine/internal/isa/isagen"
)

// maxRows is the largest number of rows of a tile.
const maxRows = 8

// tile is the kernel's parameters in registers; strides are in bytes.
type tile struct {
	k, a, free, free3, free5, free7, red Register
	b, redB, half, c, ldc                Register
	mask                                 [2]Register
	zero                                 VecVirtual
}

func main() {
	TEXT("tileStrided", attr.NOSPLIT, "func(rows, k int, a *float32, free, red int, b *float32, redB, half int, c *float32, ldc int, mask uint32, accumulate bool)")
	Doc("tileStrided stores rows (1 or more) of up to 32 sums of k terms, or adds them to",
		"c: the columns whose bits are set in mask. a[i*free+p*red] is row i's factor of term",
		"p, b[p*redB] begins the first 16 columns' and b[p*redB+half] the others', which are",
		"read whole whatever mask says.")
	Pragma("noescape")
	Label("block") // of 8 rows; the arguments say what is left
	int64s := func(name string) Register { return Load(Param(name), GP64()) }
	bytes := func(name string) Register {
		r := int64s(name)
		SHLQ(Imm(2), r)
		return r
	}
	t := tile{k: int64s("k"), a: int64s("a"), free: bytes("free"), red: bytes("red"),
		b: int64s("b"), redB: bytes("redB"), half: bytes("half"), c: int64s("c"), ldc: bytes("ldc"),
		mask: [2]Register{K(), K()}}
	// One register of zeros: avo takes the clearing of each sum for a use of it, and
	// would keep the sums of all sizes.
	t.zero = ZMM()
	VPXORD(t.zero, t.zero, t.zero)
	mask := Load(Param("mask"), GP32())
	KMOVW(mask, t.mask[0])
	SHRL(Imm(16), mask)
	KMOVW(mask, t.mask[1])
	rows := int64s("rows")
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
		CMPQ(rows, Imm(maxRows))
		JGE(LabelRef(name(maxRows, halves)))
		for r := maxRows - 1; r > 1; r-- {
			CMPQ(rows, Imm(uint64(r)))
			JE(LabelRef(name(r, halves)))
		}
		for r := 1; r <= maxRows; r++ {
			t.body(r, halves)
		}
	}
	dots()
	isagen.Generate("stridedNeeds")
}

// dots multiplies 8 rows by one vector at a time.
func dots() {
	TEXT("dotRows8", attr.NOSPLIT, "func(rows, k int, a *float32, stride int, b, c *float32)")
	Doc("dotRows8 stores in c the sums over p < k of a[i*stride+p] b[p] for rows, a multiple of",
		"8 and at least 8, of i.")
	Pragma("noescape")
	rows, k, a, stride := Load(Param("rows"), GP64()), Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("stride"), GP64())
	b, c := Load(Param("b"), GP64()), Load(Param("c"), GP64())
	SHLQ(Imm(2), stride)
	stride3, half := GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	tail, mask := tailOf(k)
	Label("dotBlock")
	zero := ZMM()
	VPXORD(zero, zero, zero)
	var sums [8]VecVirtual
	for i := range sums {
		sums[i] = ZMM()
		VMOVAPS(zero, sums[i])
	}
	at, x, left := GP64(), GP64(), GP64()
	MOVQ(a, at)
	MOVQ(b, x)
	LEAQ(Mem{Base: a, Index: stride, Scale: 4}, half)
	row := func(i int) Mem { return rowOfEight(i, at, half, stride, stride3) }
	MOVQ(k, left)
	SHRQ(Imm(4), left)
	JE(LabelRef("dotTail"))
	Label("dotTerms")
	v := ZMM()
	VMOVUPS(Mem{Base: x}, v)
	for i := range sums {
		VFMADD231PS(row(i), v, sums[i])
	}
	for _, r := range []Register{at, half, x} {
		ADDQ(Imm(64), r)
	}
	DECQ(left)
	JNE(LabelRef("dotTerms"))
	Label("dotTail")
	TESTQ(tail, tail)
	JE(LabelRef("dotSums"))
	last := ZMM()
	VMOVUPS_Z(Mem{Base: x}, mask, last)
	for i := range sums {
		w := ZMM()
		VMOVUPS_Z(row(i), mask, w)
		VFMADD231PS(w, last, sums[i])
	}
	Label("dotSums")
	first := addLanes(sums)
	VMOVUPS(first, Mem{Base: c})
	ADDQ(Imm(32), c)
	LEAQ(Mem{Base: a, Index: stride, Scale: 8}, a)
	SUBQ(Imm(8), rows)
	JNE(LabelRef("dotBlock"))
	VZEROUPPER()
	RET()
}

// tailOf is how many terms are left behind whole registers, and their lanes.
func tailOf(k Register) (tail GPVirtual, mask Register) {
	tail, mask = GP64(), K()
	bits := GP64()
	MOVQ(k, tail)
	ANDQ(Imm(15), tail)
	MOVQ(I32(-1), bits)
	BZHIQ(tail, bits, bits)
	KMOVW(bits.As32(), mask)
	return tail, mask
}

// rowOfEight is where row i lies, rows 0 and 4 at first and fifth.
func rowOfEight(i int, first, fifth, stride, stride3 Register) Mem {
	base := first
	if i >= 4 {
		base = fifth
	}
	switch i % 4 {
	case 0:
		return Mem{Base: base}
	case 3:
		return Mem{Base: base, Index: stride3, Scale: 1}
	}
	return Mem{Base: base, Index: stride, Scale: uint8(i % 4)}
}

// addLanes adds up the lanes of each of eight registers.
func addLanes(sums [8]VecVirtual) VecVirtual {
	var halves [8]VecVirtual
	for i := range sums {
		high := YMM()
		VEXTRACTF64X4(Imm(1), sums[i], high)
		halves[i] = YMM()
		VADDPS(sums[i].AsY(), high, halves[i])
	}
	pairs := func(x, y VecVirtual) VecVirtual {
		s := YMM()
		VHADDPS(y, x, s)
		return s
	}
	low := pairs(pairs(halves[0], halves[1]), pairs(halves[2], halves[3]))
	high := pairs(pairs(halves[4], halves[5]), pairs(halves[6], halves[7]))
	first, second := YMM(), YMM()
	VPERM2F128(Imm(0x20), high, low, first)
	VPERM2F128(Imm(0x31), high, low, second)
	VADDPS(second, first, first)
	return first
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
func (t *tile) body(rows, halves int) {
	label := name(rows, halves)
	Label(label)
	var sums [maxRows][2]VecVirtual
	for i := range rows {
		for j := range halves {
			sums[i][j] = ZMM()
			VMOVAPS(t.zero, sums[i][j])
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
	CMPB(argument("accumulate"), Imm(0))
	JE(LabelRef(label + "terms"))
	each(func(m Mem, sum VecVirtual, mask Register) { VMOVUPS_Z(m, mask, sum) })
	Label(label + "terms")
	var b [2]VecVirtual
	for j := range halves {
		b[j] = ZMM()
		VMOVUPS(part(t.b, t.half, j), b[j]) // with a mask it would take a multiplier's port
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
	if rows == maxRows {
		t.next()
	}
	VZEROUPPER()
	RET()
}

// argument is where an argument lies.
func argument(name string) Mem {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return p.Addr
}

// next goes on with the following rows, if there are any: it moves the arguments
// and begins again, which costs less than a call.
func (t *tile) next() {
	SHLQ(Imm(3), t.free)
	ADDQ(t.free, argument("a"))
	SHLQ(Imm(3), t.ldc)
	ADDQ(t.ldc, argument("c"))
	SUBQ(Imm(maxRows), argument("rows"))
	JNE(LabelRef("block"))
}
