package philox

import (
	"testing"

	"ganengine/engine/internal/isa"
	"ganengine/engine/internal/isa/isatest"
)

func TestGuards(t *testing.T) {
	isatest.Check(t, isatest.Guard{Name: "Code.simd", Level: isa.ToAVX2, Functions: needs,
		Chosen: func(have isa.Set) bool { return Best(have).simd }})
}
