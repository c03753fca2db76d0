package config

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Value is that of a key of c's kind.
func (c *Config) Value(name string) any {
	for _, k := range c.kind.keys {
		if k.name == name && k.applies(c) {
			return k.field(c).Interface()
		}
	}
	return nil
}

// RandomLine is a key, which this version has, with a value that its declaration may or
// may not allow.
func (s *Schema) RandomLine(r *rand.Rand) (name, line string) {
	for {
		if k := s.all[r.IntN(len(s.all))]; !k.later {
			return k.name, fmt.Sprintf("%s = %s\n", k.name, format(k.random(r)))
		}
	}
}

// random is a value near what makes the keys contradict each other.
func (k *key) random(r *rand.Rand) any {
	switch k.kind {
	case text:
		if len(k.values) > 0 {
			return k.values[r.IntN(len(k.values))]
		}
		return [...]string{"", "auto", "cpu", "a b", "ünï\x7f\u009b\u202e", `"quoted" \ `, "tab\tand\x1b[31m", "#102030"}[r.IntN(8)]
	case whole:
		return [...]int{0, 1, 2, 3, 7, 8, 16, 64, 100, 4096, 1 << 40, math.MaxInt}[r.IntN(12)]
	case number:
		return randomNumber(r)
	case course:
		if r.IntN(2) == 0 {
			return Number{Value: randomNumber(r)}
		}
		shape, unit := shapes[r.IntN(len(shapes))], units[r.IntN(len(units))]
		return Number{Schedule: &Schedule{At: []float64{0, 1e-7, 3}, To: []float64{0.25, 0.5, randomNumber(r)}, Unit: unit, Shape: shape, From: "start"}}
	case truth:
		return r.IntN(2) == 0
	case texts:
		return [][]string{{}, {"swd"}, {"a", "b\n"}}[r.IntN(3)]
	case wholes:
		return [][]int{{}, {1}, {64, 3}}[r.IntN(3)]
	}
	return [][]float64{{}, {0, 1, 1}, {-1, 1e-7, math.MaxFloat64}}[r.IntN(3)]
}

func randomNumber(r *rand.Rand) float64 {
	return [...]float64{0, math.Copysign(0, -1), 0.1, 0.5, 1, 1.0 / 3, 2.5, 1e-300, 1e9, 123456789.123, math.SmallestNonzeroFloat64, math.MaxFloat64}[r.IntN(12)]
}

// Faults says where the declarations contradict themselves.
func (s *Schema) Faults() (lines []string) {
	fault := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, k := range s.all {
		if k.doc == "" {
			fault("%s has no documentation", k.name)
		}
		if complaint := k.check(k.def); complaint != "" {
			fault("the default of %s: %s", k.name, complaint)
		}
		for other, value := range k.alias {
			if !slices.Contains(k.values, value) {
				fault("%s: %q is another name of %q, which is no value", k.name, other, value)
			}
		}
		for _, r := range k.replaces {
			if s.named[r] == nil {
				fault("%s replaces %s, which does not exist", k.name, r)
			}
		}
		for _, v := range k.when.values {
			if !slices.Contains(k.when.on.values, v) {
				fault("%s needs %s = %q, which is no value", k.name, k.when.on.name, v)
			}
		}
	}
	for _, r := range resumable {
		if s.named[r] == nil && !s.hasSection(r) {
			fault("a resume may change %s, which does not exist", r)
		}
	}
	return lines
}

// Unlisted is the keys that the reference or the listing lacks under their sections.
func (s *Schema) Unlisted(reference, listing string) (names []string) {
	for _, k := range s.all {
		if k.page == "data.NAME" { // as in [data]
			continue
		}
		_, page, _ := strings.Cut(reference, "## ["+k.page+"]\n")
		page, _, _ = strings.Cut(page, "\n## ")
		_, lines, _ := strings.Cut(listing, "\n["+k.page+"] ")
		lines, _, _ = strings.Cut(lines, "\n[")
		if !strings.Contains(page, "| `"+k.short()+"` |") || !strings.Contains(lines, "\n  "+k.short()+" ") {
			names = append(names, k.name)
		}
	}
	return names
}

// SameLength gives a configuration that was read back the length in images or epochs that
// another one's steps are.
func SameLength(c, of *Config) { c.length = of.length }
