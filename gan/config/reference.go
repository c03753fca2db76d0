package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// List writes every kind, and every key with its default, each with a line of
// documentation, for a terminal.
func (s *Schema) List(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "kinds, which model.kind chooses:")
	for _, v := range s.kinds {
		fmt.Fprintf(t, "  %s\t%s\n", v.Name, v.Doc)
	}
	if err := t.Flush(); err != nil { // so that keys have columns of their own
		return fmt.Errorf("listing the kinds: %w", err)
	}
	fmt.Fprintln(t, "\nkeys, their defaults and what they mean:")
	for _, p := range s.pages() {
		fmt.Fprintf(t, "[%s]\t\t%s\n", p.name, p.doc)
		for _, r := range p.rows {
			def, doc := r.shown()
			fmt.Fprintf(t, "  %s\t%s\t%s%s\n", r.short(), def, doc, s.limited(r))
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("listing the configuration keys: %w", err)
	}
	return nil
}

// Own writes the keys of a kind that not all kinds have, as List does, each line after a prefix. It writes nothing of
// a kind that there is not.
func (s *Schema) Own(w io.Writer, kind, prefix string) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, p := range s.pages() {
		for _, r := range p.rows {
			if len(r.of) == len(s.kinds) || !slices.Contains(r.of, kind) {
				continue
			}
			def, doc := r.shown()
			fmt.Fprintf(t, "%s%s.%s\t%s\t%s\n", prefix, p.name, r.short(), def, doc)
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("listing the keys of %s: %w", kind, err)
	}
	return nil
}

// shown is what a terminal shows of a key: its default, and what is said of it.
func (k *key) shown() (def, doc string) {
	if words := k.follows(); words != "" {
		return "-", k.explain() + "; default: " + words
	}
	return format(k.def), k.explain()
}

// Reference is docs/configuration.md: every section and key in Markdown.
func (s *Schema) Reference() string {
	var b strings.Builder
	b.WriteString(preface)
	b.WriteString("\n## Kinds\n\nWhat `model.kind` may be; [systems](systems/README.md) has a page for each.\n\n| kind | what |\n|---|---|\n")
	for _, v := range s.kinds {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.Name, cell(v.Doc))
	}
	for _, p := range s.pages() {
		fmt.Fprintf(&b, "\n## [%s]\n\n%s\n", p.name, p.doc)
		if len(p.rows) > 0 {
			b.WriteString("\n| key | type | default | what |\n|---|---|---|---|\n")
		}
		for _, r := range p.rows {
			def := "`" + format(r.def) + "`"
			if words := r.follows(); words != "" {
				def = words
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.short(), r.typeName(), cell(def), cell(r.explain()+s.limited(r)))
		}
	}
	return b.String()
}

// A page is what is said of a section, or of those of one sort.
type page struct {
	section
	rows []row
}

// A row is a key with the kinds that declare it alike.
type row struct {
	*key
	of []string
}

// pages are the sections in order, those of one sort as one. In [optim.NAME] stand the
// keys of a kind's first; [data.NAME] has the keys of [data].
func (s *Schema) pages() []page {
	var pages []page
	for _, one := range s.sections {
		name, doc := one.name, one.doc
		switch {
		case strings.HasPrefix(name, "optim."):
			name, doc = "optim.NAME", "An optimiser each. Keys that are absent are as in the first of them. "+s.owners("optim.")
		case strings.HasPrefix(name, "data."):
			name, doc = "data.NAME", "Another stream of real samples, with the keys of [data]; what is absent is as there. "+s.owners("data.")
		}
		if len(pages) > 0 && pages[len(pages)-1].name == name {
			continue
		}
		pages = append(pages, page{section{name, doc}, s.rows(name)})
	}
	return pages
}

// owners says which names of sections each kind has.
func (s *Schema) owners(sort string) string {
	var order []string
	of := map[string][]string{}
	for _, v := range s.kinds {
		var own []string
		for _, n := range v.names {
			if name, ok := strings.CutPrefix(n, sort); ok {
				own = append(own, name)
			}
		}
		if names := strings.Join(own, ", "); names != "" {
			if of[names] == nil {
				order = append(order, names)
			}
			of[names] = append(of[names], v.Name)
		}
	}
	var words []string
	for _, names := range order {
		words = append(words, names+" of "+strings.Join(of[names], ", "))
	}
	return "NAME is " + strings.Join(words, "; ") + "."
}

// rows are the keys of a page, each declaration once.
func (s *Schema) rows(page string) []row {
	var rows []row
	seen := map[string]int{}
	for _, v := range s.kinds {
		for _, k := range v.keys {
			if k.page != page || k.inherit != nil {
				continue
			}
			same := strings.Join([]string{k.short(), kinds[k.kind].name, format(k.def), k.follows(), k.explain()}, "\x00")
			at, ok := seen[same]
			if !ok {
				at = len(rows)
				seen[same] = at
				rows = append(rows, row{key: k})
			}
			if of := &rows[at].of; !slices.Contains(*of, v.Name) {
				*of = append(*of, v.Name)
			}
		}
	}
	return rows
}

// limited says which kinds have a key where not all do.
func (s *Schema) limited(r row) string {
	if len(r.of) == len(s.kinds) {
		return ""
	}
	return "; with model.kind = " + strings.Join(r.of, ", ")
}

const preface = `# Configuration

<!-- Generated from the declarations of gan/config and gan/systems; run go test ./gan/config -update. -->

A run is described by one [TOML](https://toml.io) file. Every key has a default, so a file holds only what differs.
An unknown key, a wrong type or an impossible value is an error that names file, line and key.

` + "`model.kind`" + ` chooses the system, and with it which keys and sections there are besides those that all systems have.

A key of the type "a number or a table" takes, in place of its number, a table on one line:
` + "`lr = { at = [0, 100, 200], to = [2e-4, 2e-4, 0], unit = \"epochs\" }`" + `. The number is ` + "`to[i]`" + ` at ` + "`at[i]`" + `, the first before and the last
after. ` + "`unit`" + ` is steps (the default), kimg, epochs, or updates of this optimiser; ` + "`shape`" + ` is how it goes from one to the next: linear (the
default), cosine, exponential, step (it stays until the next), or inverse (one divided by it goes linearly); ` + "`from`" + ` is where the clock starts: at the
run's start (the default), or at that of the phase: the step from which the turn that needs the number runs.

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
		s += "; 0 means the default"
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

// typeName is what a value may be, in words.
func (k *key) typeName() string {
	if k.kind == course {
		return "a number or a table"
	}
	return kinds[k.kind].name
}

// follows says in words what the default is completed to, or "" when it is
// simply k.def.
func (k *key) follows() string { return k.derived }

// cell escapes what would end a cell of a Markdown table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
