// Package transpose emits exchanges of rows and columns between vector registers.
// Only generators import it.
package transpose

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// two emits an instruction of two sources and, where it takes one, an immediate.
func two(register func() VecVirtual, op func(ops ...Op), a, b VecVirtual, imm ...Op) VecVirtual {
	d := register()
	op(append(imm, b, a, d)...)
	return d
}

// quads exchanges rows and columns of each 128-bit lane of four rows at a time: pairs,
// then quads. Element [g][c] is column c of each lane of rows 4g to 4g+3.
func quads(register func() VecVirtual, v []VecVirtual) [][]VecVirtual {
	two := func(op func(ops ...Op), a, b VecVirtual) VecVirtual { return two(register, op, a, b) }
	q := make([][]VecVirtual, len(v)/4)
	for g := range q {
		r := v[4*g : 4*g+4]
		lo01, hi01 := two(VUNPCKLPS, r[0], r[1]), two(VUNPCKHPS, r[0], r[1])
		lo23, hi23 := two(VUNPCKLPS, r[2], r[3]), two(VUNPCKHPS, r[2], r[3])
		q[g] = []VecVirtual{two(VUNPCKLPD, lo01, lo23), two(VUNPCKHPD, lo01, lo23), two(VUNPCKLPD, hi01, hi23), two(VUNPCKHPD, hi01, hi23)}
	}
	return q
}

// Lanes emits the exchange of 16 rows of 16 lanes with their columns.
func Lanes(v []VecVirtual) []VecVirtual {
	q := quads(ZMM, v)
	two := func(op func(ops ...Op), a, b VecVirtual, imm Op) VecVirtual { return two(ZMM, op, a, b, imm) }
	out := make([]VecVirtual, 16)
	for c := range 4 {
		even01, odd01 := two(VSHUFF32X4, q[0][c], q[1][c], Imm(0x88)), two(VSHUFF32X4, q[0][c], q[1][c], Imm(0xdd))
		even23, odd23 := two(VSHUFF32X4, q[2][c], q[3][c], Imm(0x88)), two(VSHUFF32X4, q[2][c], q[3][c], Imm(0xdd))
		out[c], out[8+c] = two(VSHUFF32X4, even01, even23, Imm(0x88)), two(VSHUFF32X4, even01, even23, Imm(0xdd))
		out[4+c], out[12+c] = two(VSHUFF32X4, odd01, odd23, Imm(0x88)), two(VSHUFF32X4, odd01, odd23, Imm(0xdd))
	}
	return out
}

// Eight emits the exchange of 8 rows of 8 lanes with their columns.
func Eight(v []VecVirtual) []VecVirtual {
	q := quads(YMM, v)
	out := make([]VecVirtual, 8)
	for c := range 4 {
		out[c], out[4+c] = YMM(), YMM()
		VPERM2F128(Imm(0x20), q[1][c], q[0][c], out[c])
		VPERM2F128(Imm(0x31), q[1][c], q[0][c], out[4+c])
	}
	return out
}
