package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Kind is one kind of training with the keys of its own.
type Kind struct {
	Name    string   // value of model.kind
	Doc     string   // what it is, in a line
	Keys    any      // struct, or pointer to one, whose fields are sections; what is not zero in it is a default
	Optims  []string // its [optim.NAME] sections; what is absent in the others is as in the first
	Streams []string // its [data.NAME] sections; what is absent there is as in [data]
	Size    int      // height and width of images where nobody says one; 0: 64
	Labels  bool     // knows what to do with class labels
	Vectors bool     // takes csv and npz as stored, whatever their shape

	// Batches is how many batches of [data] a step takes fresh, gradients that add up
	// apart: what a length in images or epochs is in steps. Nil: train.d_steps, else one.
	Batches func(c *Config) int
	// Complete fills keys whose defaults follow from others, Check finds what the
	// declarations allow and is impossible, and Doubts says what is allowed and
	// hardly meant. Each may be nil.
	Complete func(c *Config)
	Check    func(c *Config) *Error
	Doubts   func(c *Config) []string
}

// Schema is every section and key of all kinds. It does not change.
type Schema struct {
	kinds    []*variant
	sections []section         // in the order of a file
	named    map[string][]*key // of all kinds, each key once
	all      []*key            // likewise, in the order of a file within each kind
}

// A variant is what applies to one kind, in the order of a file.
type variant struct {
	Kind
	schema *Schema
	keys   []*key
	names  []string // of its sections
}

// lossDoc is of the one section that all kinds share by name alone.
const lossDoc = "What the networks minimise, and penalties."

// NewSchema puts kinds together; the first is the default of model.kind. Declarations
// that contradict each other panic: no program could start.
func NewSchema(kinds ...Kind) *Schema {
	s := &Schema{named: map[string][]*key{}}
	shared := declare("", reflect.ValueOf(Config{}), func(c *Config) reflect.Value { return reflect.ValueOf(c).Elem() })
	chooseKind(shared, kinds)
	optim := declare("optim", reflect.ValueOf(Optim{}), nil).keys
	for _, k := range kinds {
		s.add(k, shared, optim)
	}
	slices.SortStableFunc(s.sections, func(a, b section) int { return cmp.Compare(rank(a.name), rank(b.name)) })
	return s
}

// rank is the place of a section in a file; those of kinds alone follow [loss].
func rank(name string) int {
	sort, _, named := strings.Cut(name, ".")
	layout := []string{"run", "data", "data.", "model", "loss", "", "optim.", "train", "log", "checkpoint", "sample", "eval"}
	if named {
		sort += "."
	}
	if at := slices.Index(layout, sort); at >= 0 {
		return at
	}
	return slices.Index(layout, "")
}

// chooseKind makes the key model.kind one of the kinds' names.
func chooseKind(shared *declaration, kinds []Kind) {
	k := shared.keys[slices.IndexFunc(shared.keys, func(k *key) bool { return k.name == "model.kind" })]
	for _, one := range kinds {
		k.values = append(k.values, one.Name)
	}
	k.def = kinds[0].Name
}

// add joins the keys of a kind with those that all have.
func (s *Schema) add(kind Kind, shared *declaration, optim []*key) {
	v := &variant{Kind: kind, schema: s}
	values := reflect.Indirect(reflect.ValueOf(kind.Keys))
	own := declare("", values, func(c *Config) reflect.Value { return reflect.ValueOf(c.System).Elem() })
	v.keys = slices.Concat(shared.keys, own.keys)
	data := slices.DeleteFunc(slices.Clone(shared.keys), func(k *key) bool { return k.section != "data" })
	for _, name := range kind.Streams {
		keys := at(data, "data."+name, func(c *Config) reflect.Value { return reflect.ValueOf(c.Stream(name)).Elem() }, data)
		for _, k := range keys {
			k.page, k.index = "data.NAME", k.index[1:] // of Data, no longer of Config
		}
		v.keys = append(v.keys, keys...)
	}
	var first []*key
	for _, name := range kind.Optims {
		keys := at(optim, "optim."+name, func(c *Config) reflect.Value { return reflect.ValueOf(c.Optim(name)).Elem() }, first)
		for _, k := range keys {
			k.page = "optim.NAME"
		}
		if first == nil {
			first = keys
		}
		v.keys = append(v.keys, keys...)
	}
	v.order()
	s.index(v, append(slices.Clone(shared.sections), append([]section{{"loss", lossDoc}}, own.sections...)...))
	s.kinds = append(s.kinds, v)
}

// order puts the keys of a section together, in the order in which they were added, and
// the sections in that of a file.
func (v *variant) order() {
	for _, k := range v.keys {
		if !slices.Contains(v.names, k.section) {
			v.names = append(v.names, k.section)
		}
	}
	slices.SortStableFunc(v.names, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	place := map[string]int{}
	for i, name := range v.names {
		place[name] = i
	}
	slices.SortStableFunc(v.keys, func(a, b *key) int { return cmp.Compare(place[a.section], place[b.section]) })
}

// index adds the keys of a kind to those of all, and its sections with what is said of
// them first.
func (s *Schema) index(v *variant, said []section) {
	for _, k := range v.keys {
		others := s.named[k.name]
		if len(others) > 0 && others[0].kind != k.kind {
			panic(fmt.Sprintf("config: %s is declared with two types", k.name))
		}
		if !slices.Contains(others, k) {
			s.named[k.name] = append(others, k)
			s.all = append(s.all, k)
		}
	}
	for _, name := range v.names {
		if slices.ContainsFunc(s.sections, func(c section) bool { return c.name == name }) {
			continue
		}
		one := section{name: name}
		for _, c := range said {
			if c.name == name && one.doc == "" {
				one.doc = c.doc
			}
		}
		s.sections = append(s.sections, one)
	}
}

func (s *Schema) hasSection(name string) bool {
	return slices.ContainsFunc(s.sections, func(c section) bool {
		return c.name == name || strings.HasPrefix(c.name, name+".")
	})
}

// find is the kind of that name, or nil.
func (s *Schema) find(name string) *variant {
	i := slices.IndexFunc(s.kinds, func(v *variant) bool { return v.Name == name })
	if i < 0 {
		return nil
	}
	return s.kinds[i]
}

// blank is a configuration of the kind without any value.
func (v *variant) blank() *Config {
	c := &Config{kind: v, System: reflect.New(reflect.Indirect(reflect.ValueOf(v.Keys)).Type()).Interface()}
	for _, name := range v.Optims {
		c.Optims = append(c.Optims, NamedOptim{Name: name})
	}
	for _, name := range v.Streams {
		c.Streams = append(c.Streams, Stream{Name: name})
	}
	return c
}

// has reports whether a key or section is one of the kind, whatever its conditions.
func (v *variant) has(name string) bool {
	return slices.ContainsFunc(v.names, func(n string) bool { return n == name || strings.HasPrefix(n, name+".") }) ||
		slices.ContainsFunc(v.keys, func(k *key) bool { return k.name == name })
}
