package pickle

import (
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Dict is a dictionary, in the order in which its keys came. Keys are strings, numbers, booleans or nil.
type Dict struct {
	keys   []any
	values map[any]any
}

// Get gives the value of a key.
func (d *Dict) Get(key any) (any, bool) {
	v, ok := d.values[key]
	return v, ok
}

// Len is the number of entries.
func (d *Dict) Len() int { return len(d.keys) }

// All gives the entries in order.
func (d *Dict) All() iter.Seq2[any, any] {
	return func(yield func(key, value any) bool) {
		for _, k := range d.keys {
			if !yield(k, d.values[k]) {
				return
			}
		}
	}
}

// Set sets the value of a key; one of bytes is the string of these.
func (d *Dict) Set(key, value any) error {
	if b, ok := key.(Bytes); ok {
		key = string(b)
	}
	switch key := key.(type) {
	case string:
		if len(key) > MaxKey {
			return fmt.Errorf("a dictionary has a key of %d bytes; up to %d are read", len(key), MaxKey)
		}
	case int64, float64, bool, nil:
	default:
		return fmt.Errorf("a dictionary has a %s for a key; strings and numbers are read", KindOf(key))
	}
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
	}
	if d.values == nil {
		d.values = map[any]any{}
	}
	d.values[key] = value
	return nil
}

// List is a list.
type List struct{ Items []any }

// Tuple is a tuple.
type Tuple []any

// Bytes is bytes of Python 3.
type Bytes []byte

// MaxKey bounds the bytes of a key: names are made of them over and over.
const MaxKey = 1 << 10

// KindOf names a value's kind for people; an owner's values have a method Kind.
func KindOf(v any) string {
	switch v := v.(type) {
	case *Dict:
		return "dictionary"
	case *List:
		return "list"
	case Tuple:
		return "tuple"
	case Bytes:
		return "bytes"
	case *Global:
		return "function"
	case interface{ Kind() string }:
		return v.Kind()
	case nil:
		return "None"
	}
	return fmt.Sprintf("%T", v)
}

// container takes operations that fill dictionaries, lists and tuples.
func (m *Machine) container(code byte) (known bool, err error) {
	switch code {
	case 't', 0x85, 0x86, 0x87: // TUPLE, TUPLE1, TUPLE2, TUPLE3
		return true, m.tuple(code)
	case 's', 'u': // SETITEM, SETITEMS
		items, err := m.items(code == 'u', 2)
		if err != nil {
			return true, err
		}
		return true, m.setItems(items)
	case 'a', 'e': // APPEND, APPENDS
		items, err := m.items(code == 'e', 1)
		if err != nil {
			return true, err
		}
		top, err := m.top()
		if err != nil {
			return true, err
		}
		list, ok := top.(*List)
		if !ok {
			return true, fmt.Errorf("its pickle appends to a %s", KindOf(top))
		}
		list.Items = append(list.Items, items...)
		return true, nil
	}
	return false, nil
}

func (m *Machine) tuple(code byte) error {
	items, err := m.items(code == 't', int(code)-0x84)
	if err == nil {
		m.push(Tuple(slices.Clone(items)))
	}
	return err
}

// items takes the values since a mark, or n of them.
func (m *Machine) items(marked bool, n int) ([]any, error) {
	if marked {
		return m.popMark()
	}
	return m.pop(n)
}

func (m *Machine) setItems(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("its pickle sets a key without a value")
	}
	top, err := m.top()
	if err != nil {
		return err
	}
	d, ok := top.(*Dict)
	if !ok {
		return fmt.Errorf("its pickle sets items of a %s", KindOf(top))
	}
	for i := 0; i < len(items); i += 2 {
		if err := d.Set(items[i], items[i+1]); err != nil {
			return err
		}
	}
	return nil
}
