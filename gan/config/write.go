package config

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// WriteTOML writes every key that applies, in the order of the structs.
func (c *Config) WriteTOML(w io.Writer) error {
	var b strings.Builder
	section := ""
	for _, k := range declared().keys {
		if !k.applies(c) {
			continue
		}
		if k.section != section {
			if section != "" {
				b.WriteString("\n")
			}
			section = k.section
			fmt.Fprintf(&b, "[%s]\n", section)
		}
		fmt.Fprintf(&b, "%s = %s\n", k.short(), format(k.get(c)))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}

// A Difference is a key with two values, as TOML; a value is empty where the
// key does not apply.
type Difference struct {
	Key  string
	A, B string
}

// Diff lists the keys in which two configurations differ, in the order of the
// structs.
func Diff(a, b *Config) []Difference {
	var diff []Difference
	for _, k := range declared().keys {
		d := Difference{Key: k.name}
		inA, inB := k.applies(a), k.applies(b)
		if inA {
			d.A = format(k.get(a))
		}
		if inB {
			d.B = format(k.get(b))
		}
		if inA != inB || inA && !reflect.DeepEqual(k.get(a), k.get(b)) {
			diff = append(diff, d)
		}
	}
	return diff
}

// resumable are the keys and sections that a resumed run may change: they
// decide when to stop, what to report and where the data are, not the next
// weights.
var resumable = []string{"data.path", "train.steps", "log", "sample", "checkpoint", "eval", "run.device", "run.threads"}

// ResumeAllowed returns an *Error naming the first key in which next differs
// from the run's configuration though a resume may not change it. Whether the
// data under another path are the same is for those who open them to tell.
func ResumeAllowed(run, next *Config) error {
	for _, d := range Diff(run, next) {
		section := d.Key[:strings.LastIndex(d.Key, ".")]
		if slices.Contains(resumable, d.Key) || slices.Contains(resumable, section) {
			continue
		}
		return wrong(d.Key, "the run has %s, and a resume cannot change it to %s; leave it out, or start a new run with -init",
			orNone(d.A), orNone(d.B))
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
