// Package evex encodes the AVX512_BF16 instructions, which Go's assembler does
// not know, between registers of 512 bits. The format is that of Intel's
// Software Developer's Manual, volume 2, section 2.7: the byte 0x62, three bytes
// of payload, the opcode, and ModRM.
package evex

// Register is the number of a vector register, 0 to 31.
type Register uint8

// prefix is the field pp, which takes the place of a legacy prefix.
type prefix uint8

const (
	prefixF3 prefix = 2
	prefixF2 prefix = 3
)

// DotPairs is VDPBF16PS: to each of dst's 16 floats it adds the products of the
// pairs of bf16 values in that place of x and y.
func DotPairs(dst, x, y Register) [6]byte { return encode(prefixF3, 0x52, dst, x, y) }

// Round is VCVTNEPS2BF16: the lower half of dst, a register of 256 bits, becomes
// x's floats in bf16, rounded to the nearest even.
func Round(dst, x Register) [6]byte { return encode(prefixF3, 0x72, dst, 0, x) }

// encode is an instruction of opcode map 0F38 with W0 and no mask: reg is the
// destination, vvvv the first source and rm the second.
func encode(pp prefix, opcode byte, reg, vvvv, rm Register) [6]byte {
	const (
		map0F38 = 2
		fixed   = 1 << 2 // a bit that is always set
		bits512 = 2 << 5
	)
	// The higher bits of registers' numbers are stored inverted.
	inverted := func(r Register, bit, place int) byte { return ^byte(r>>bit) & 1 << place }
	return [6]byte{0x62,
		inverted(reg, 3, 7) | inverted(rm, 4, 6) | inverted(rm, 3, 5) | inverted(reg, 4, 4) | map0F38,
		^byte(vvvv)&15<<3 | fixed | byte(pp),
		bits512 | inverted(vvvv, 4, 3),
		opcode,
		3<<6 | byte(reg)&7<<3 | byte(rm)&7}
}
