package torchfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"ganengine/engine/pickle"
)

// DType is the element type of a tensor.
type DType uint8

// The element types that are read.
const (
	F32 DType = iota + 1
	F64
	F16
	BF16
	I64
	I32
	I16
	I8
	U8
	Bool
)

// dtypes holds PyTorch's name, that of its storage, and the size in bytes of each DType.
var dtypes = [...]struct {
	name, storage string
	size          int
}{
	F32: {"float32", "FloatStorage", 4}, F64: {"float64", "DoubleStorage", 8},
	F16: {"float16", "HalfStorage", 2}, BF16: {"bfloat16", "BFloat16Storage", 2},
	I64: {"int64", "LongStorage", 8}, I32: {"int32", "IntStorage", 4}, I16: {"int16", "ShortStorage", 2}, I8: {"int8", "CharStorage", 1},
	U8: {"uint8", "ByteStorage", 1}, Bool: {"bool", "BoolStorage", 1},
}

// String is PyTorch's name.
func (d DType) String() string { return dtypes[d].name }

// Size is the number of bytes of one element.
func (d DType) Size() int { return dtypes[d].size }

// Tensor describes one array, whose elements are in the file. A scalar's shape is empty.
type Tensor struct {
	DType DType
	Shape []int

	stride  []int // in elements
	offset  int64 // of the first element in the storage
	storage *storage
}

// storage is an array of the file in which tensors lie.
type storage struct {
	key      string
	dtype    DType
	elements int64
	begin    int64 // its place in the file, in bytes
	sum      *uint32
}

func (s *storage) bytes() int64 { return s.elements * int64(s.dtype.Size()) }

// Elements is the product of the shape, 1 for a scalar.
func (t *Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// check holds a tensor to its storage: it lies within, and is no larger.
func (t *Tensor) check() error {
	if len(t.Shape) != len(t.stride) {
		return fmt.Errorf("shape %v has strides %v", t.Shape, t.stride)
	}
	held := t.storage.elements
	n, last := int64(1), t.offset
	if t.offset < 0 || t.offset > held {
		return fmt.Errorf("a tensor begins at element %d of %d", t.offset, held)
	}
	if slices.ContainsFunc(slices.Concat(t.Shape, t.stride), func(v int) bool { return v < 0 }) {
		return fmt.Errorf("shape %v and strides %v are not all 0 or more", t.Shape, t.stride)
	}
	if slices.Contains(t.Shape, 0) {
		return nil
	}
	for i, d := range t.Shape {
		if n > math.MaxInt64/int64(d) || t.stride[i] > 0 && int64(d-1) > (math.MaxInt64-last)/int64(t.stride[i]) {
			return fmt.Errorf("shape %v with strides %v is more than memory can hold", t.Shape, t.stride)
		}
		n *= int64(d)
		last += int64(d-1) * int64(t.stride[i])
	}
	switch {
	case last >= held:
		return fmt.Errorf("shape %v with strides %v from element %d leaves its storage of %d", t.Shape, t.stride, t.offset, held)
	case n > held:
		return fmt.Errorf("shape %v repeats the elements of a storage of %d: save a contiguous copy", t.Shape, held)
	}
	return nil
}

// Bytes gives a tensor's elements in C order, little endian.
func (f *File) Bytes(t *Tensor) ([]byte, error) {
	data, err := f.load(t.storage)
	if err != nil {
		return nil, err
	}
	size := t.DType.Size()
	out := make([]byte, 0, t.Elements()*size)
	if cap(out) == 0 {
		return out, nil
	}
	index := make([]int, len(t.Shape))
	for at := int(t.offset); ; {
		out = append(out, data[at*size:(at+1)*size]...)
		axis := len(index) - 1
		for ; axis >= 0; axis-- { // the next index, as an odometer counts
			index[axis]++
			at += t.stride[axis]
			if index[axis] < t.Shape[axis] {
				break
			}
			at -= index[axis] * t.stride[axis]
			index[axis] = 0
		}
		if axis < 0 {
			return out, nil
		}
	}
}

// Floats gives the elements of a tensor of floats in C order: float64 rounded, the others as they are.
func (f *File) Floats(t *Tensor) ([]float32, error) {
	data, err := f.Bytes(t)
	if err != nil {
		return nil, err
	}
	var value func(b []byte) float32
	switch t.DType {
	case F32:
		value = func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	case F64:
		value = func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) }
	case F16:
		value = func(b []byte) float32 { return half(binary.LittleEndian.Uint16(b)) }
	case BF16:
		value = func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) }
	default:
		return nil, f.bad("a tensor of %s is read as floats", t.DType)
	}
	out, size := make([]float32, t.Elements()), t.DType.Size()
	for i := range out {
		out[i] = value(data[i*size:])
	}
	return out, nil
}

// half is the value of a float16 (IEEE 754 binary16).
func half(b uint16) float32 {
	sign := uint32(b>>15) << 31
	exponent, fraction := uint32(b>>10&31), uint32(b&1023)
	switch {
	case exponent == 31:
		return math.Float32frombits(sign | 255<<23 | fraction<<13)
	case exponent == 0: // subnormal: fraction * 2^-24
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}

// load reads a storage, and keeps it for the tensors that share it.
func (f *File) load(s *storage) ([]byte, error) {
	if f.last == s {
		return f.bytes, nil
	}
	data := make([]byte, s.bytes())
	if err := f.read(data, s.begin); err != nil {
		return nil, err
	}
	if err := s.verify(data); err != nil {
		return nil, f.bad("storage %s: %v", s.key, err)
	}
	f.last, f.bytes = s, data
	return data, nil
}

// newStorage makes a storage of what a pickle says of it: ("storage", kind, key, place, elements), and a sixth part
// that is None.
func newStorage(id any) (*storage, error) {
	t, ok := id.(Tuple)
	if !ok || len(t) < 5 || len(t) > 6 || t[0] != "storage" {
		return nil, errors.New("its pickle asks for something that is no storage")
	}
	kind, isKind := dtypeOf(t[1])
	key, isKey := t[2].(string)
	elements, isCount := t[4].(int64)
	switch {
	case !isKind || !isKey || !isCount || elements < 0 || elements > math.MaxInt64/8:
		return nil, errors.New("its pickle describes a storage in another way than PyTorch does")
	case !isDigits(key):
		return nil, fmt.Errorf("storage %q is not called by a number", key)
	case len(t) == 6 && t[5] != nil:
		return nil, fmt.Errorf("storage %s is part of another, as PyTorch before 0.4 wrote them: load it and save it anew", key)
	}
	return &storage{key: key, dtype: kind, elements: elements}, nil
}

// dtypeOf is the type of a storage's kind.
func dtypeOf(v any) (DType, bool) {
	g, ok := v.(*pickle.Global)
	if !ok {
		return 0, false
	}
	d, ok := g.Value.(DType)
	return d, ok
}

// Kind is what messages call it.
func (*Tensor) Kind() string { return "tensor" }

// Kind is what messages call it.
func (*storage) Kind() string { return "storage" }

func isDigits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}
