package torchfile

import (
	"fmt"
	"slices"

	"ganengine/engine/pickle"
)

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
	case *storage, *pickle.Global:
		return fmt.Errorf("it holds a %s outside of any tensor", pickle.KindOf(v))
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

func join(name string, key any) string {
	if name == "" {
		return fmt.Sprint(key)
	}
	return fmt.Sprintf("%s.%v", name, key)
}
