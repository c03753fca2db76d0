package tile

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestAgainstAssembler compares with what GNU as writes, but for displacements,
// which it makes as short as they go.
func TestAgainstAssembler(t *testing.T) {
	for _, c := range []struct {
		instruction string
		code        []byte
		want        string
	}{
		{"LDTILECFG 0(RAX)", Configure(0), "c4e278494000"},
		{"LDTILECFG 0(R13)", Configure(13), "c4c278494500"},
		{"TILERELEASE", Release(), "c4e27849c0"},
		{"TILEZERO TMM0", Zero(0), "c4e27b49c0"},
		{"TILEZERO TMM5", Zero(5), "c4e27b49e8"},
		{"TILELOADD TMM4, 0(RSI)(RAX)", Load(4, 6, 0, 0), "c4e27b4ba40600000000"},
		{"TILELOADD TMM7, 1024(R11)(RAX)", Load(7, 11, 0, 1024), "c4c27b4bbc0300040000"},
		{"TILELOADD TMM5, 1024(RDI)(R14)", Load(5, 7, 14, 1024), "c4a27b4bac3700040000"},
		{"TILESTORED TMM3, 2112(R12)(R14)", Store(3, 12, 14, 2112), "c4827a4b9c3440080000"},
		{"TILESTORED TMM0, 0(R13)(RBX)", Store(0, 13, 3, 0), "c4c27a4b841d00000000"},
		{"TDPBF16PS TMM0, TMM4, TMM6", DotPairs(0, 4, 6), "c4e24a5cc4"},
		{"TDPBF16PS TMM3, TMM5, TMM7", DotPairs(3, 5, 7), "c4e2425cdd"},
		{"VCVTNE2PS2BF16 ZMM0, ZMM1, ZMM0", Narrow(0, 1, 0), "62f2774872c0"},
		{"VCVTNE2PS2BF16 ZMM9, ZMM30, ZMM19", Narrow(9, 30, 19), "62320f4072cb"},
	} {
		want, err := hex.DecodeString(c.want)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(c.code, want) {
			t.Errorf("%s is % x, want % x", c.instruction, c.code, want)
		}
	}
}
