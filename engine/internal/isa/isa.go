// Package isa knows what assembly needs of a processor, and what a processor has.
//
// The generators of assembly write what each function needs beside its stub (package
// isagen). Who chooses a function asks a processor's Set whether it Runs the
// function's Table, so no choice can ask for less than its functions need. A package's
// tests compare its choices with its tables (package isatest).
package isa

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/cpu"
)

// A Set is a set of extensions of x86's instructions.
type Set uint32

// The extensions that assembly of this module may need, in the order of names.
const (
	MMXPlus Set = 1 << iota
	CMOV
	SSE
	SSE2
	AVX
	AVX2
	FMA3
	BMI2
	AVX512F
	AVX512BW
	AVX512DQ
	AVX512VL
	AVX512BF16
	AMXTile
	AMXBF16
	count = iota
)

// Baseline is what every amd64 has.
const Baseline = MMXPlus | CMOV | SSE | SSE2

// names are as avo spells them, which knows nothing of the last three.
var names = [count]string{"MMX+", "CMOV", "SSE", "SSE2", "AVX", "AVX2", "FMA3", "BMI2",
	"AVX512F", "AVX512BW", "AVX512DQ", "AVX512VL", "AVX512BF16", "AMXTile", "AMXBF16"}

// Machine is what the processor has, and its operating system saves.
func Machine() Set {
	if runtime.GOARCH != "amd64" {
		return 0
	}
	x, s := &cpu.X86, Baseline
	for i, has := range [count]bool{4: x.HasAVX, x.HasAVX2, x.HasFMA, x.HasBMI2,
		x.HasAVX512F, x.HasAVX512BW, x.HasAVX512DQ, x.HasAVX512VL, x.HasAVX512BF16, x.HasAMXTile, x.HasAMXBF16} {
		if has {
			s |= 1 << i
		}
	}
	return s
}

// parse is the set of extensions of these names.
func parse(extensions []string) (Set, error) {
	var s Set
	for _, name := range extensions {
		i := slices.Index(names[:], name)
		if i < 0 {
			return 0, fmt.Errorf("isa: no extension is called %q", name)
		}
		s |= 1 << i
	}
	return s, nil
}

// String lists the extensions' names.
func (s Set) String() string { return strings.Join(s.names(), ", ") }

// GoString is the set as an expression of Go.
func (s Set) GoString() string {
	var all []string
	for _, name := range s.names() {
		all = append(all, "isa."+strings.Replace(name, "+", "Plus", 1))
	}
	if len(all) == 0 {
		return "0"
	}
	return strings.Join(all, " | ")
}

func (s Set) names() []string {
	var all []string
	for i, name := range names {
		if s>>i&1 != 0 {
			all = append(all, name)
		}
	}
	return all
}

// Has says whether all of t is in s.
func (s Set) Has(t Set) bool { return s&t == t }
