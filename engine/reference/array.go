// Package reference computes every operator of the graph by plain loops that
// can be checked against the formula in the comment above them. It is what all
// devices are compared with.
//
// Numbers are float64 inside a node, whatever the node's type; the node's
// result is rounded to its type once, at the end (graph.DType.Round). I32
// arithmetic wraps round. Composites are computed from their formula, not
// from their definition, so that the two can be compared.
//
// Run computes a whole program. Device does the same behind the interface of
// a device, a step a node, so that what stands above devices can be tested on
// it. Neither is fast.
package reference

import (
	"encoding/binary"
	"fmt"
	"math"

	"ganengine/engine/graph"
)

// Array is a value: each element as the float64 that equals it, in row-major
// order. A float64 holds every value of every element type.
type Array struct {
	DType graph.DType
	Shape graph.Shape
	Data  []float64
}

// New is an array of zeros.
func New(d graph.DType, s graph.Shape) Array {
	return Array{d, s, make([]float64, s.Size())}
}

// From rounds data to type d.
func From(d graph.DType, s graph.Shape, data []float64) (Array, error) {
	if len(data) != s.Size() {
		return Array{}, fmt.Errorf("%d values for %s %s", len(data), d, s)
	}
	a := New(d, s)
	for i, x := range data {
		a.Data[i] = d.Round(x)
	}
	return a, nil
}

// FromBytes reads an array as devices store it: little-endian, dense.
func FromBytes(d graph.DType, s graph.Shape, b []byte) (Array, error) {
	if len(b) != s.Size()*d.Size() {
		return Array{}, fmt.Errorf("%d bytes for %s %s, which has %d", len(b), d, s, s.Size()*d.Size())
	}
	a := New(d, s)
	le := binary.LittleEndian
	for i := range a.Data {
		switch d {
		case graph.F32:
			a.Data[i] = float64(math.Float32frombits(le.Uint32(b[4*i:])))
		case graph.F64:
			a.Data[i] = math.Float64frombits(le.Uint64(b[8*i:]))
		case graph.BF16:
			a.Data[i] = float64(math.Float32frombits(uint32(le.Uint16(b[2*i:])) << 16))
		case graph.I32:
			a.Data[i] = float64(int32(le.Uint32(b[4*i:])))
		default:
			a.Data[i] = float64(b[i])
		}
	}
	return a, nil
}

// Bytes is the array as devices store it.
func (a Array) Bytes() []byte {
	b := make([]byte, 0, len(a.Data)*a.DType.Size())
	le := binary.LittleEndian
	for _, x := range a.Data {
		switch a.DType {
		case graph.F32:
			b = le.AppendUint32(b, math.Float32bits(float32(x)))
		case graph.F64:
			b = le.AppendUint64(b, math.Float64bits(x))
		case graph.BF16:
			b = le.AppendUint16(b, graph.BF16Bits(float32(x)))
		case graph.I32:
			b = le.AppendUint32(b, uint32(int32(x)))
		default:
			b = append(b, byte(x))
		}
	}
	return b
}

// String prints type, shape and the first elements.
func (a Array) String() string {
	return fmt.Sprintf("%s %s %.8g", a.DType, a.Shape, a.Data[:min(len(a.Data), 8)])
}
