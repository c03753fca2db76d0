package cifar

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"ganengine/engine/pickle"
)

// array is an array of NumPy's while its pickle is read.
type array struct {
	shape []int
	data  []byte
}

// Kind is what messages call it.
func (*array) Kind() string { return "array" }

// Build takes (version, shape, type, whether Fortran's order, bytes).
func (a *array) Build(state any) error {
	s, ok := state.(pickle.Tuple)
	if !ok || len(s) != 5 || s[3] != false {
		return errors.New("an array is described in another way than NumPy does, or in Fortran's order")
	}
	return a.set(s[1], s[2], s[4])
}

func (a *array) set(shape, kind, data any) error {
	dims, ok := shape.(pickle.Tuple)
	if _, isType := kind.(*dtype); !ok || !isType {
		return errors.New("an array has no shape or no type")
	}
	n := int64(1)
	for _, d := range dims {
		v, ok := d.(int64)
		if !ok || v < 0 || v > 1<<31 || n*max(v, 1) > 1<<40 {
			return errors.New("an array has an impossible shape")
		}
		n *= v
		a.shape = append(a.shape, int(v))
	}
	if a.data, ok = blob(data); !ok || int64(len(a.data)) != n {
		return fmt.Errorf("an array of shape %v has %d bytes", a.shape, len(a.data))
	}
	return nil
}

// dtype is the type of bytes, the only one that images have.
type dtype struct{}

// Kind is what messages call it.
func (*dtype) Kind() string { return "type" }

// Build takes the byte order, which bytes have none of.
func (*dtype) Build(any) error { return nil }

// blob is bytes of Python 3, or of Python 2, whose strings are.
func blob(v any) ([]byte, bool) {
	switch v := v.(type) {
	case pickle.Bytes:
		return v, true
	case string:
		return []byte(v), true
	}
	return nil, false
}

var errArguments = errors.New("it is called with other arguments than NumPy writes")

// known are the functions that rebuild arrays; nothing of Python is called.
var known = pickle.Named(
	pickle.Global{Name: "numpy.core.multiarray._reconstruct", Call: reconstruct},
	pickle.Global{Name: "numpy._core.multiarray._reconstruct", Call: reconstruct},
	pickle.Global{Name: "numpy.core.numeric._frombuffer", Call: fromBuffer},
	pickle.Global{Name: "numpy._core.numeric._frombuffer", Call: fromBuffer},
	pickle.Global{Name: "numpy.ndarray"},
	pickle.Global{Name: "numpy.dtype", Call: newType},
	pickle.Global{Name: "_codecs.encode", Call: encode},
)

// reconstruct gives an array that its attributes make whole.
func reconstruct(args pickle.Tuple) (any, error) {
	if len(args) != 3 {
		return nil, errArguments
	}
	return &array{}, nil
}

// fromBuffer takes bytes, type, shape and order.
func fromBuffer(args pickle.Tuple) (any, error) {
	if len(args) != 4 || args[3] != "C" {
		return nil, errArguments
	}
	a := &array{}
	return a, a.set(args[2], args[1], args[0])
}

func newType(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return nil, errArguments
	}
	if name, ok := args[0].(string); !ok || name != "u1" {
		return nil, fmt.Errorf("it is called for type %v; bytes are read", args[0])
	}
	return &dtype{}, nil
}

// encode takes bytes that protocol 2 has as text of Latin-1.
func encode(args pickle.Tuple) (any, error) {
	if len(args) != 2 || args[1] != "latin1" {
		return nil, errArguments
	}
	text, ok := args[0].(string)
	if !ok {
		return nil, errArguments
	}
	b := make(pickle.Bytes, 0, len(text))
	for _, r := range text {
		if r > 255 {
			return nil, errArguments
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// mostPickle is the bytes of a batch's pickle: that of CIFAR-100 has 155 million.
const mostPickle = 1 << 28

// unpickle reads a pickle that is a dictionary.
func unpickle(r io.Reader) (*pickle.Dict, error) {
	m := pickle.Machine{In: bufio.NewReaderSize(r, 1<<16), Bytes: mostPickle, Known: known,
		Text: func(b []byte) (any, error) { return string(b), nil },
		Unknown: func(name string) error {
			return fmt.Errorf("it asks for %q, which no batch of CIFAR does, and nothing of a file is run here", name)
		}}
	v, err := m.Run()
	if err != nil {
		return nil, err
	}
	d, ok := v.(*pickle.Dict)
	if !ok {
		return nil, fmt.Errorf("it holds a %s, not a dictionary", pickle.KindOf(v))
	}
	return d, nil
}

// pickled reads a batch: data, planes of uint8 [n, 3072], and labels or fine_labels.
func pickled(r io.Reader) (b batch, err error) {
	d, err := unpickle(r)
	if err != nil {
		return b, err
	}
	value, _ := d.Get("data")
	a, ok := value.(*array)
	if !ok || len(a.shape) != 2 || a.shape[1] != planes {
		return b, fmt.Errorf("its data is no array of uint8 [n, %d]", planes)
	}
	b.pixels = a.data
	for _, name := range []string{"fine_labels", "labels"} {
		value, ok := d.Get(name)
		if !ok {
			continue
		}
		list, ok := value.(*pickle.List)
		if !ok || len(list.Items) != a.shape[0] {
			return b, fmt.Errorf("its %s are no list of %d", name, a.shape[0])
		}
		for _, item := range list.Items {
			v, ok := item.(int64)
			if !ok || v < 0 || v > 255 {
				return b, fmt.Errorf("its %s are not all numbers from 0 to 255", name)
			}
			b.labels = append(b.labels, byte(v))
		}
		return b, nil
	}
	return b, errors.New("it has neither labels nor fine_labels")
}

// pickledNames reads the names of classes of batches.meta or meta.
func pickledNames(r io.Reader) ([]string, error) {
	d, err := unpickle(r)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"fine_label_names", "label_names"} {
		value, _ := d.Get(key)
		list, ok := value.(*pickle.List)
		if !ok {
			continue
		}
		var names []string
		for _, item := range list.Items {
			b, ok := blob(item)
			if !ok || slices.Contains(names, string(b)) {
				return nil, fmt.Errorf("its %s are not names that differ", key)
			}
			names = append(names, string(b))
		}
		return names, nil
	}
	return nil, errors.New("it has no label_names")
}
