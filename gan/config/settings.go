package config

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"ganengine/configs"
	"ganengine/engine/spelling"
)

// Settings are the keys that somebody set, in a file and on the command line,
// each with its place. They are known keys of the right type; whether their
// values go together is what Resolve finds out.
type Settings struct {
	schema  *Schema
	file    string
	entries []entry // one for each name, in the order of setting
}

type entry struct {
	name    string
	value   any // of the key's type, canonical
	file    string
	line    int  // 0 on the command line
	flag    bool // set on the command line
	section bool // a section that stands there, which has no value
}

// mostText is more than any configuration has, bytes.
const mostText = 1 << 20

// Load reads a file or, where there is none of that name, the built-in
// configuration: dcgan and dcgan.toml both find configs/dcgan.toml.
func (s *Schema) Load(ctx context.Context, path string) (*Settings, error) {
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		b, err := read(ctx, path)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, &Error{File: path, Msg: fmt.Sprintf("cannot read it: %v; name a readable file", err)}
		}
		return s.Parse(path, string(b))
	}
	name := strings.TrimSuffix(path, ".toml")
	if text, err := configs.Read(name); err == nil {
		return s.Parse("built-in "+name+".toml", text)
	}
	if err == nil {
		return nil, &Error{File: path, Msg: "it is a directory; name a file, or a built-in configuration such as glyphs"}
	}
	if of := s.having(name); of != nil {
		return nil, &Error{File: path, Msg: "it is a model.kind and no configuration; name one that has it: " + strings.Join(of, ", ")}
	}
	msg := "there is no such file and no built-in configuration of that name; "
	if near := spelling.Nearest(name, configs.Names()); near != "" {
		return nil, &Error{File: path, Msg: fmt.Sprintf("%sdid you mean %q?", msg, near)}
	}
	return nil, &Error{File: path, Msg: msg + "the built-in ones are " + strings.Join(configs.Names(), ", ")}
}

// having names the built-in configurations of a kind.
func (s *Schema) having(kind string) (of []string) {
	if s.find(kind) == nil {
		return nil
	}
	for _, name := range configs.Names() {
		text, err := configs.Read(name)
		if err != nil {
			continue
		}
		if set, err := s.Parse(name, text); err == nil {
			if c, err := set.Resolve(); err == nil && c.Model.Kind == kind {
				of = append(of, name)
			}
		}
	}
	return of
}

// read reads a file, or a pipe that another program writes to, until ctx ends.
func read(ctx context.Context, path string) (text []byte, err error) {
	done := make(chan struct{})
	go func() { // what a pipe without a writer leaves waiting for good
		defer close(done)
		var f *os.File
		if f, err = os.Open(path); err != nil {
			return
		}
		defer f.Close()
		text, err = io.ReadAll(io.LimitReader(f, mostText+1))
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-done:
	}
	if err == nil && len(text) > mostText {
		err = fmt.Errorf("it is larger than %d bytes, so it is no configuration", mostText)
	}
	return text, err
}

// Set sets a key as -set does: the value is TOML, where strings may lack their
// quotes and lists their brackets.
func (s *Settings) Set(key, value string) error { return s.SetFlag("-set", key, value) }

// IsList says whether the key of that name is a list.
func (s *Schema) IsList(name string) bool {
	keys := s.named[name]
	return keys != nil && kinds[keys[0].kind].list
}

// Values are all that the key of that name may have; nil where they are not listed.
func (s *Schema) Values(name string) []string {
	if keys := s.named[name]; keys != nil {
		return keys[0].values
	}
	return nil
}

// SetFlag is Set for a flag of its own, which errors then name. It overrides
// the file, and the file's keys that exclude this one (train.kimg, say, for
// train.steps); such keys of the command line contradict each other in Resolve.
func (s *Settings) SetFlag(flag, name, value string) error {
	keys := s.schema.named[name]
	if keys == nil {
		return &Error{File: flag, Key: name, Msg: s.schema.unknown(name)}
	}
	k := keys[0]
	v, complaint := k.kind.parse(value)
	if complaint != "" {
		return &Error{File: flag, Key: name, Msg: complaint}
	}
	s.entries = slices.DeleteFunc(s.entries, func(e entry) bool { return !e.flag && slices.Contains(k.replaces, e.name) })
	s.put(entry{name: name, value: canonical(keys, v), file: flag, flag: true})
	return nil
}

// Resolve completes the settings: defaults, keys that follow from others, and
// the checks of Validate. Errors are *Error.
func (s *Settings) Resolve() (*Config, error) {
	v, err := s.chosen()
	if err != nil {
		return nil, s.locate(err)
	}
	c := v.blank()
	live := map[string]bool{}
	for _, k := range v.keys {
		if !k.applies(c) {
			continue
		}
		live[k.name] = true
		v := k.def
		if e := s.find(k.name); e != nil {
			v = e.value
		} else if s.replaced(k) {
			v = reflect.Zero(reflect.TypeOf(k.def)).Interface()
		} else if k.inherit != nil && k.inherit.applies(c) {
			v = k.inherit.get(c)
		}
		if complaint := k.check(v); complaint != "" {
			return nil, s.locate(&Error{Key: k.name, Msg: complaint})
		}
		k.set(c, v)
	}
	for _, e := range s.entries {
		if !live[e.name] && !(e.section && v.has(e.name)) && !s.overridden(v, e) {
			return nil, s.locate(v.inapplicable(c, e.name))
		}
	}
	if err := c.complete(); err != nil {
		return nil, s.locate(err)
	}
	if err := c.Validate(); err != nil {
		return nil, s.locate(err.(*Error))
	}
	return c, nil
}

// chosen is the kind that model.kind names.
func (s *Settings) chosen() (*variant, *Error) {
	k := s.schema.named["model.kind"][0]
	name := k.def
	if e := s.find(k.name); e != nil {
		name = e.value
	}
	if complaint := k.check(name); complaint != "" {
		return nil, &Error{Key: k.name, Msg: complaint}
	}
	return s.schema.find(name.(string)), nil
}

// replaced reports whether a key that is absent is so in favour of one that excludes
// it: with train.epochs there is no default of train.steps.
func (s *Settings) replaced(k *key) bool {
	return slices.ContainsFunc(k.replaces, func(name string) bool {
		e := s.find(name)
		return e != nil && e.value != s.schema.named[name][0].def
	})
}

// overridden reports whether an entry of the file lost its meaning to another
// choice on the command line: -set data.kind=glyphs drops the file's data.path.
func (s *Settings) overridden(v *variant, e entry) bool {
	if e.flag {
		return false
	}
	if !v.has(e.name) {
		choice := s.find("model.kind")
		return choice != nil && choice.flag
	}
	return slices.ContainsFunc(v.keys, func(k *key) bool {
		for on := k.when.on; k.name == e.name && on != nil; on = on.inherit {
			if choice := s.find(on.name); choice != nil {
				return choice.flag
			}
		}
		return false
	})
}

// inapplicable says why a key or section has no meaning in c, of this kind.
func (v *variant) inapplicable(c *Config, name string) *Error {
	if !v.has(name) {
		return v.elsewhere(name)
	}
	var wanted []string
	var on *key
	for _, k := range v.keys {
		if k.name == name {
			on, wanted = k.when.on, append(wanted, k.when.values...)
		}
	}
	return wrong(name, "belongs to %s = %s, and here it is %q; remove the key or change %s", on.name, quoted(wanted, "or"), on.get(c), on.name)
}

// elsewhere says to which kinds a key or section belongs that is none of this one, and
// which sections of its sort this one has.
func (v *variant) elsewhere(name string) *Error {
	var kinds, own []string
	for _, other := range v.schema.kinds {
		if other.has(name) {
			kinds = append(kinds, other.Name)
		}
	}
	what, has := "key", ""
	if sort, _, ok := strings.Cut(name, "."); v.schema.hasSection(name) {
		what = "section"
		for _, n := range v.names {
			if ok && strings.HasPrefix(n, sort+".") {
				own = append(own, n)
			}
		}
	}
	if own != nil {
		has = ", which has " + strings.Join(own, ", ")
	}
	return wrong(name, "belongs to model.kind = %s, and here it is %q%s; remove the %s or change model.kind", quoted(kinds, "or"), v.Name, has, what)
}

// Locate gives an error of the configuration that was found after it was completed, of what
// data or networks turned out to be, the place where its key was set; others stay as they are.
func (s *Settings) Locate(err error) error {
	var wrong *Error
	if errors.As(err, &wrong) && wrong.File == "" {
		s.locate(wrong)
	}
	return err
}

// locate adds the place where the error's key was set, else the file.
func (s *Settings) locate(err *Error) *Error {
	if e := s.find(err.Key); e != nil {
		err.File, err.Line = e.file, e.line
	} else {
		err.File = s.file
	}
	return err
}

func (s *Settings) find(name string) *entry {
	for i := range s.entries {
		if s.entries[i].name == name {
			return &s.entries[i]
		}
	}
	return nil
}

// put adds an entry in place of one of the same name.
func (s *Settings) put(e entry) {
	if old := s.find(e.name); old != nil {
		*old = e
		return
	}
	s.entries = append(s.entries, e)
}

// canonical replaces another name of a value by the value itself.
func canonical(keys []*key, v any) any {
	for _, k := range keys {
		if s, ok := v.(string); ok && k.alias[s] != "" {
			return k.alias[s]
		}
	}
	return v
}
