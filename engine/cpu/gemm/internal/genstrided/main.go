// Command genstrided writes the kernels of package gemm that take their operands where
// they lie, for AVX-512 and for AVX2, and their Go stubs. Run it with
// `go generate ./engine/cpu/gemm`.
package main

import (
	"fmt"
	"math/bits"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/internal/isa/isagen"
)

// vectors is how many lie side by side in a tile.
const vectors = 2

// tile is the kernel's parameters in registers; strides are in bytes.
type tile struct {
	*machine
	k, a, free, free3, free5, free7, red Register
	b, redB, half, c, ldc                Register
	mask                                 [vectors]Register // where masks are registers of their own
	zero                                 VecVirtual
}

func main() {
	for _, m := range []machine{avx512, avx2} {
		m.tiles()
		m.dots()
	}
	isagen.Generate("stridedNeeds")
}

// tiles has a tile for each number of rows, of one or of two vectors a row.
func (m *machine) tiles() {
	name := "tileStrided" + m.suffix
	TEXT(name, attr.NOSPLIT, "func(rows, k int, a *float32, free, red int, b *float32, redB, half int, c *float32, ldc int, mask uint32, accumulate bool)")
	Doc(fmt.Sprintf("%s stores rows (1 or more) of up to %d sums of k terms, or adds them to", name, vectors*m.lanes),
		"c: the columns whose bits are set in mask. a[i*free+p*red] is row i's factor of term",
		fmt.Sprintf("p, b[p*redB] begins the first 16 columns' %s, which are", m.others), "read whole whatever mask says.")
	Pragma("noescape")
	Label("block") // of as many rows as a tile has at most; the arguments say what is left
	int64s := func(name string) Register { return Load(Param(name), GP64()) }
	bytes := func(name string) Register {
		r := int64s(name)
		SHLQ(Imm(2), r)
		return r
	}
	t := tile{machine: m, k: int64s("k"), a: int64s("a"), free: bytes("free"), red: bytes("red"), b: int64s("b"), redB: bytes("redB")}
	if m.halves {
		t.half = bytes("half")
	}
	t.c, t.ldc = int64s("c"), bytes("ldc")
	// One register of zeros: avo takes the clearing of each sum for a use of it, and
	// would keep the sums of all sizes.
	t.zero = m.register()
	m.clear(t.zero)
	mask := Load(Param("mask"), GP32())
	t.masks(&t, mask)
	rows := int64s("rows")
	t.free3, t.free5 = GP64(), GP64()
	LEAQ(Mem{Base: t.free, Index: t.free, Scale: 2}, t.free3)
	LEAQ(Mem{Base: t.free, Index: t.free, Scale: 4}, t.free5)
	if m.rows > 7 {
		t.free7 = GP64()
		LEAQ(Mem{Base: t.free3, Index: t.free, Scale: 4}, t.free7)
	}
	for wide := 1; wide <= vectors; wide++ {
		if wide == 1 {
			TESTL(mask, mask)
			JNE(LabelRef("both"))
		} else {
			Label("both")
		}
		CMPQ(rows, Imm(uint64(m.rows)))
		JGE(LabelRef(m.name(m.rows, wide)))
		for r := m.rows - 1; r > 1; r-- {
			CMPQ(rows, Imm(uint64(r)))
			JE(LabelRef(m.name(r, wide)))
		}
		for r := 1; r <= m.rows; r++ {
			t.body(r, wide)
		}
	}
}

// dots multiplies 8 rows by one vector at a time.
func (m *machine) dots() {
	name := "dotRows8" + m.suffix
	TEXT(name, attr.NOSPLIT, "func(rows, k int, a *float32, stride int, b, c *float32)")
	Doc(name+" stores in c the sums over p < k of a[i*stride+p] b[p] for rows, a multiple of",
		"8 and at least 8, of i.")
	Pragma("noescape")
	rows, k, a, stride := Load(Param("rows"), GP64()), Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("stride"), GP64())
	b, c := Load(Param("b"), GP64()), Load(Param("c"), GP64())
	SHLQ(Imm(2), stride)
	stride3, half := GP64(), GP64()
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, stride3)
	tail, load := m.tailOf(k)
	Label("dotBlock")
	zero := m.register()
	m.clear(zero)
	var sums [8]VecVirtual
	for i := range sums {
		sums[i] = m.register()
		VMOVAPS(zero, sums[i])
	}
	at, x, left := GP64(), GP64(), GP64()
	MOVQ(a, at)
	MOVQ(b, x)
	LEAQ(Mem{Base: a, Index: stride, Scale: 4}, half)
	row := func(i int) Mem { return rowOfEight(i, at, half, stride, stride3) }
	MOVQ(k, left)
	SHRQ(Imm(uint64(bits.TrailingZeros(uint(m.lanes)))), left)
	JE(LabelRef("dotTail"))
	Label("dotTerms")
	v := m.register()
	VMOVUPS(Mem{Base: x}, v)
	for i := range sums {
		VFMADD231PS(row(i), v, sums[i])
	}
	for _, r := range []Register{at, half, x} {
		ADDQ(Imm(uint64(4*m.lanes)), r)
	}
	DECQ(left)
	JNE(LabelRef("dotTerms"))
	Label("dotTail")
	TESTQ(tail, tail)
	JE(LabelRef("dotSums"))
	last := m.register()
	load(Mem{Base: x}, last)
	for i := range sums {
		w := m.register()
		load(row(i), w)
		VFMADD231PS(w, last, sums[i])
	}
	Label("dotSums")
	first := m.addLanes(sums)
	VMOVUPS(first, Mem{Base: c})
	ADDQ(Imm(32), c)
	LEAQ(Mem{Base: a, Index: stride, Scale: 8}, a)
	SUBQ(Imm(8), rows)
	JNE(LabelRef("dotBlock"))
	VZEROUPPER()
	RET()
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
func (m *machine) addLanes(halves [8]VecVirtual) VecVirtual {
	if m.lanes == 16 {
		for i, sum := range halves {
			high := YMM()
			VEXTRACTF64X4(Imm(1), sum, high)
			halves[i] = YMM()
			VADDPS(sum.AsY(), high, halves[i])
		}
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

func (m *machine) name(rows, wide int) string { return fmt.Sprintf("tile%dx%d", rows, m.lanes*wide) }

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

// part is where a vector of a row at t.b begins.
func (t *tile) part(j int) Mem {
	switch {
	case j == 0:
		return Mem{Base: t.b}
	case t.halves:
		return Mem{Base: t.b, Index: t.half, Scale: 1}
	}
	return Mem{Base: t.b, Disp: 4 * t.lanes * j}
}

// body is the whole kernel for one size of tile.
func (t *tile) body(rows, wide int) {
	label := t.name(rows, wide)
	Label(label)
	sums := make([][vectors]VecVirtual, rows)
	for i := range rows {
		for j := range wide {
			sums[i][j] = t.register()
			VMOVAPS(t.zero, sums[i][j])
		}
	}
	at := GP64()
	each := func(visit func(m Mem, sum VecVirtual, j int)) {
		MOVQ(t.c, at)
		for i := range rows {
			for j := range wide {
				visit(Mem{Base: at, Disp: 4 * t.lanes * j}, sums[i][j], j)
			}
			if i+1 < rows {
				ADDQ(t.ldc, at)
			}
		}
	}
	CMPB(argument("accumulate"), Imm(0))
	JE(LabelRef(label + "terms"))
	t.load(t, wide, label, each)
	Label(label + "terms")
	var b [vectors]VecVirtual
	for j := range wide {
		b[j] = t.register()
		VMOVUPS(t.part(j), b[j]) // with a mask it would take a multiplier's port
	}
	for i := range rows {
		v := t.register()
		VBROADCASTSS(t.row(i), v)
		for j := range wide {
			VFMADD231PS(b[j], v, sums[i][j])
		}
	}
	ADDQ(t.red, t.a)
	ADDQ(t.redB, t.b)
	DECQ(t.k)
	JNE(LabelRef(label + "terms"))
	t.store(t, wide, label, each)
	if rows == t.rows {
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
	t.times(t.free)
	ADDQ(t.free, argument("a"))
	t.times(t.ldc)
	ADDQ(t.ldc, argument("c"))
	SUBQ(Imm(uint64(t.machine.rows)), argument("rows"))
	JNE(LabelRef("block"))
}
