package pickle

import (
	"errors"
	"fmt"
	"strings"
)

// Global is a name of Python's that a pickle may use: a function, or a value that
// others are made of.
type Global struct {
	Name  string
	Call  func(args Tuple) (any, error) // nil for what cannot be called
	Value any
}

// Named makes the table of names out of a list.
func Named(list ...Global) map[string]*Global {
	out := map[string]*Global{}
	for _, g := range list {
		out[g.Name] = &g
	}
	return out
}

// Object is what takes attributes, as functions of an owner make it. Attributes of
// dictionaries say nothing that is needed.
type Object interface{ Build(state any) error }

// call takes operations that name functions and call them, and that ask for what lies outside.
func (m *Machine) call(code byte) (known bool, err error) {
	switch code {
	case 'c', 0x93: // GLOBAL, STACK_GLOBAL
		return true, m.global(code == 'c')
	case 'R': // REDUCE: function, arguments
		v, err := m.pop(2)
		if err != nil {
			return true, err
		}
		return true, m.reduce(v[0], v[1])
	case 'b': // BUILD: object, its attributes
		v, err := m.pop(2)
		if err != nil {
			return true, err
		}
		switch object := v[0].(type) {
		case *Dict:
		case Object:
			err = object.Build(v[1])
		default:
			err = fmt.Errorf("its pickle sets attributes of a %s", KindOf(v[0]))
		}
		m.push(v[0])
		return true, err
	case 'Q': // BINPERSID
		v, err := m.pop(1)
		if err != nil {
			return true, err
		}
		if m.Persistent == nil {
			return true, errors.New("its pickle asks for a part outside it where there is none")
		}
		x, err := m.Persistent(v[0])
		if err == nil {
			m.push(x)
		}
		return true, err
	}
	return false, nil
}

func (m *Machine) global(lines bool) (err error) {
	var parts [2]string
	if lines {
		for i := range parts {
			if parts[i], err = m.in.line(); err != nil {
				return err
			}
		}
	} else {
		v, err := m.pop(2)
		if err != nil {
			return err
		}
		for i := range parts {
			s, ok := v[i].(string)
			if !ok || len(s) > maxLine {
				return errors.New("its pickle names a function by something other than a name")
			}
			parts[i] = s
		}
	}
	name := strings.Join(parts[:], ".")
	g := m.Known[name]
	if g == nil {
		return m.Unknown(name)
	}
	m.push(g)
	return nil
}

func (m *Machine) reduce(function, arguments any) error {
	g, ok := function.(*Global)
	args, isTuple := arguments.(Tuple)
	if !ok || g.Call == nil || !isTuple {
		return fmt.Errorf("its pickle calls a %s with a %s", KindOf(function), KindOf(arguments))
	}
	v, err := g.Call(args)
	if err != nil {
		return fmt.Errorf("%s: %w", g.Name, err)
	}
	m.push(v)
	return nil
}
