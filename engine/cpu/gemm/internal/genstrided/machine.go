package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// visits goes over a tile's sums, each with its place in c and its vector's number.
type visits func(visit func(m Mem, sum VecVirtual, j int))

// machine is a kind of vectors, and how it does what kinds do differently.
type machine struct {
	suffix   string // of the functions' names
	lanes    int
	rows     int // of the largest tile
	register func() VecVirtual
	clear    func(v VecVirtual)
	times    func(r Register) // multiplies by rows
	halves   bool             // a tile's vectors are of two panels
	others   string           // where those of the second vector begin

	masks func(t *tile, mask Register) // splits the argument mask, of which it leaves the second vector's bits
	// load and store take from and to c what the masks say; wide is the number of vectors
	// in a row.
	load, store func(t *tile, wide int, label string, each visits)
	// tailOf is how many of k terms are left behind whole vectors, and how they are loaded.
	tailOf func(k Register) (tail GPVirtual, load func(from Mem, v VecVirtual))
}

var avx512 = machine{
	lanes: 16, rows: 8, register: ZMM, clear: func(v VecVirtual) { VPXORD(v, v, v) },
	times:  func(r Register) { SHLQ(Imm(3), r) },
	halves: true, others: "and b[p*redB+half] the others'",
	masks: func(t *tile, mask Register) {
		t.mask = [vectors]Register{K(), K()}
		KMOVW(mask, t.mask[0])
		SHRL(Imm(16), mask)
		KMOVW(mask, t.mask[1])
	},
	load: func(t *tile, _ int, _ string, each visits) {
		each(func(m Mem, sum VecVirtual, j int) { VMOVUPS_Z(m, t.mask[j], sum) })
	},
	store: func(t *tile, _ int, _ string, each visits) {
		each(func(m Mem, sum VecVirtual, j int) { VMOVUPS(sum, t.mask[j], m) })
	},
	tailOf: func(k Register) (GPVirtual, func(Mem, VecVirtual)) {
		mask := K()
		tail, bits := bitsOfTail(k, 15)
		KMOVW(bits, mask)
		return tail, func(from Mem, v VecVirtual) { VMOVUPS_Z(from, mask, v) }
	},
}

// avx2 has masks that cost time and a register: whole rows do without.
var avx2 = machine{
	suffix: "AVX2", lanes: 8, rows: 6, register: YMM, clear: func(v VecVirtual) { VXORPS(v, v, v) },
	times:  func(r Register) { IMUL3Q(Imm(6), r, r) },
	others: "(half is not read)",
	masks:  func(_ *tile, mask Register) { SHRL(Imm(8), mask) },
	load: func(_ *tile, wide int, label string, each visits) {
		wholeOr(wide, label+"load", label+"terms", each,
			func(m Mem, sum, _ VecVirtual) { VMOVUPS(m, sum) }, func(m Mem, sum, mask VecVirtual) { VMASKMOVPS(m, mask, sum) })
	},
	store: func(_ *tile, wide int, label string, each visits) {
		wholeOr(wide, label+"store", label+"stored", each,
			func(m Mem, sum, _ VecVirtual) { VMOVUPS(sum, m) }, func(m Mem, sum, mask VecVirtual) { VMASKMOVPS(sum, mask, m) })
		Label(label + "stored")
	},
	tailOf: func(k Register) (GPVirtual, func(Mem, VecVirtual)) {
		tail, bits := bitsOfTail(k, 7)
		mask := laneMasks(bits, 1)[0]
		return tail, func(from Mem, v VecVirtual) { VMASKMOVPS(from, mask, v) }
	},
}

// bitsOfTail is k's remainder, and as many bits.
func bitsOfTail(k Register, most uint64) (tail GPVirtual, set Register) {
	tail, bits := GP64(), GP64()
	MOVQ(k, tail)
	ANDQ(Imm(most), tail)
	MOVQ(I32(-1), bits)
	BZHIQ(tail, bits, bits)
	return tail, bits.As32()
}

// wholeOr emits visits without masks for whole rows, and with masks for others; both go
// on at done, which stands behind them.
func wholeOr(wide int, label, done string, each visits, whole, masked func(m Mem, sum, mask VecVirtual)) {
	mask := GP32()
	MOVL(argument("mask"), mask)
	CMPL(mask, U32(1<<(8*wide)-1))
	JNE(LabelRef(label))
	each(func(m Mem, sum VecVirtual, _ int) { whole(m, sum, nil) })
	JMP(LabelRef(done))
	Label(label)
	masks := laneMasks(mask, wide)
	each(func(m Mem, sum VecVirtual, j int) { masked(m, sum, masks[j]) })
}

var bitsOfLanes Mem

// laneMasks makes masks of so many vectors from the bits of a register.
func laneMasks(bits Register, wide int) (masks [vectors]VecVirtual) {
	if bitsOfLanes.Symbol.Name == "" {
		bitsOfLanes = GLOBL("bitsOfLanes", attr.RODATA|attr.NOPTR)
		for i := range 8 * vectors {
			DATA(4*i, U32(1<<i))
		}
	}
	for j := range wide {
		masks[j] = YMM()
		VMOVD(bits, masks[j].AsX())
		VPBROADCASTD(masks[j].AsX(), masks[j])
		VPAND(bitsOfLanes.Offset(32*j), masks[j], masks[j])
		VPCMPEQD(bitsOfLanes.Offset(32*j), masks[j], masks[j])
	}
	return masks
}
