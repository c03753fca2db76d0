package torchfile

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

func (d *Dict) set(key, value any) error {
	switch key := key.(type) {
	case string:
		if len(key) > maxKey {
			return fmt.Errorf("a dictionary has a key of %d bytes; up to %d are read", len(key), maxKey)
		}
	case int64, float64, bool, nil:
	default:
		return fmt.Errorf("a dictionary has a %s for a key; strings and numbers are read", kindOf(key))
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

func kindOf(v any) string {
	switch v.(type) {
	case *Dict:
		return "dictionary"
	case *List:
		return "list"
	case Tuple:
		return "tuple"
	case *Tensor:
		return "tensor"
	case *storage:
		return "storage"
	case *global:
		return "function"
	case nil:
		return "None"
	}
	return fmt.Sprintf("%T", v)
}

// container takes operations that fill dictionaries, lists and tuples.
func (m *machine) container(code byte) (known bool, err error) {
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
			return true, fmt.Errorf("its pickle appends to a %s", kindOf(top))
		}
		list.Items = append(list.Items, items...)
		return true, nil
	}
	return false, nil
}

func (m *machine) tuple(code byte) error {
	items, err := m.items(code == 't', int(code)-0x84)
	if err == nil {
		m.push(Tuple(slices.Clone(items)))
	}
	return err
}

// items takes the values since a mark, or n of them.
func (m *machine) items(marked bool, n int) ([]any, error) {
	if marked {
		return m.popMark()
	}
	return m.pop(n)
}

func (m *machine) setItems(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("its pickle sets a key without a value")
	}
	top, err := m.top()
	if err != nil {
		return err
	}
	d, ok := top.(*Dict)
	if !ok {
		return fmt.Errorf("its pickle sets items of a %s", kindOf(top))
	}
	for i := 0; i < len(items); i += 2 {
		if err := d.set(items[i], items[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// Named is a tensor under the keys that lead to it, joined by dots: the name that a state dict gives it, or
// state_dict.conv.weight where that lies in a checkpoint.
type Named struct {
	Name string
	*Tensor
}

// How far containers are followed: one that stands in several places is followed in each.
const (
	maxDepth  = 64
	maxValues = 1 << 19
	maxNames  = 64 << 20 // bytes of tensors' names together
)

// Tensors lists all tensors in dictionaries, lists and tuples, in order.
func (f *File) Tensors() []Named { return slices.Clone(f.tensors) }

// walk finds the tensors of a value, and holds it to what a value may be.
type walk struct {
	steps, bytes int
	found        []Named
}

func (w *walk) into(name string, v any, depth int) error {
	if w.steps++; w.steps > maxValues || depth > maxDepth {
		return fmt.Errorf("its containers hold each other more than %d deep, or more than %d values", maxDepth, maxValues)
	}
	switch v := v.(type) {
	case *Tensor:
		if w.bytes += len(name); w.bytes > maxNames {
			return fmt.Errorf("its tensors' names are over %d bytes together", maxNames)
		}
		w.found = append(w.found, Named{name, v})
	case *Dict:
		for key, value := range v.All() {
			if err := w.into(join(name, key), value, depth+1); err != nil {
				return err
			}
		}
	case *List:
		return w.list(name, v.Items, depth)
	case Tuple:
		return w.list(name, v, depth)
	case *storage, *global:
		return fmt.Errorf("it holds a %s outside of any tensor", kindOf(v))
	}
	return nil
}

func (w *walk) list(name string, items []any, depth int) error {
	for i, v := range items {
		if err := w.into(join(name, int64(i)), v, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// maxKey bounds a key, since names are made of them over and over.
const maxKey = 1 << 10

func join(name string, key any) string {
	if name == "" {
		return fmt.Sprint(key)
	}
	return fmt.Sprintf("%s.%v", name, key)
}
