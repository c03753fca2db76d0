// Command gen writes the AMX and AVX-512 assembly of package amx and its Go stubs.
// Run it with `go generate ./engine/cpu/amx`.
package main

import (
	"encoding/binary"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/cpu/amx/internal/tile"
	"ganengine/engine/internal/isa/isagen"
)

const (
	tileBytes = 16 * 64
	rowBytes  = 2 * 64 // of a block of 32×32 sums in float32
)

func main() {
	shapes := shapesOfTiles()
	for _, down := range []int{1, 2} {
		for _, across := range []int{1, 2} {
			products(shapes, down, across)
			sums(shapes, down, across)
		}
	}
	narrow()
	rows()
	pairs()
	columns()
	transposed()
	isagen.Generate("needs")
}

// Extensions that avo does not know.
const (
	tiles     = "AMXTile"
	dots      = "AMXBF16"
	narrowing = "AVX512BF16"
)

// raw emits an instruction that avo does not know, of this extension.
func raw(extension string, code []byte) {
	emit := func(opcode string, c Op) {
		Instruction(&ir.Instruction{Opcode: opcode, Operands: []Op{c}, ISA: []string{extension}})
	}
	for ; len(code) >= 4; code = code[4:] {
		emit("LONG", U32(binary.LittleEndian.Uint32(code)))
	}
	if len(code) >= 2 {
		emit("WORD", U16(binary.LittleEndian.Uint16(code)))
		code = code[2:]
	}
	if len(code) == 1 {
		emit("BYTE", U8(code[0]))
	}
}

// shapesOfTiles is what LDTILECFG reads: palette 1, eight tiles of 16 rows of 64
// bytes.
func shapesOfTiles() Mem {
	m := GLOBL("shapes", attr.RODATA|attr.NOPTR)
	DATA(0, U64(1))
	DATA(8, U64(0))
	for i := range 4 {
		bytes := uint64(0)
		if i < 2 {
			bytes = 0x0040004000400040
		}
		DATA(16+8*i, U64(bytes))
	}
	DATA(48, U64(0x1010101010101010))
	DATA(56, U64(0))
	return m
}

// The registers of the loops over tiles. What avo does not know it cannot
// allocate registers for.
var (
	program, outputs = R8, R9
	baseA, baseB     = R10, R11
	a, b             = RSI, RDI
	terms, steps     = RCX, RDX
	depth            = RBX
	rowOfTile        = RAX // 64, the distance of rows in a packed tile
	rowOfSums        = R14 // rowBytes
	sum              = R12 // 32×32 sums
	base, result     = R13, R15
)

// number is a register's as package tile has them.
func number(r GPPhysical) tile.General { return tile.General(r.PhysicalIndex()) }

// A block of results has the tiles 0 to 3, of rows 0 to 15 and 16 to 31; its
// factors are two tiles of A, below each other, and two of B, side by side.
const (
	firstA = 4
	firstB = 6
)

// each calls f for the tiles of sums, with where they lie in a block.
func each(down, across int, f func(t tile.Tile, offset int32)) {
	for i := range down {
		for j := range across {
			f(tile.Tile(2*i+j), int32(16*rowBytes*i+64*j))
		}
	}
}

// accumulate emits the loop over one output's terms. With deep, a term's factors
// are as many tiles as depth says, one after the other.
func accumulate(down, across int, deep bool) {
	MOVQ(Mem{Base: program, Disp: 8}, terms)
	ADDQ(Imm(16), program)
	TESTQ(terms, terms)
	JE(LabelRef("summed"))
	Label("term")
	MOVQ(Mem{Base: program}, a)
	ADDQ(baseA, a)
	MOVQ(Mem{Base: program, Disp: 8}, b)
	ADDQ(baseB, b)
	ADDQ(Imm(16), program)
	if deep {
		MOVQ(depth, steps)
		Label("step")
	}
	for i := range down {
		raw(tiles, tile.Load(tile.Tile(firstA+i), number(a), number(rowOfTile), int32(i*tileBytes)))
		for j := range across {
			if i == 0 {
				raw(tiles, tile.Load(tile.Tile(firstB+j), number(b), number(rowOfTile), int32(j*tileBytes)))
			}
			raw(dots, tile.DotPairs(tile.Tile(2*i+j), tile.Tile(firstA+i), tile.Tile(firstB+j)))
		}
	}
	if deep {
		ADDQ(U32(2*tileBytes), a)
		ADDQ(U32(2*tileBytes), b)
		DECQ(steps)
		JNE(LabelRef("step"))
	}
	DECQ(terms)
	JNE(LabelRef("term"))
	Label("summed")
}

// begin loads what both kinds of loops need.
func begin(shapes Mem) {
	LEAQ(shapes, RAX)
	raw(tiles, tile.Configure(number(RAX)))
	MOVQ(U32(64), rowOfTile)
	MOVQ(U32(rowBytes), rowOfSums)
	load("program", program)
	load("outputs", outputs)
	load("a", baseA)
	load("b", baseB)
}

func load(name string, r Register) { MOVQ(address(name), r) }

// address is where a parameter lies.
func address(name string) Mem { return resolve(Param(name)) }

func resolve(c gotypes.Component) Mem {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// products emits the sums of one output after the other, rounded to bf16.
func products(shapes Mem, down, across int) {
	name := fmt.Sprintf("products%d%d", down, across)
	TEXT(name, attr.NOSPLIT, "func(program *int64, outputs int, a, b *uint16, depth int, y *uint16, next, rows int, mask uint32, spill *float32)")
	Doc(fmt.Sprintf("%s is Kernel.Products for results of up to %d rows and %d columns.", name, 16*down, 16*across))
	Pragma("noescape")
	begin(shapes)
	load("depth", depth)
	load("y", base)
	load("spill", sum)
	MOVL(address("mask"), ECX)
	KMOVD(ECX, K1)
	Label("output")
	each(down, across, func(t tile.Tile, _ int32) { raw(tiles, tile.Zero(t)) })
	MOVQ(Mem{Base: program}, result)
	ADDQ(base, result)
	accumulate(down, across, true)
	each(down, across, func(t tile.Tile, offset int32) {
		raw(tiles, tile.Store(t, number(sum), number(rowOfSums), offset))
	})
	MOVQ(sum, a)
	load("rows", terms)
	load("next", b)
	Label("row")
	VMOVUPS(Mem{Base: a}, Z0)
	VMOVUPS(Mem{Base: a, Disp: 64}, Z1)
	raw(narrowing, tile.Narrow(0, 1, 0))
	VMOVDQU16(Z0, K1, Mem{Base: result})
	ADDQ(U32(rowBytes), a)
	ADDQ(b, result)
	DECQ(terms)
	JNE(LabelRef("row"))
	DECQ(outputs)
	JNE(LabelRef("output"))
	end()
}

func end() {
	raw(tiles, tile.Release())
	VZEROUPPER()
	RET()
}

// sums emits the sums of one output after the other, in float32.
func sums(shapes Mem, down, across int) {
	name := fmt.Sprintf("sums%d%d", down, across)
	TEXT(name, attr.NOSPLIT, "func(program *int64, outputs int, a, b *uint16, sum *float32, accumulate bool)")
	Doc(fmt.Sprintf("%s is Kernel.Sums for results of up to %d rows and %d columns.", name, 16*down, 16*across))
	Pragma("noescape")
	begin(shapes)
	load("sum", base)
	Label("output")
	MOVQ(Mem{Base: program}, result)
	ADDQ(base, result)
	each(down, across, func(t tile.Tile, _ int32) { raw(tiles, tile.Zero(t)) })
	CMPB(address("accumulate"), Imm(0))
	JE(LabelRef("begun"))
	each(down, across, func(t tile.Tile, offset int32) {
		raw(tiles, tile.Load(t, number(result), number(rowOfSums), offset))
	})
	Label("begun")
	accumulate(down, across, false)
	each(down, across, func(t tile.Tile, offset int32) {
		raw(tiles, tile.Store(t, number(result), number(rowOfSums), offset))
	})
	DECQ(outputs)
	JNE(LabelRef("output"))
	end()
}
