package isatest

import (
	"strings"
	"testing"

	"ganengine/engine/internal/isa"
)

// TestFaults: a guard that asks for less than a function needs is caught, and so is all
// else that would end a process or leave a processor without its functions.
func TestFaults(t *testing.T) {
	// As philox once was: an operand in memory made a shift of AVX2 one of AVX-512.
	needs := isa.Table{"wordsAVX2": isa.AVX | isa.AVX2, "normalsAVX2": isa.AVX | isa.AVX2 | isa.AVX512F | isa.AVX512VL, "prefetch": isa.MMXPlus}
	sound := isa.Table{"wordsAVX2": needs["wordsAVX2"]}
	asks := func(s isa.Set) func(isa.Set) bool { return func(have isa.Set) bool { return have.Has(s) } }
	for _, c := range []struct {
		name   string
		guards []Guard
		want   []string // parts of the faults, in order
	}{
		{"asks for less", []Guard{{"simd", isa.To512, needs, asks(isa.AVX2)}},
			[]string{"where normalsAVX2 needs AVX, AVX2, AVX512F, AVX512VL", "where wordsAVX2 needs AVX, AVX2"}},
		{"asks for all, of a processor that lacks it", []Guard{{"simd", isa.ToAVX2, needs, asks(needs.Needs())}},
			[]string{"simd is for processors up to avx2, where normalsAVX2 needs AVX512F, AVX512VL", "simd is not chosen on a processor with all of avx2"}},
		{"no guard", []Guard{{"words", isa.ToAVX2, sound, asks(isa.AVX | isa.AVX2)}},
			[]string{"function normalsAVX2 has no guard, and needs AVX, AVX2, AVX512F, AVX512VL"}},
		{"an old table", []Guard{{"simd", isa.To512, isa.Table{"normalsAVX2": isa.AVX2, "gone": isa.AVX2}, asks(isa.To512.Set())}},
			[]string{"there is no function gone", "normalsAVX2 needs AVX, AVX2, AVX512F, AVX512VL, and is said to need AVX2; generate again", "function wordsAVX2 has no guard"}},
		{"sound", []Guard{{"words", isa.ToAVX2, sound, func(have isa.Set) bool { return have.Runs(sound) }},
			{"normals", isa.To512, isa.Table{"normalsAVX2": needs["normalsAVX2"]}, asks(isa.To512.Set())}}, nil},
	} {
		got := faults(needs, c.guards)
		if len(got) != len(c.want) {
			t.Errorf("%s: faults %q, want %d", c.name, got, len(c.want))
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("%s: fault %q, want %q", c.name, got[i], want)
			}
		}
	}
}
