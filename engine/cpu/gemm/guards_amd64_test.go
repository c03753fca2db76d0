package gemm

import (
	"slices"
	"testing"

	"ganengine/engine/internal/isa"
	"ganengine/engine/internal/isa/isatest"
)

func TestGuards(t *testing.T) {
	avx2, avx512 := tileNeeds.Split("AVX2")
	strided2, strided512 := stridedNeeds.Split("AVX2")
	offersStrided := func(l lanes) func(isa.Set) bool {
		return func(have isa.Set) bool { return New[float32](nil, have).strided == l }
	}
	offers := func(name string) func(isa.Set) bool {
		return func(have isa.Set) bool {
			return slices.ContainsFunc(AllTiles(have), func(t Tiles) bool { return t.Name == name })
		}
	}
	isatest.Check(t,
		isatest.Guard{Name: "Engine.simd", Level: isa.ToAVX2, Functions: kernelNeeds,
			Chosen: func(have isa.Set) bool { return New[float32](nil, have).simd }},
		isatest.Guard{Name: "AVX2's strided kernels", Level: isa.ToAVX2, Functions: strided2, Chosen: offersStrided(8)},
		isatest.Guard{Name: "AVX-512's strided kernels", Level: isa.To512, Functions: strided512, Chosen: offersStrided(16)},
		isatest.Guard{Name: "AVX2's Tiles", Level: isa.ToAVX2, Functions: avx2, Chosen: offers("avx2")},
		isatest.Guard{Name: "AVX-512's Tiles", Level: isa.To512, Functions: avx512, Chosen: offers("avx512")},
	)
}

// TestDoublesArePlain: no assembly reads float64.
func TestDoublesArePlain(t *testing.T) {
	if e := New[float64](nil, isa.All.Set()); e.simd || e.strided > 0 {
		t.Errorf("float64 uses %s", e.Name())
	}
}
