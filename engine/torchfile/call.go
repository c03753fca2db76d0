package torchfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// global is a name of Python's that a pickle may use: a function, or a kind of storage.
type global struct {
	name    string
	call    func(args Tuple) (any, error)
	storage DType
}

// globals are all names that are known. The functions here are what is called, nothing of Python.
var globals = func() map[string]*global {
	out := map[string]*global{}
	for _, g := range []global{
		{name: "collections.OrderedDict", call: orderedDict},
		{name: "torch.Size", call: size},
		{name: "torch._utils._rebuild_tensor", call: rebuildTensor},
		{name: "torch._utils._rebuild_tensor_v2", call: rebuildTensor},
		{name: "torch._utils._rebuild_parameter", call: rebuildParameter},
	} {
		out[g.name] = &g
	}
	for d, k := range dtypes {
		if k.storage != "" {
			name := "torch." + k.storage
			out[name] = &global{name: name, storage: DType(d)}
		}
	}
	return out
}()

// call takes operations that name functions and call them, and that ask for a storage.
func (m *machine) call(code byte) (known bool, err error) {
	switch code {
	case 'c', 0x93: // GLOBAL, STACK_GLOBAL
		return true, m.global(code == 'c')
	case 'R': // REDUCE: function, arguments
		v, err := m.pop(2)
		if err != nil {
			return true, err
		}
		return true, m.reduce(v[0], v[1])
	case 'b': // BUILD: object, its attributes. A state dict has one, _metadata, which nothing here needs.
		v, err := m.pop(2)
		if err != nil {
			return true, err
		}
		if _, ok := v[0].(*Dict); !ok {
			return true, fmt.Errorf("its pickle sets attributes of a %s", kindOf(v[0]))
		}
		m.push(v[0])
		return true, nil
	case 'Q': // BINPERSID
		v, err := m.pop(1)
		if err != nil {
			return true, err
		}
		if m.persistent == nil {
			return true, errors.New("its pickle asks for a storage where there is none")
		}
		x, err := m.persistent(v[0])
		if err == nil {
			m.push(x)
		}
		return true, err
	}
	return false, nil
}

func (m *machine) global(lines bool) (err error) {
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
	g := globals[name]
	if g == nil {
		return fmt.Errorf("it holds more than tensors and plain values: %q is asked for, and nothing of a file is run here; save the state dict alone, torch.save(model.state_dict(), PATH)", name)
	}
	m.push(g)
	return nil
}

func (m *machine) reduce(function, arguments any) error {
	g, ok := function.(*global)
	args, isTuple := arguments.(Tuple)
	if !ok || g.call == nil || !isTuple {
		return fmt.Errorf("its pickle calls a %s with a %s", kindOf(function), kindOf(arguments))
	}
	v, err := g.call(args)
	if err != nil {
		return fmt.Errorf("%s: %w", g.name, err)
	}
	m.push(v)
	return nil
}

var errArguments = errors.New("it is called with other arguments than PyTorch writes")

// orderedDict takes nothing, or a list of pairs as Python 2 wrote it.
func orderedDict(args Tuple) (any, error) {
	d := &Dict{}
	if len(args) == 0 {
		return d, nil
	}
	list, ok := args[0].(*List)
	if len(args) != 1 || !ok {
		return nil, errArguments
	}
	for _, item := range list.Items {
		var pair []any
		switch item := item.(type) {
		case *List:
			pair = item.Items
		case Tuple:
			pair = item
		}
		if len(pair) != 2 {
			return nil, errArguments
		}
		if err := d.set(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// size takes a tuple, and is it.
func size(args Tuple) (any, error) {
	if len(args) != 1 {
		return nil, errArguments
	}
	v, ok := args[0].(Tuple)
	if !ok {
		return nil, errArguments
	}
	return v, nil
}

// rebuildParameter takes a tensor, whether it has gradients, and hooks.
func rebuildParameter(args Tuple) (any, error) {
	if len(args) != 3 {
		return nil, errArguments
	}
	t, ok := args[0].(*Tensor)
	if !ok {
		return nil, errArguments
	}
	return t, nil
}

// rebuildTensor takes a storage, the offset of the first element in it, shape and strides; then whether it has
// gradients, hooks, and metadata, which say nothing of its elements.
func rebuildTensor(args Tuple) (any, error) {
	if len(args) < 4 || len(args) > 7 {
		return nil, errArguments
	}
	s, ok := args[0].(*storage)
	offset, isInt := args[1].(int64)
	shape, isShape := ints(args[2])
	stride, isStride := ints(args[3])
	if !ok || !isInt || !isShape || !isStride {
		return nil, errArguments
	}
	t := &Tensor{DType: s.dtype, Shape: shape, stride: stride, offset: offset, storage: s}
	if err := t.check(); err != nil {
		return nil, err
	}
	return t, nil
}

func ints(v any) ([]int, bool) {
	t, ok := v.(Tuple)
	if !ok {
		return nil, false
	}
	out := make([]int, 0, len(t))
	for _, x := range t {
		n, ok := x.(int64)
		if !ok {
			return nil, false
		}
		out = append(out, int(n))
	}
	return slices.Clip(out), true
}
