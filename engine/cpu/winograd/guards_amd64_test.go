package winograd

import (
	"testing"

	"ganengine/engine/internal/isa"
	"ganengine/engine/internal/isa/isatest"
)

func TestGuards(t *testing.T) {
	avx2, avx512 := needs.Split("AVX2")
	isatest.Check(t,
		isatest.Guard{Name: "transforms in AVX2", Level: isa.ToAVX2, Functions: avx2,
			Chosen: func(have isa.Set) bool { return best(have).Lanes == 8 }},
		isatest.Guard{Name: "transforms in AVX-512", Level: isa.To512, Functions: avx512,
			Chosen: func(have isa.Set) bool { return best(have).Lanes == 16 }},
	)
}
