package config

import (
	"fmt"
	"strings"

	"ganengine/engine/printable"
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
	return printable.Line(b.String())
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
