package isa

import (
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/cpu"
)

// haswell and skylake are processors that have just what a level allows; sapphire has
// more.
var (
	haswell  = ToAVX2.Set()
	skylake  = To512.Set()
	sapphire = All.Set()
)

func TestLimit(t *testing.T) {
	for _, c := range []struct {
		level   Level
		machine Set
		want    Set
		err     string
	}{
		{All, sapphire, sapphire, ""},
		{To512, sapphire, skylake, ""},
		{ToAVX2, sapphire, haswell, ""},
		{Plain, sapphire, Baseline, ""},
		{All, haswell, haswell, ""},
		{ToAVX2, haswell, haswell, ""},
		{To512, haswell, 0, "this processor lacks AVX512F, AVX512BW, AVX512DQ, AVX512VL"},
		{ToAVX2, Baseline, 0, "this processor lacks AVX, AVX2, FMA3, BMI2"},
		{Plain, 0, 0, ""}, // not an amd64
		{All, 0, 0, ""},
	} {
		got, err := c.level.Limit(c.machine)
		if got != c.want || err == nil && c.err != "" || err != nil && err.Error() != c.err {
			t.Errorf("level %q of %v: %v, %v; want %v, %q", c.level, c.machine, got, err, c.want, c.err)
		}
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		machine Set
		want    []Set
	}{
		{sapphire, []Set{sapphire, skylake, haswell, Baseline}},
		{haswell, []Set{haswell, Baseline}},
		{Baseline, []Set{Baseline}},
		{0, []Set{0}},
	} {
		if got := Limits(c.machine); !slices.Equal(got, c.want) {
			t.Errorf("limits of %v: %v, want %v", c.machine, got, c.want)
		}
	}
}

// TestMachine compares the order of the extensions with that of their names.
func TestMachine(t *testing.T) {
	m := Machine()
	if runtime.GOARCH != "amd64" {
		if m != 0 {
			t.Errorf("%v on %s", m, runtime.GOARCH)
		}
		return
	}
	x := &cpu.X86
	for _, c := range []struct {
		name string
		bit  Set
		has  bool
	}{
		{"SSE2", SSE2, x.HasSSE2}, {"AVX", AVX, x.HasAVX}, {"AVX2", AVX2, x.HasAVX2}, {"FMA3", FMA3, x.HasFMA}, {"BMI2", BMI2, x.HasBMI2},
		{"AVX512F", AVX512F, x.HasAVX512F}, {"AVX512BW", AVX512BW, x.HasAVX512BW}, {"AVX512DQ", AVX512DQ, x.HasAVX512DQ},
		{"AVX512VL", AVX512VL, x.HasAVX512VL}, {"AVX512BF16", AVX512BF16, x.HasAVX512BF16},
		{"AMXTile", AMXTile, x.HasAMXTile}, {"AMXBF16", AMXBF16, x.HasAMXBF16},
	} {
		if m.Has(c.bit) != c.has || c.bit.String() != c.name {
			t.Errorf("%s: %v, called %v; want %v", c.name, m.Has(c.bit), c.bit, c.has)
		}
	}
}

func TestRuns(t *testing.T) {
	needs := Table{"addAVX2": AVX | AVX2, "addAVX512": AVX | AVX512F}
	narrow, wide := needs.Split("AVX2")
	none, _ := needs.Split("SSE")
	for _, c := range []struct {
		have  Set
		table Table
		want  bool
	}{
		{haswell, narrow, true},
		{haswell, wide, false},
		{haswell, needs, false},
		{skylake, needs, true},
		{AVX2, narrow, false},
		{0, nil, false}, // no assembly at all, as in a build for arm64
		{skylake, none, false},
	} {
		if got := c.have.Runs(c.table); got != c.want {
			t.Errorf("%v runs %v: %v", c.have, c.table, got)
		}
	}
}

func TestAssembly(t *testing.T) {
	got, err := Assembly("// func a(x *int)\n// Requires: AVX, MMX+\nTEXT ·a(SB), NOSPLIT, $0-8\n\tRET\n\n// func b()\nTEXT ·b(SB), NOSPLIT, $0-8\n\tRET\n")
	if err != nil || len(got) != 2 || got["a"] != AVX|MMXPlus || got["b"] != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	if s := got["a"]; s.String() != "MMX+, AVX" {
		t.Errorf("got %v", s)
	}
	want := `what function a needs: isa: no extension is called "AVX10"`
	if _, err := Assembly("// Requires: AVX10\nTEXT ·a(SB), NOSPLIT, $0-8\n"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
