package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A key is one field of a configuration with what its tags say.
type key struct {
	name     string // section.key
	section  string
	page     string // the section as the reference has it: optim.NAME for optim.g
	kind     kind
	def      any // of the field's type
	derived  string
	values   []string
	alias    map[string]string
	meant    map[string]string
	within   interval
	course   interval
	when     condition
	inherit  *key
	replaces []string // full names
	later    bool
	doc      string
	place    func(c *Config) reflect.Value // struct in which index is
	index    []int
}

// A condition holds while the earlier key on has one of values; without a key
// it always holds.
type condition struct {
	on     *key
	values []string
}

// A section is a TOML table.
type section struct {
	name string
	doc  string
}

// A declaration is the sections and keys of one struct, in its order. Several keys
// may share a name when their conditions exclude each other; then they have the same
// type.
type declaration struct {
	sections []section
	keys     []*key
	place    func(c *Config) reflect.Value
	values   reflect.Value // of the struct; what is not zero is a default
}

// declare reads the tags of a struct that stands in the section of that name. A wrong
// tag panics: the tests of its package would not pass.
func declare(section string, values reflect.Value, place func(c *Config) reflect.Value) *declaration {
	d := &declaration{place: place, values: values}
	d.walk(values.Type(), scope{section: section})
	return d
}

// A scope is what a struct hands to its fields.
type scope struct {
	section string
	index   []int
	when    condition
}

func (d *declaration) walk(t reflect.Type, in scope) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("toml")
		if name == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		at := scope{in.section, append(slices.Clone(in.index), i), in.when}
		if w, ok := f.Tag.Lookup("when"); ok {
			at.when = d.condition(in.section, w)
		}
		if f.Type.Kind() != reflect.Struct || f.Type == reflect.TypeFor[Number]() {
			d.add(f, at)
			continue
		}
		if name != "" {
			at.section = join(in.section, name)
			d.sections = append(d.sections, section{at.section, f.Tag.Get("doc")})
		}
		d.walk(f.Type, at)
	}
}

func (d *declaration) add(f reflect.StructField, at scope) {
	k := &key{
		name:    join(at.section, f.Tag.Get("toml")),
		section: at.section,
		page:    at.section,
		kind:    kindOf(f.Type),
		derived: f.Tag.Get("derived"),
		values:  list(f.Tag.Get("values")),
		alias:   pairs(f.Tag.Get("alias")),
		meant:   pairs(f.Tag.Get("meant")),
		within:  parseInterval(f.Tag.Get("range")),
		course:  parseInterval(f.Tag.Get("course")),
		when:    at.when,
		later:   f.Tag.Get("later") == "true",
		doc:     f.Tag.Get("doc"),
		place:   d.place,
		index:   at.index,
	}
	for _, r := range list(f.Tag.Get("replaces")) {
		k.replaces = append(k.replaces, join(at.section, r))
	}
	def, complaint := k.kind.parse(f.Tag.Get("default"))
	if complaint != "" {
		panic(fmt.Sprintf("config: default of %s: %s", k.name, complaint))
	}
	if own := d.values.FieldByIndex(at.index); !own.IsZero() {
		def = own.Interface()
	}
	k.def = def
	d.keys = append(d.keys, k)
}

// condition is on the key of the same section that was declared last.
func (d *declaration) condition(section, tag string) condition {
	on, values, _ := strings.Cut(tag, "=")
	for _, k := range slices.Backward(d.keys) {
		if k.name == join(section, on) {
			return condition{k, list(values)}
		}
	}
	panic(fmt.Sprintf("config: %s.%s: there is no such key before the one that needs it", section, on))
}

// at is the keys once more, in another section and place. What is absent there is as
// in the first of them, if that is not nil.
func at(keys []*key, section string, place func(c *Config) reflect.Value, inherit []*key) []*key {
	moved := map[*key]*key{}
	out := make([]*key, len(keys))
	for i, k := range keys {
		c := *k
		c.section, c.name, c.place = section, join(section, k.short()), place
		c.replaces = nil
		for _, r := range k.replaces {
			c.replaces = append(c.replaces, join(section, strings.TrimPrefix(r, k.section+".")))
		}
		if k.when.on != nil {
			c.when.on = moved[k.when.on]
		}
		if inherit != nil {
			c.inherit = inherit[i]
		}
		moved[k], out[i] = &c, &c
	}
	return out
}

// field is the key's place in c.
func (k *key) field(c *Config) reflect.Value { return k.place(c).FieldByIndex(k.index) }

// get returns the key's value in c; a list is a copy.
func (k *key) get(c *Config) any { return clone(k.field(c).Interface()) }

// set stores v, of the field's type; a list is copied.
func (k *key) set(c *Config, v any) { k.field(c).Set(reflect.ValueOf(clone(v))) }

// applies reports whether the key, one of c's kind, means anything to c, whose earlier
// keys are set.
func (k *key) applies(c *Config) bool {
	return k.when.on == nil || slices.Contains(k.when.values, k.when.on.field(c).String())
}

// short is the name within the section.
func (k *key) short() string { return strings.TrimPrefix(k.name, k.section+".") }

func join(section, name string) string {
	if section == "" {
		return name
	}
	return section + "." + name
}

func list(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, "|")
}

// pairs reads a=b|c=d.
func pairs(tag string) map[string]string {
	m := map[string]string{}
	for _, p := range list(tag) {
		from, to, _ := strings.Cut(p, "=")
		m[from] = to
	}
	return m
}
