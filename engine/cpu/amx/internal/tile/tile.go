// Package tile encodes the instructions on bf16 matrices that Go's assembler does
// not know: AMX's, and AVX512_BF16's conversion of two vectors. The formats are
// those of Intel's Software Developer's Manual, volume 2, sections 2.3 (VEX) and
// 2.7 (EVEX).
package tile

import "encoding/binary"

// Tile is the number of a tile register, 0 to 7: up to 16 rows of 64 bytes.
type Tile uint8

// General is the number of a general register, 0 to 15.
type General uint8

// Vector is the number of a vector register of 512 bits, 0 to 31.
type Vector uint8

// prefix is the field pp, which takes the place of a legacy prefix.
type prefix uint8

const (
	none     prefix = 0
	prefixF3 prefix = 2
	prefixF2 prefix = 3
)

const map0F38 = 2 // the opcode map of all instructions here

// Configure is LDTILECFG: the shapes of all tiles, 64 bytes at base, which is
// neither RSP nor R12.
func Configure(base General) []byte {
	const byteOffset = 1
	return append(vex(none, 0x49, 0, 0, base, 0), byteOffset<<6|byte(base)&7, 0)
}

// Release is TILERELEASE: no tile has a shape any more.
func Release() []byte { return append(vex(none, 0x49, 0, 0, 0, 0), direct(0, 0)) }

// Zero is TILEZERO.
func Zero(t Tile) []byte { return append(vex(prefixF2, 0x49, t, 0, 0, 0), direct(t, 0)) }

// Load is TILELOADD: row i of t becomes the bytes from base + i stride + offset on.
func Load(t Tile, base, stride General, offset int32) []byte {
	return rows(prefixF2, t, base, stride, offset)
}

// Store is TILESTORED: it writes what Load reads.
func Store(t Tile, base, stride General, offset int32) []byte {
	return rows(prefixF3, t, base, stride, offset)
}

// DotPairs is TDPBF16PS: to dst's float32 values, row i and column j, it adds the
// products of the pairs of bf16 values in row i of x with those in column j of y.
func DotPairs(dst, x, y Tile) []byte {
	return append(vex(prefixF3, 0x5c, dst, y, General(x), 0), direct(dst, x))
}

// Narrow is VCVTNE2PS2BF16: dst becomes the floats of low, then those of high, in
// bf16, rounded to the nearest even.
func Narrow(dst, high, low Vector) []byte {
	const (
		fixed   = 1 << 2 // a bit that is always set
		bits512 = 2 << 5
	)
	// The higher bits of registers' numbers are stored inverted.
	inverted := func(r Vector, bit, place int) byte { return ^byte(r>>bit) & 1 << place }
	return []byte{0x62,
		inverted(dst, 3, 7) | inverted(low, 4, 6) | inverted(low, 3, 5) | inverted(dst, 4, 4) | map0F38,
		^byte(high)&15<<3 | fixed | byte(prefixF2),
		bits512 | inverted(high, 4, 3),
		0x72,
		3<<6 | byte(dst)&7<<3 | byte(low)&7}
}

// vex is the prefix of three bytes and the opcode.
func vex(pp prefix, opcode byte, reg, vvvv Tile, base, index General) []byte {
	inverted := func(r uint8, place int) byte { return ^(r >> 3) & 1 << place }
	return []byte{0xc4,
		inverted(uint8(reg), 7) | inverted(uint8(index), 6) | inverted(uint8(base), 5) | map0F38,
		^byte(vvvv)&15<<3 | byte(pp),
		opcode}
}

// direct is ModRM for two registers.
func direct(reg, rm Tile) byte { return 3<<6 | byte(reg)<<3 | byte(rm) }

// hasSIB is the place of rm that announces another byte.
const hasSIB = 4

func rows(pp prefix, t Tile, base, stride General, offset int32) []byte {
	const wideOffset = 2
	code := vex(pp, 0x4b, t, 0, base, stride)
	code = append(code, wideOffset<<6|byte(t)<<3|hasSIB, byte(stride)&7<<3|byte(base)&7)
	return binary.LittleEndian.AppendUint32(code, uint32(offset))
}
