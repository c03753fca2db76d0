package vec

import (
	"testing"

	"ganengine/engine/internal/isa"
	"ganengine/engine/internal/isa/isatest"
)

func TestGuards(t *testing.T) {
	avx2, avx512 := needs.Split("AVX2")
	isatest.Check(t,
		isatest.Guard{Name: "Ops.simd", Level: isa.ToAVX2, Functions: avx2,
			Chosen: func(have isa.Set) bool { return Best[float32](have).simd }},
		isatest.Guard{Name: "Ops.wide", Level: isa.To512, Functions: avx512,
			Chosen: func(have isa.Set) bool { return Best[float32](have).wide }},
	)
}

// TestDoublesArePlain: no assembly reads float64.
func TestDoublesArePlain(t *testing.T) {
	if o := Best[float64](isa.All.Set()); o != (Ops[float64]{}) {
		t.Errorf("float64 uses %s", o.Name())
	}
}
