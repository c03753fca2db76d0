package torchfile

import (
	"errors"
	"fmt"
	"slices"

	"ganengine/engine/pickle"
)

// The values of a pickle.
type (
	Dict  = pickle.Dict
	List  = pickle.List
	Tuple = pickle.Tuple
)

// known are all names of Python's that a file may use. The functions here are what is
// called, nothing of Python; the value of a storage's kind is its DType.
var known = func() map[string]*pickle.Global {
	list := []pickle.Global{
		{Name: "collections.OrderedDict", Call: orderedDict},
		{Name: "torch.Size", Call: size},
		{Name: "torch._utils._rebuild_tensor", Call: rebuildTensor},
		{Name: "torch._utils._rebuild_tensor_v2", Call: rebuildTensor},
		{Name: "torch._utils._rebuild_parameter", Call: rebuildParameter},
	}
	for d, k := range dtypes {
		if k.storage != "" {
			list = append(list, pickle.Global{Name: "torch." + k.storage, Value: DType(d)})
		}
	}
	return pickle.Named(list...)
}()

// unknown is the error of asking for anything else.
func unknown(name string) error {
	return fmt.Errorf("it holds more than tensors and plain values: %q is asked for, and nothing of a file is run here; save the state dict alone, torch.save(model.state_dict(), PATH)", name)
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
		if err := d.Set(pair[0], pair[1]); err != nil {
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
