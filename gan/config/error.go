package config

import (
	"fmt"
	"strings"
	"unicode"
)

// An Error says what is wrong with a configuration, where, and what to do.
type Error struct {
	File string // file, built-in configuration or command-line flag
	Line int    // from 1; 0 where there is none
	Key  string // key or section; empty for errors of syntax
	Msg  string // what is wrong; what to do
}

// Error is one line: file:line: key: what; what to do.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Msg)
	return oneLine(b.String())
}

// oneLine replaces what would break a line or disturb a terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}

// nearest returns the candidate with the smallest edit distance to name, the
// first of several, or "" when none is near enough to be meant.
func nearest(name string, candidates []string) string {
	if len(name) > 64 {
		return ""
	}
	best, limit := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(name, c); d < limit && d < len(c) {
			best, limit = c, d
		}
	}
	return best
}

// distance counts the insertions, deletions and substitutions of bytes, and
// swaps of neighbours, that turn a into b (optimal string alignment).
func distance(a, b string) int {
	older := make([]int, len(b)+1)
	old := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(old[j]+1, row[j-1]+1, old[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old, row = old, row, older
	}
	return old[len(b)]
}

// quoted lists words as "a", "b" or "c".
func quoted(words []string, last string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			b.WriteString(" " + last + " ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", w)
	}
	return b.String()
}
