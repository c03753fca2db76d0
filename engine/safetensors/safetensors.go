// Package safetensors reads and writes the safetensors format: named arrays after a JSON header.
//
// A file is the header's length (8 bytes, little endian), the header, and the arrays, contiguous, in C order,
// little endian. The header maps each name to {dtype, shape, data_offsets}; `__metadata__` maps strings to strings.
//
// Invariants: the writer keeps the given order of names in the header, pads the header with spaces to a multiple
// of 8 bytes, and places arrays by falling element size, so that each is aligned for readers that map the file.
// The reader accepts only files whose arrays cover the data exactly, without overlap or hole.
// A file may have checksums (see [WriteChecked]); what is read of such a file is what was written, or an error.
// Neither ever holds more than one array's copy: the writer streams, the reader reads one array at a time.
//
// Source: https://github.com/huggingface/safetensors, section "Format".
package safetensors

import (
	"fmt"
	"math"
)

// metadataKey is the one name that no tensor can have.
const metadataKey = "__metadata__"

// maxHeader is the format's limit on the header's length, in bytes.
const maxHeader = 100_000_000

// DType is the element type of a tensor.
type DType uint8

// The element types that this package knows.
const (
	F32 DType = iota + 1
	F64
	I32
	I64
	U8
	BF16
	Bool
)

// dtypes holds the name in the file and the size in bytes of each DType.
var dtypes = [...]struct {
	name string
	size int
}{F32: {"F32", 4}, F64: {"F64", 8}, I32: {"I32", 4}, I64: {"I64", 8}, U8: {"U8", 1}, BF16: {"BF16", 2}, Bool: {"BOOL", 1}}

// String gives the name that stands in the file.
func (d DType) String() string {
	if !d.valid() {
		return fmt.Sprintf("DType(%d)", uint8(d))
	}
	return dtypes[d].name
}

// Size is the number of bytes of one element.
func (d DType) Size() int { return dtypes[d].size }

func (d DType) valid() bool { return d >= F32 && d <= Bool }

func parseDType(name string) (DType, bool) {
	for d := F32; d <= Bool; d++ {
		if dtypes[d].name == name {
			return d, true
		}
	}
	return 0, false
}

// BFloat16 holds the bits of a bfloat16 number: the upper half of a float32.
type BFloat16 uint16

// Value is a Go type with a DType of its own.
type Value interface {
	float32 | float64 | int32 | int64 | uint8 | bool | BFloat16
}

// DTypeOf gives the DType of a Go type.
func DTypeOf[T Value]() DType {
	switch any(*new(T)).(type) {
	case float32:
		return F32
	case float64:
		return F64
	case int32:
		return I32
	case int64:
		return I64
	case uint8:
		return U8
	case BFloat16:
		return BF16
	default:
		return Bool
	}
}

// Tensor describes one array. A scalar's shape is empty.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
}

// Elements is the product of the shape, 1 for a scalar.
func (t Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// bytes is the array's length in the file; what says why the description is impossible.
func (t Tensor) bytes() (n int64, what string) {
	if !t.DType.valid() {
		return 0, "has an unknown element type"
	}
	n = int64(t.DType.Size())
	for _, d := range t.Shape {
		if d < 0 {
			return 0, fmt.Sprintf("shape %v has a negative side", t.Shape)
		}
	}
	for _, d := range t.Shape {
		if d == 0 {
			return 0, ""
		}
	}
	for _, d := range t.Shape {
		if n > math.MaxInt/int64(d) {
			return 0, fmt.Sprintf("shape %v has more elements than memory can hold", t.Shape)
		}
		n *= int64(d)
	}
	return n, ""
}

// FormatError tells which part of a file, or of what was to be written, breaks the format.
type FormatError struct {
	File   string // path, or what the reader was given as name
	Tensor string // empty where the fault is not one tensor's
	What   string
}

func (e *FormatError) Error() string {
	if e.Tensor == "" {
		return fmt.Sprintf("%s: %s", e.File, e.What)
	}
	return fmt.Sprintf("%s: tensor %q: %s", e.File, e.Tensor, e.What)
}
