package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// A key is one field of Config with what its tags say.
type key struct {
	name     string // section.key
	section  string
	kind     kind
	def      any // of the field's type
	derived  string
	values   []string
	alias    map[string]string
	meant    map[string]string
	within   interval
	when     condition
	inherit  *key
	replaces []string // full names
	later    bool
	doc      string
	index    []int // of the field in Config
}

// A condition holds while the earlier key on has one of values; without a key
// it always holds.
type condition struct {
	on     *key
	values []string
}

// A section is a TOML table; its doc is empty when it only holds sections.
type section struct {
	name string
	doc  string
}

// A schema is every section and key in the order of the structs. Several keys
// may share a name when their conditions exclude each other; then they have
// the same type.
type schema struct {
	sections []section
	keys     []*key
	named    map[string][]*key
}

// declared is the schema of Config, read from its tags once. A wrong tag
// panics: the package's own tests would not pass.
var declared = sync.OnceValue(func() *schema {
	s := &schema{named: map[string][]*key{}}
	s.walk(reflect.TypeFor[Config](), scope{})
	return s
})

// A scope is what a struct hands to its fields.
type scope struct {
	section string
	index   []int
	when    condition
	inherit string
}

func (s *schema) walk(t reflect.Type, in scope) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := scope{in.section, append(slices.Clone(in.index), i), in.when, in.inherit}
		if w, ok := f.Tag.Lookup("when"); ok {
			at.when = s.condition(in.section, w)
		}
		if f.Type.Kind() != reflect.Struct {
			s.add(f, at)
			continue
		}
		if name := f.Tag.Get("toml"); name != "" {
			at.section = join(in.section, name)
			at.inherit = f.Tag.Get("inherit")
			s.sections = append(s.sections, section{at.section, f.Tag.Get("doc")})
		}
		s.walk(f.Type, at)
	}
}

func (s *schema) add(f reflect.StructField, at scope) {
	k := &key{
		name:    join(at.section, f.Tag.Get("toml")),
		section: at.section,
		kind:    kindOf(f.Type),
		derived: f.Tag.Get("derived"),
		values:  list(f.Tag.Get("values")),
		alias:   pairs(f.Tag.Get("alias")),
		meant:   pairs(f.Tag.Get("meant")),
		within:  parseInterval(f.Tag.Get("range")),
		when:    at.when,
		later:   f.Tag.Get("later") == "true",
		doc:     f.Tag.Get("doc"),
		index:   at.index,
	}
	for _, r := range list(f.Tag.Get("replaces")) {
		k.replaces = append(k.replaces, join(at.section, r))
	}
	if at.inherit != "" {
		k.inherit = s.named[join(at.inherit, f.Tag.Get("toml"))][0]
	}
	def, complaint := k.kind.parse(f.Tag.Get("default"))
	if complaint != "" {
		panic(fmt.Sprintf("config: default of %s: %s", k.name, complaint))
	}
	k.def = def
	if others := s.named[k.name]; len(others) > 0 && others[0].kind != k.kind {
		panic(fmt.Sprintf("config: %s is declared with two types", k.name))
	}
	s.keys = append(s.keys, k)
	s.named[k.name] = append(s.named[k.name], k)
}

func (s *schema) condition(section, tag string) condition {
	on, values, _ := strings.Cut(tag, "=")
	return condition{s.named[join(section, on)][0], list(values)}
}

func (s *schema) hasSection(name string) bool {
	return slices.ContainsFunc(s.sections, func(c section) bool { return c.name == name })
}

// field is the key's place in c.
func (k *key) field(c *Config) reflect.Value {
	return reflect.ValueOf(c).Elem().FieldByIndex(k.index)
}

// get returns the key's value in c; a list is a copy.
func (k *key) get(c *Config) any { return clone(k.field(c).Interface()) }

// set stores v, of the field's type; a list is copied.
func (k *key) set(c *Config, v any) { k.field(c).Set(reflect.ValueOf(clone(v))) }

// applies reports whether the key means anything to c, whose earlier keys are set.
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
