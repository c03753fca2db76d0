//go:build cuda && cgo && linux

package cudnn

// #include "api.h"
import "C"

import "fmt"

// A Direction is which tensor of a convolution is computed from the other two.
type Direction uint8

const (
	Forward    Direction = iota // y from x and w
	InputGrad                   // x from y and w: the transposed convolution
	FilterGrad                  // w from x and y
	directions = iota
)

func (d Direction) String() string {
	return [...]string{"forward", "input gradient", "filter gradient"}[d]
}

// A Type is that of all three tensors, and how products are formed. Sums are
// in fp32.
type Type uint8

const (
	Float32  Type = iota
	TF32          // fp32 in memory; operands may be rounded to TF32 for tensor cores
	BFloat16      // in memory
	types    = iota
)

func (t Type) String() string { return [...]string{"fp32", "tf32", "bf16"}[t] }

// A Conv relates x [N,H,W,C], w [K,R,S,C/Groups] and y [N,P,Q,K], all dense,
// and says which of them is computed:
//
//	y[n,p,q,k] = Σ_{r,s,c} x[n, p·Stride[0]+r-Pad[0], q·Stride[1]+s-Pad[2], c] · w[k,r,s,c]
//
// where x is zero outside, and c runs over the channels of k's group.
type Conv struct {
	Direction  Direction
	Type       Type
	N, H, W, C int
	K, R, S    int
	P, Q       int
	Stride     [2]int // down, right
	Pad        [4]int // top, bottom, left, right
	Groups     int
}

func (c Conv) String() string {
	return fmt.Sprintf("%v %v x[%d,%d,%d,%d] w[%d,%d,%d,%d] y[%d,%d,%d,%d] stride %d pad %d groups %d", c.Type, c.Direction,
		c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.C/max(c.Groups, 1), c.N, c.P, c.Q, c.K, c.Stride, c.Pad, c.Groups)
}

// check refuses what is not a convolution; the library would say less.
func (c Conv) check() error {
	for _, extent := range []int{c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.P, c.Q, c.Stride[0], c.Stride[1], c.Groups} {
		if extent <= 0 {
			return fmt.Errorf("%v: every extent, stride and the number of groups must be positive", c)
		}
	}
	if c.Direction >= directions || c.Type >= types {
		return fmt.Errorf("unknown direction %d or type %d", c.Direction, c.Type)
	}
	if c.C%c.Groups != 0 || c.K%c.Groups != 0 {
		return fmt.Errorf("%v: the groups do not divide the channels", c)
	}
	for axis, e := range [2]struct{ in, kernel, out int }{{c.H, c.R, c.P}, {c.W, c.S, c.Q}} {
		low, high := c.Pad[2*axis], c.Pad[2*axis+1]
		if low < 0 || high < 0 {
			return fmt.Errorf("%v: negative padding", c)
		}
		if room := e.in + low + high - e.kernel; room < 0 || room/c.Stride[axis]+1 != e.out {
			return fmt.Errorf("%v: axis %d: an input of %d does not give %d outputs", c, axis, e.in, e.out)
		}
	}
	return nil
}

// The numbers by which tensors are known to a plan.
const (
	idX = iota + 1
	idW
	idY
)

// graph makes the descriptors of the convolution and returns the last, its
// operation graph.
func (c Conv) graph(s *scope, t target) descriptor {
	data := C.int(C.DATA_FLOAT)
	if c.Type == BFloat16 {
		data = C.DATA_BFLOAT16
	}
	x := s.tensor(idX, data, c.N, c.C, c.H, c.W)
	w := s.tensor(idW, data, c.K, c.C/c.Groups, c.R, c.S)
	y := s.tensor(idY, data, c.N, c.K, c.P, c.Q)

	conv := s.create(C.DESCRIPTOR_CONVOLUTION)
	s.ints(conv, C.CONVOLUTION_SPATIAL_DIMS, 2)
	s.enum(conv, C.CONVOLUTION_COMPUTE_TYPE, C.TYPE_DATA_TYPE, C.DATA_FLOAT)
	s.enum(conv, C.CONVOLUTION_MODE, C.TYPE_CONVOLUTION_MODE, C.MODE_CROSS_CORRELATION)
	s.ints(conv, C.CONVOLUTION_PRE_PADDINGS, int64(c.Pad[0]), int64(c.Pad[2]))
	s.ints(conv, C.CONVOLUTION_POST_PADDINGS, int64(c.Pad[1]), int64(c.Pad[3]))
	s.ints(conv, C.CONVOLUTION_STRIDES, int64(c.Stride[0]), int64(c.Stride[1]))
	s.ints(conv, C.CONVOLUTION_DILATIONS, 1, 1)
	s.finalize(conv, "convolution")

	// Each operation has the same six attributes in the same order: α, β, the
	// convolution, w, x and y.
	kind := [...]C.int{C.DESCRIPTOR_FORWARD, C.DESCRIPTOR_INPUT_GRAD, C.DESCRIPTOR_FILTER_GRAD}[c.Direction]
	first := [...]C.int{C.FORWARD_FIRST, C.INPUT_GRAD_FIRST, C.FILTER_GRAD_FIRST}[c.Direction]
	op := s.create(kind)
	set(s, op, first, C.TYPE_FLOAT, []float32{1})
	set(s, op, first+1, C.TYPE_FLOAT, []float32{0})
	for i, d := range [...]descriptor{conv, w, x, y} {
		s.descriptor(op, first+2+C.int(i), d)
	}
	s.finalize(op, "operation")

	g := s.create(C.DESCRIPTOR_GRAPH)
	if t.handle != nil {
		set(s, g, C.GRAPH_HANDLE, C.TYPE_HANDLE, []descriptor{t.handle})
	}
	s.descriptor(g, C.GRAPH_OPERATIONS, op)
	s.finalize(g, "operation graph")
	return g
}

// tensor makes a tensor with its extents in the order N,C,H,W and its elements
// in the order N,H,W,C.
func (s *scope) tensor(id int64, data C.int, n, c, h, w int) descriptor {
	d := s.create(C.DESCRIPTOR_TENSOR)
	s.enum(d, C.TENSOR_DATA_TYPE, C.TYPE_DATA_TYPE, data)
	s.ints(d, C.TENSOR_DIMENSIONS, int64(n), int64(c), int64(h), int64(w))
	s.ints(d, C.TENSOR_STRIDES, int64(c)*int64(h)*int64(w), 1, int64(c)*int64(w), int64(c))
	s.ints(d, C.TENSOR_UNIQUE_ID, id)
	s.ints(d, C.TENSOR_BYTE_ALIGNMENT, alignment)
	s.finalize(d, "tensor")
	return d
}

// alignment of operands and workspaces, bytes.
const alignment = 16
