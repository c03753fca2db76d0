package graph

import (
	"fmt"
	"slices"
	"strings"
)

// DType is the type of a value's elements.
type DType uint8

// The element types. Bool is stored as one byte, 0 or 1.
const (
	F32 DType = iota
	F64
	BF16
	I32
	U8
	Bool
)

var dtypes = [...]struct {
	name string
	size int
}{F32: {"f32", 4}, F64: {"f64", 8}, BF16: {"bf16", 2}, I32: {"i32", 4}, U8: {"u8", 1}, Bool: {"bool", 1}}

// String is the short name that printed graphs use.
func (d DType) String() string { return dtypes[d].name }

// Size is the number of bytes of one element.
func (d DType) Size() int { return dtypes[d].size }

// IsFloat says whether values of the type can be differentiated.
func (d DType) IsFloat() bool { return d <= BF16 }

// Shape lists a value's extents, outermost first. A scalar has none.
type Shape []int

// Size is the number of elements.
func (s Shape) Size() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal says whether both shapes have the same extents.
func (s Shape) Equal(t Shape) bool { return slices.Equal(s, t) }

// String prints as [128,64,64,3].
func (s Shape) String() string {
	return "[" + strings.Trim(strings.ReplaceAll(fmt.Sprint([]int(s)), " ", ","), "[]") + "]"
}

// Strides are the distances in elements between neighbours along each axis of
// a dense row-major value.
func (s Shape) Strides() []int {
	st := make([]int, len(s))
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		st[i] = n
		n *= s[i]
	}
	return st
}

// broadcastShapes gives the shape that both operands of an elementwise
// operator extend to: aligned at the last axis, extents equal or one.
func broadcastShapes(a, b Shape) (Shape, bool) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	off := len(a) - len(b)
	for i, d := range b {
		switch {
		case out[off+i] == d || d == 1:
		case out[off+i] == 1:
			out[off+i] = d
		default:
			return nil, false
		}
	}
	return out, true
}
