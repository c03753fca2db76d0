package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// List writes every key with its default and one line of documentation, for
// a terminal.
func List(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range declared().sections {
		if s.doc == "" {
			continue
		}
		fmt.Fprintf(t, "[%s]\t\t%s\n", s.name, s.doc)
		for _, k := range declared().keys {
			if k.section == s.name {
				def, doc := format(k.def), k.explain()
				if words := k.follows(); words != "" {
					def, doc = "-", doc+"; default: "+words
				}
				fmt.Fprintf(t, "  %s\t%s\t%s\n", k.short(), def, doc)
			}
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("listing the configuration keys: %w", err)
	}
	return nil
}

// Reference is docs/configuration.md: every section and key in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(preface)
	for _, s := range declared().sections {
		if s.doc == "" {
			continue
		}
		fmt.Fprintf(&b, "\n## [%s]\n\n%s\n\n| key | type | default | what |\n|---|---|---|---|\n", s.name, s.doc)
		for _, k := range declared().keys {
			if k.section == s.name {
				def := "`" + format(k.def) + "`"
				if words := k.follows(); words != "" {
					def = words
				}
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.short(), kinds[k.kind].name, cell(def), cell(k.explain()))
			}
		}
	}
	return b.String()
}

const preface = `# Configuration

<!-- Generated from gan/config/config.go; run go test ./gan/config -update. -->

A run is described by one [TOML](https://toml.io) file. Every key has a default, so a file holds only what differs.
An unknown key, a wrong type or an impossible value is an error that names file, line and key.

The shipped configurations in ` + "`configs/`" + ` are also built in: ` + "`-config dcgan`" + ` finds ` + "`configs/dcgan.toml`" + ` when there is no file
of that name. ` + "`-set section.key=value`" + ` overrides one key and may be repeated; strings need no quotes there, lists no
brackets: ` + "`-set optim.g.lr=1e-4 -set loss.kind=hinge -set model.g_hidden=64,64`" + `. ` + "`ganengine config list`" + ` prints this page,
` + "`-dry-run`" + ` the completed configuration of a run.
`

// explain is the documentation with the condition and what is allowed.
func (k *key) explain() string {
	s := k.doc
	if k.later {
		s += " (reserved: this version accepts the default only)"
	}
	if len(k.values) > 0 {
		s += "; one of " + strings.Join(k.values, ", ")
	}
	if words := k.within.String(); words != "" {
		s += "; " + words
	}
	if k.derived != "" && (k.def == 0 || k.def == 0.) {
		means := "the default"
		if k.inherit != nil { // which is another key's value
			means = k.derived
		}
		s += "; 0 means " + means
	}
	if len(k.alias) > 0 {
		s += "; other names: " + strings.Join(k.accepted()[len(k.values):], ", ")
	}
	return s + k.when.String()
}

// String says a condition in words, by the shorter of two lists.
func (w condition) String() string {
	if w.on == nil {
		return ""
	}
	word, values := "with", w.values
	others := slices.DeleteFunc(slices.Clone(w.on.values), func(v string) bool { return slices.Contains(values, v) })
	if len(others) < len(values) {
		word, values = "not with", others
	}
	return fmt.Sprintf("; %s %s = %s", word, w.on.short(), strings.Join(values, ", "))
}

// follows says in words what the default is completed to, or "" when it is
// simply k.def.
func (k *key) follows() string {
	if k.inherit != nil {
		return "as " + k.inherit.name
	}
	return k.derived
}

// cell escapes what would end a cell of a Markdown table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
