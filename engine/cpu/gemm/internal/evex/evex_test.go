package evex

import (
	"encoding/hex"
	"testing"
)

// TestEncodings compares with what GNU as writes for the same instructions, as
// objdump prints it.
func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		text string
		got  [6]byte
		want string
	}{
		{"vdpbf16ps %zmm3,%zmm2,%zmm1", DotPairs(1, 2, 3), "62f26e4852cb"},
		{"vdpbf16ps %zmm31,%zmm30,%zmm29", DotPairs(29, 30, 31), "62020e4052ef"},
		{"vdpbf16ps %zmm8,%zmm17,%zmm25", DotPairs(25, 17, 8), "6242764052c8"},
		{"vcvtneps2bf16 %zmm2,%ymm1", Round(1, 2), "62f27e4872ca"},
		{"vcvtneps2bf16 %zmm31,%ymm18", Round(18, 31), "62827e4872d7"},
		{"vcvtneps2bf16 %zmm9,%ymm12", Round(12, 9), "62527e4872e1"},
	} {
		if got := hex.EncodeToString(c.got[:]); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}
