package isa

import (
	"fmt"
	"regexp"
	"strings"
)

// A Table is what the functions of some assembly need, by name.
type Table map[string]Set

// Needs is what all functions need together.
func (t Table) Needs() Set {
	var all Set
	for _, s := range t {
		all |= s
	}
	return all
}

// Split gives the functions whose names end so, and the others.
func (t Table) Split(suffix string) (ending, others Table) {
	ending, others = Table{}, Table{}
	for name, s := range t {
		if strings.HasSuffix(name, suffix) {
			ending[name] = s
		} else {
			others[name] = s
		}
	}
	return ending, others
}

// Runs says whether a processor that has s can run every function of a table. It runs
// none where there are none: a build for another processor has no tables.
func (s Set) Runs(t Table) bool { return len(t) > 0 && s.Has(t.Needs()) }

var functionLine = regexp.MustCompile(`(?m)(?:^// Requires: (.*)\n)?^TEXT ·(\w+)\(SB\)`)

// Assembly is what the functions of an assembly file need, as avo has written above
// each.
func Assembly(text string) (Table, error) {
	t := Table{}
	for _, m := range functionLine.FindAllStringSubmatch(text, -1) {
		var extensions []string
		if m[1] != "" {
			extensions = strings.Split(m[1], ", ")
		}
		s, err := parse(extensions)
		if err != nil {
			return nil, fmt.Errorf("what function %s needs: %w", m[2], err)
		}
		t[m[2]] = s
	}
	return t, nil
}
