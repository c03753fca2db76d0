// Package transpose emits exchanges of rows and columns between vector registers.
// Only generators import it.
package transpose

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Lanes emits the exchange of 16 rows of 16 lanes with their columns: pairs, then quads, then 128-bit lanes.
func Lanes(v []VecVirtual) []VecVirtual {
	two := func(op func(ops ...Op), a, b VecVirtual, imm ...Op) VecVirtual {
		d := ZMM()
		op(append(imm, b, a, d)...)
		return d
	}
	q := make([][]VecVirtual, 4) // q[g][c]: column c of each lane, rows 4g to 4g+3
	for g := range q {
		r := v[4*g : 4*g+4]
		lo01, hi01 := two(VUNPCKLPS, r[0], r[1]), two(VUNPCKHPS, r[0], r[1])
		lo23, hi23 := two(VUNPCKLPS, r[2], r[3]), two(VUNPCKHPS, r[2], r[3])
		q[g] = []VecVirtual{two(VUNPCKLPD, lo01, lo23), two(VUNPCKHPD, lo01, lo23), two(VUNPCKLPD, hi01, hi23), two(VUNPCKHPD, hi01, hi23)}
	}
	out := make([]VecVirtual, 16)
	for c := range 4 {
		even01, odd01 := two(VSHUFF32X4, q[0][c], q[1][c], Imm(0x88)), two(VSHUFF32X4, q[0][c], q[1][c], Imm(0xdd))
		even23, odd23 := two(VSHUFF32X4, q[2][c], q[3][c], Imm(0x88)), two(VSHUFF32X4, q[2][c], q[3][c], Imm(0xdd))
		out[c], out[8+c] = two(VSHUFF32X4, even01, even23, Imm(0x88)), two(VSHUFF32X4, even01, even23, Imm(0xdd))
		out[4+c], out[12+c] = two(VSHUFF32X4, odd01, odd23, Imm(0x88)), two(VSHUFF32X4, odd01, odd23, Imm(0xdd))
	}
	return out
}
