package gemm

import (
	"slices"
	"testing"

	"ganengine/engine/internal/isa"
	"ganengine/engine/internal/isa/isatest"
)

func TestGuards(t *testing.T) {
	avx2, avx512 := tileNeeds.Split("AVX2")
	offers := func(name string) func(isa.Set) bool {
		return func(have isa.Set) bool {
			return slices.ContainsFunc(AllTiles(have), func(t Tiles) bool { return t.Name == name })
		}
	}
	isatest.Check(t,
		isatest.Guard{Name: "Engine.simd", Level: isa.ToAVX2, Functions: kernelNeeds,
			Chosen: func(have isa.Set) bool { return New[float32](nil, have).simd }},
		isatest.Guard{Name: "Engine.wide", Level: isa.To512, Functions: stridedNeeds,
			Chosen: func(have isa.Set) bool { return New[float32](nil, have).wide }},
		isatest.Guard{Name: "AVX2's Tiles", Level: isa.ToAVX2, Functions: avx2, Chosen: offers("avx2")},
		isatest.Guard{Name: "AVX-512's Tiles", Level: isa.To512, Functions: avx512, Chosen: offers("avx512")},
	)
}

// TestDoublesArePlain: no assembly reads float64.
func TestDoublesArePlain(t *testing.T) {
	if e := New[float64](nil, isa.All.Set()); e.simd || e.wide {
		t.Errorf("float64 uses %s", e.Name())
	}
}
