package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/internal/transpose"
)

// machine is a kind of vectors, and how it does what kinds do differently.
type machine struct {
	suffix    string // of the functions' names
	lanes     int
	registers int // that no mask takes
	register  func() VecVirtual
	exchange  func(v []VecVirtual) []VecVirtual // rows with columns
	asks      bool                              // for the lines of the next panel, before they are written

	// multiply is z = c x, multiplyAdd z += c x.
	multiply, multiplyAdd func(c float64, x, z VecVirtual)
	// each emits what is done for a vector of which left elements count.
	each func(left Register, body func(part))
}

// part is how the elements of a vector that count are loaded, with zeros for the
// others, and stored.
type part struct {
	load  func(from Mem, v VecVirtual)
	store func(v VecVirtual, to Mem)
}

// bytes is the size of a vector.
func (m *machine) bytes() int { return 4 * m.lanes }

var avx512 = machine{
	lanes: 16, registers: 32, register: ZMM, exchange: transpose.Lanes,
	multiply:    func(c float64, x, z VecVirtual) { VMULPS_BCST(constant(c, 1), x, z) },
	multiplyAdd: func(c float64, x, z VecVirtual) { VFMADD231PS_BCST(constant(c, 1), x, z) },
	each: func(left Register, body func(part)) {
		mask := tail(left)
		body(part{
			load:  func(from Mem, v VecVirtual) { VMOVUPS_Z(from, mask, v) },
			store: func(v VecVirtual, to Mem) { VMOVUPS(v, mask, to) },
		})
	},
}

// avx2 has masks that cost time, so that whole vectors have code of their own.
var avx2 = machine{
	suffix: "AVX2", lanes: 8, registers: 15, register: YMM, exchange: transpose.Eight, asks: true,
	multiply:    func(c float64, x, z VecVirtual) { VMULPS(constant(c, 8), x, z) },
	multiplyAdd: func(c float64, x, z VecVirtual) { VFMADD231PS(constant(c, 8), x, z) },
	each: func(left Register, body func(part)) {
		CMPQ(left, Imm(8))
		JL(LabelRef("tail"))
		body(part{
			load:  func(from Mem, v VecVirtual) { VMOVUPS(from, v) },
			store: func(v VecVirtual, to Mem) { VMOVUPS(v, to) },
		})
		JMP(LabelRef("next"))
		Label("tail")
		mask := lanesMask(left)
		body(part{
			load:  func(from Mem, v VecVirtual) { VMASKMOVPS(from, mask, v) },
			store: func(v VecVirtual, to Mem) { VMASKMOVPS(v, mask, to) },
		})
		Label("next")
	},
}

// tail is the mask of the channels of a vector, left of which are left.
func tail(left Register) Register {
	n, bits, mask := GP64(), GP64(), K()
	MOVQ(left, n)
	XORQ(bits, bits)
	TESTQ(n, n)
	CMOVQLT(bits, n)
	MOVQ(U32(16), bits)
	CMPQ(n, bits)
	CMOVQGT(bits, n)
	MOVQ(U32(0xffff), bits)
	BZHIQ(n, bits, bits)
	KMOVW(bits.As32(), mask)
	return mask
}

// lanesMask is the same for a vector of eight of which less than eight are left.
func lanesMask(left Register) VecVirtual {
	if lanes.Symbol.Name == "" {
		lanes = GLOBL("lanes", attr.RODATA|attr.NOPTR)
		for i := range 16 {
			DATA(4*i, I32(i/8-1))
		}
	}
	n, zero, table, mask := GP64(), GP64(), GP64(), YMM()
	MOVQ(left, n)
	XORQ(zero, zero)
	TESTQ(n, n)
	CMOVQLT(zero, n)
	NEGQ(n)
	LEAQ(lanes.Offset(32), table)
	VMOVUPS(Mem{Base: table, Index: n, Scale: 4}, mask)
	return mask
}

var (
	lanes     Mem
	constants = map[string]Mem{}
)

// constant is so many copies of a number.
func constant(v float64, copies int) Mem {
	name := fmt.Sprintf("c%08x", math.Float32bits(float32(v)))
	if copies > 1 {
		name += fmt.Sprintf("x%d", copies)
	}
	if m, ok := constants[name]; ok {
		return m
	}
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := range copies {
		DATA(4*i, F32(float32(v)))
	}
	constants[name] = m
	return m
}
