// Package splat holds constants for generated assembly: one value in each of
// the eight lanes of a 256-bit register. Only generators import it.
package splat

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// Lanes is how many values there are.
const Lanes = 8

// written remembers the constants of the file that is being generated.
var written = map[uint32]Mem{}

// Bits gives a memory operand holding u in all lanes.
func Bits(u uint32) Mem {
	if m, ok := written[u]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("splat%08x", u), attr.RODATA|attr.NOPTR)
	for i := range Lanes {
		DATA(4*i, U32(u))
	}
	written[u] = m
	return m
}

// Float gives a memory operand holding f in all lanes.
func Float(f float32) Mem { return Bits(math.Float32bits(f)) }
