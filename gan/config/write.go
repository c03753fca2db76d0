package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// WriteTOML writes every key that applies, in the order of the structs.
func (c *Config) WriteTOML(w io.Writer) error {
	var b strings.Builder
	section := ""
	for _, k := range c.kind.keys {
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
	inA, inB := a.written(), b.written()
	keys := a.kind.keys
	if b.kind != a.kind {
		keys = slices.Concat(keys, b.kind.keys)
	}
	seen := map[string]bool{}
	for _, k := range keys {
		if d := (Difference{k.name, inA[k.name], inB[k.name]}); d.A != d.B && !seen[k.name] {
			diff = append(diff, d)
			seen[k.name] = true
		}
	}
	return diff
}

// written is every key that applies, as TOML.
func (c *Config) written() map[string]string {
	m := map[string]string{}
	for _, k := range c.kind.keys {
		if k.applies(c) {
			m[k.name] = format(k.get(c))
		}
	}
	return m
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
		if stream := strings.HasPrefix(section, "data."); stream && strings.HasSuffix(d.Key, ".path") {
			continue
		}
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
