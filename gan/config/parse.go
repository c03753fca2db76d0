package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"ganengine/engine/spelling"
)

// Parse reads the text of a configuration; name is what errors call it. Errors
// are *Error: broken TOML, an unknown section or key, a value of the wrong type.
func (s *Schema) Parse(name, text string) (*Settings, error) {
	text = strings.TrimPrefix(text, "\ufeff") // offsets of errors do not count it
	var top map[string]toml.Primitive
	md, err := toml.Decode(text, &top)
	if err != nil {
		return nil, syntaxError(name, text, err)
	}
	settings := &Settings{schema: s, file: name}
	for _, path := range md.Keys() {
		full := path.String()
		if s.inTable(path) {
			continue
		}
		value, line := lookup(&md, top, path)
		fail := func(msg string) error { return &Error{File: name, Line: line, Key: full, Msg: msg} }
		keys := s.named[full]
		switch {
		case s.hasSection(full):
			if _, ok := value.(map[string]any); !ok {
				return nil, fail(fmt.Sprintf("%s, and this is a section; write [%s] and its keys on lines below", describe(value), full))
			}
			settings.put(entry{name: full, file: name, line: line, section: true})
			continue
		case keys == nil:
			return nil, fail(s.unknown(full))
		}
		v, complaint := keys[0].kind.convert(value)
		if complaint != "" {
			return nil, fail(complaint)
		}
		settings.put(entry{name: full, value: canonical(keys, v), file: name, line: line})
	}
	return settings, nil
}

// inTable reports whether a path leads into the table that stands for a number.
func (s *Schema) inTable(path toml.Key) bool {
	for n := 1; n < len(path); n++ {
		if keys := s.named[path[:n].String()]; keys != nil && keys[0].kind == course {
			return true
		}
	}
	return false
}

// syntaxError counts the line itself: for an end of line in the wrong place
// the decoder's own count is one too high.
func syntaxError(name, text string, err error) error {
	e := &Error{File: name, Msg: strings.TrimPrefix(err.Error(), "toml: ")}
	var p toml.ParseError
	if errors.As(err, &p) {
		before := text[:min(max(p.Position.Start, 0), len(text))] // -1 for a control character
		e.Line, e.Key, e.Msg = 1+strings.Count(before, "\n"), p.LastKey, p.Message
	}
	e.Msg = "this is not TOML: " + e.Msg + "; see https://toml.io"
	return e
}

// A locator makes the decoder say where a value stands, which it tells in its
// errors only.
type locator struct{}

var errLocated = errors.New("located")

func (*locator) UnmarshalTOML(any) error { return errLocated }

// lookup returns the value at path and its line, 0 if the decoder knows none.
func lookup(md *toml.MetaData, top map[string]toml.Primitive, path toml.Key) (value any, line int) {
	table := top
	for _, part := range path[:len(path)-1] {
		var inner map[string]toml.Primitive
		if md.PrimitiveDecode(table[part], &inner) != nil {
			return nil, 0
		}
		table = inner
	}
	at := table[path[len(path)-1]]
	var p toml.ParseError
	if errors.As(md.PrimitiveDecode(at, &locator{}), &p) {
		line = p.Position.Line
	}
	if md.PrimitiveDecode(at, &value) != nil {
		return nil, line
	}
	return value, line
}

// gone says why a key of earlier versions is none any more, and what to do.
var gone = map[string]string{
	"train.phases": "stages are part of a system's order; remove it, and of a run of an earlier version take the weights with -init",
}

// unknown says what was probably meant by a name that is no key: the nearest
// key of its section, the same key elsewhere, or the nearest name of all.
func (s *Schema) unknown(name string) string {
	if s.hasSection(name) {
		return "this is a section; name one of its keys, such as " + s.first(name)
	}
	if why := gone[name]; why != "" {
		return "this key is gone: " + why
	}
	section, short := "", name
	if dot := strings.LastIndex(name, "."); dot >= 0 {
		section, short = name[:dot], name[dot+1:]
	}
	within := s.within(section)
	meant := spelling.Nearest(name, within)
	if meant == "" {
		meant = s.elsewhere(short)
	}
	if meant == "" && within == nil {
		meant = spelling.Nearest(name, s.Names())
	}
	if meant == "" {
		return "there is no such key; `ganengine config list` shows all"
	}
	return "there is no such key; did you mean " + meant + "?"
}

// within lists the keys of a section.
func (s *Schema) within(section string) []string {
	var names []string
	for _, k := range s.all {
		if k.section == section {
			names = append(names, k.name)
		}
	}
	return names
}

// first is the first key of a section or of the sections in it.
func (s *Schema) first(section string) string {
	i := slices.IndexFunc(s.all, func(k *key) bool { return strings.HasPrefix(k.name, section+".") })
	return s.all[i].name
}

// elsewhere is the first key of that short name, or "".
func (s *Schema) elsewhere(short string) string {
	for _, k := range s.all {
		if k.short() == short {
			return k.name
		}
	}
	return ""
}

// Names lists all sections and keys.
func (s *Schema) Names() []string {
	var names []string
	for _, c := range s.sections {
		names = append(names, c.name)
	}
	for _, k := range s.all {
		names = append(names, k.name)
	}
	return names
}
