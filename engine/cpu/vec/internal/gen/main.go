// Command gen writes the AVX2 and AVX-512 assembly of package vec and its Go stubs.
// Run it with `go generate ./engine/cpu/vec`.
package main

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"ganengine/engine/internal/isa/isagen"
)

func main() {
	unaries()
	binaries()
	fused()
	reductions()
	columns()
	conversions()
	wides()
	prefetch()

	isagen.Generate("needs")
}

// prefetch emits the loop over lines that asks for them.
func prefetch() {
	TEXT("Prefetch", attr.NOSPLIT, "func(at uintptr, lines int)")
	Doc("Prefetch asks for lines of 64 bytes, at least one, which need not be memory at all.")
	p, lines := Load(Param("at"), GP64()), Load(Param("lines"), GP64())
	Label("line")
	PREFETCHT0(Mem{Base: p})
	ADDQ(Imm(64), p)
	DECQ(lines)
	JNE(LabelRef("line"))
	RET()
}
