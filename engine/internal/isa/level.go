package isa

import (
	"errors"
	"fmt"
	"slices"
)

// A Level is up to what a processor's extensions are used.
type Level string

// The levels. The zero value is All.
const (
	All    Level = ""       // all that the processor has
	Plain  Level = "plain"  // plain Go loops
	ToAVX2 Level = "avx2"   // what Intel has since 2013, AMD since 2017
	To512  Level = "avx512" // AVX-512 in addition, but nothing that came after its first processors
)

// errLevel says what levels there are.
var errLevel = errors.New("want plain, avx2, avx512 or all")

// ParseLevel is the level of that name.
func ParseLevel(name string) (Level, error) {
	switch l := Level(name); l {
	case Plain, ToAVX2, To512:
		return l, nil
	case "all":
		return All, nil
	}
	return All, errLevel
}

// Set is all extensions that the level allows.
func (l Level) Set() Set {
	const (
		avx2   = Baseline | AVX | AVX2 | FMA3 | BMI2
		avx512 = avx2 | AVX512F | AVX512BW | AVX512DQ | AVX512VL
	)
	switch l {
	case Plain:
		return Baseline
	case ToAVX2:
		return avx2
	case To512:
		return avx512
	}
	return 1<<count - 1
}

// Limit is what the level leaves of what a machine has. To ask for more than it has is
// an error.
func (l Level) Limit(machine Set) (Set, error) {
	if l == ToAVX2 || l == To512 {
		if lacks := l.Set() &^ machine; lacks != 0 {
			return 0, fmt.Errorf("this processor lacks %v", lacks)
		}
	}
	return machine & l.Set(), nil
}

// Limits are the different sets that levels leave of what a machine has, the whole
// first.
func Limits(machine Set) []Set {
	var all []Set
	for _, l := range []Level{All, To512, ToAVX2, Plain} {
		if s, err := l.Limit(machine); err == nil && !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
