package graph

import (
	"fmt"
	"slices"
)

// Perm is the attribute of Transpose: result axis i is operand axis Perm[i].
type Perm []int

// Window is the attribute of Slice: result element i along an axis is operand
// element Start + i*Stride.
type Window struct{ Start, Stride, Size []int }

// Padding is the attribute of Pad: zeros before, after and between the
// elements along each axis.
type Padding struct{ Low, High, Inner []int }

// Axis is the attribute of Concat.
type Axis int

// Axes is the attribute of the reductions and of Reverse, ascending.
type Axes []int

func movement(op Op, name, doc string, arity int, infer func(*Node) (Shape, DType, error), vjp func(n, dy *Node, i int) *Node) Row {
	return Row{Op: op, Name: name, Arity: arity, Class: Movement, Doc: doc, infer: infer, vjp: vjp, Domain: anywhere}
}

func movementRows() []Row {
	return []Row{
		movement(OpReshape, "Reshape", "the same elements in row-major order", 1, func(n *Node) (Shape, DType, error) {
			x, s := n.Inputs[0], n.Attr.(Shape)
			if x.Shape.Size() != s.Size() {
				return nil, 0, fmt.Errorf("%s has %d elements, %s has %d", x.Shape, x.Shape.Size(), s, s.Size())
			}
			return s, x.DType, nil
		}, func(n, dy *Node, _ int) *Node { return Reshape(dy, n.Inputs[0].Shape) }),
		movement(OpBroadcast, "Broadcast", "extents of one repeated", 1, func(n *Node) (Shape, DType, error) {
			x, s := n.Inputs[0], n.Attr.(Shape)
			if got, ok := broadcastShapes(x.Shape, s); !ok || !got.Equal(s) {
				return nil, 0, fmt.Errorf("%s does not broadcast to %s", x.Shape, s)
			}
			return s, x.DType, nil
		}, func(n, dy *Node, _ int) *Node { return sumTo(dy, n.Inputs[0].Shape) }),
		movement(OpTranspose, "Transpose", "result axis i is operand axis perm[i]", 1, func(n *Node) (Shape, DType, error) {
			x, p := n.Inputs[0], n.Attr.(Perm)
			s := make(Shape, len(p))
			seen := make([]bool, len(p))
			for i, a := range p {
				if len(p) != len(x.Shape) || a < 0 || a >= len(p) || seen[a] {
					return nil, 0, fmt.Errorf("%v is no permutation of the axes of %s", p, x.Shape)
				}
				s[i], seen[a] = x.Shape[a], true
			}
			return s, x.DType, nil
		}, func(n, dy *Node, _ int) *Node {
			p := n.Attr.(Perm)
			inv := make([]int, len(p))
			for i, a := range p {
				inv[a] = i
			}
			return Transpose(dy, inv...)
		}),
		movement(OpSlice, "Slice", "every stride-th element from start", 1, inferSlice, vjpSlice),
		movement(OpPad, "Pad", "zeros around and between the elements", 1, inferPad, func(n, dy *Node, _ int) *Node {
			p, x := n.Attr.(Padding), n.Inputs[0]
			stride := make([]int, len(x.Shape))
			for i := range stride {
				stride[i] = p.Inner[i] + 1
			}
			return Slice(dy, p.Low, stride, x.Shape)
		}),
		movement(OpConcat, "Concat", "operands one after the other along an axis", -1, inferConcat, func(n, dy *Node, i int) *Node {
			ax := int(n.Attr.(Axis))
			start := make([]int, len(n.Shape))
			for _, x := range n.Inputs[:i] {
				start[ax] += x.Shape[ax]
			}
			return Slice(dy, start, nil, n.Inputs[i].Shape)
		}),
		movement(OpReverse, "Reverse", "the order along the axes turned round", 1, func(n *Node) (Shape, DType, error) {
			x := n.Inputs[0]
			return x.Shape, x.DType, checkAxes(n.Attr.(Axes), x.Shape)
		}, func(n, dy *Node, _ int) *Node { return Reverse(dy, n.Attr.(Axes)...) }),
	}
}

func inferSlice(n *Node) (Shape, DType, error) {
	x, w := n.Inputs[0], n.Attr.(Window)
	if len(w.Start) != len(x.Shape) || len(w.Stride) != len(x.Shape) || len(w.Size) != len(x.Shape) {
		return nil, 0, fmt.Errorf("start %v, stride %v and size %v must have one entry for each axis of %s", w.Start, w.Stride, w.Size, x.Shape)
	}
	for i, d := range x.Shape {
		if w.Stride[i] < 1 || w.Size[i] < 1 || w.Start[i] < 0 || w.Start[i]+(w.Size[i]-1)*w.Stride[i] >= d {
			return nil, 0, fmt.Errorf("start %v, stride %v, size %v reach outside of %s", w.Start, w.Stride, w.Size, x.Shape)
		}
	}
	return Shape(w.Size), x.DType, nil
}

func vjpSlice(n, dy *Node, _ int) *Node {
	w, x := n.Attr.(Window), n.Inputs[0]
	p := Padding{Low: slices.Clone(w.Start), High: make([]int, len(x.Shape)), Inner: make([]int, len(x.Shape))}
	for i, d := range x.Shape {
		p.Inner[i] = w.Stride[i] - 1
		p.High[i] = d - w.Start[i] - ((w.Size[i]-1)*w.Stride[i] + 1)
	}
	return PadInner(dy, p)
}

func inferPad(n *Node) (Shape, DType, error) {
	x, p := n.Inputs[0], n.Attr.(Padding)
	if len(p.Low) != len(x.Shape) || len(p.High) != len(x.Shape) || len(p.Inner) != len(x.Shape) {
		return nil, 0, fmt.Errorf("padding %v must have one entry for each axis of %s", p, x.Shape)
	}
	s := make(Shape, len(x.Shape))
	for i, d := range x.Shape {
		if p.Low[i] < 0 || p.High[i] < 0 || p.Inner[i] < 0 {
			return nil, 0, fmt.Errorf("padding %v must not be negative; use Slice to crop", p)
		}
		s[i] = p.Low[i] + d + (d-1)*p.Inner[i] + p.High[i]
	}
	return s, x.DType, nil
}

func inferConcat(n *Node) (Shape, DType, error) {
	if len(n.Inputs) == 0 {
		return nil, 0, fmt.Errorf("needs at least one operand")
	}
	ax, first := int(n.Attr.(Axis)), n.Inputs[0]
	if ax < 0 || ax >= len(first.Shape) {
		return nil, 0, fmt.Errorf("%s has no axis %d", first.Shape, ax)
	}
	s := slices.Clone(first.Shape)
	for _, x := range n.Inputs[1:] {
		t := slices.Clone(x.Shape)
		if len(t) == len(s) {
			s[ax] += t[ax]
			t[ax] = s[ax]
		}
		if !t.Equal(s) || x.DType != first.DType {
			return nil, 0, fmt.Errorf("%s %s and %s %s differ outside of axis %d", first.DType, first.Shape, x.DType, x.Shape, ax)
		}
	}
	return s, first.DType, nil
}

func checkAxes(axes Axes, s Shape) error {
	for i, a := range axes {
		if a < 0 || a >= len(s) || i > 0 && a <= axes[i-1] {
			return fmt.Errorf("axes %v must be ascending axes of %s", []int(axes), s)
		}
	}
	return nil
}

// sumTo adds up dy over the axes along which a value of shape s was repeated.
func sumTo(dy *Node, s Shape) *Node {
	off := len(dy.Shape) - len(s)
	var axes []int
	for i, d := range dy.Shape {
		if i < off || s[i-off] != d {
			axes = append(axes, i)
		}
	}
	return Reshape(ReduceSum(dy, axes...), s)
}

// Reshape gives x's elements another shape.
func Reshape(x *Node, s Shape) *Node {
	if x.Shape.Equal(s) {
		return x
	}
	return x.b.node(OpReshape, slices.Clone(s), x)
}

// Broadcast repeats x along axes where it has extent one (or none) to shape s.
func Broadcast(x *Node, s Shape) *Node {
	if x.Shape.Equal(s) {
		return x
	}
	return x.b.node(OpBroadcast, slices.Clone(s), x)
}

// Transpose permutes axes: result axis i is x's axis perm[i].
func Transpose(x *Node, perm ...int) *Node {
	same := len(perm) == len(x.Shape)
	for i, a := range perm {
		same = same && i == a
	}
	if same {
		return x
	}
	return x.b.node(OpTranspose, Perm(slices.Clone(perm)), x)
}

// Slice takes size elements along each axis, from start, every stride-th (nil: each).
func Slice(x *Node, start, stride, size []int) *Node {
	if stride == nil {
		stride = ones(len(start))
	}
	w := Window{slices.Clone(start), slices.Clone(stride), slices.Clone(size)}
	if x.Shape.Equal(size) && !slices.ContainsFunc(start, func(i int) bool { return i != 0 }) {
		return x
	}
	return x.b.node(OpSlice, w, x)
}

// Pad puts low zeros before and high zeros after the elements along each axis.
func Pad(x *Node, low, high []int) *Node {
	return PadInner(x, Padding{slices.Clone(low), slices.Clone(high), make([]int, len(low))})
}

// PadInner also puts p.Inner zeros between neighbours.
func PadInner(x *Node, p Padding) *Node {
	n := x.b.node(OpPad, p, x)
	if n.Shape.Equal(x.Shape) {
		return x
	}
	return n
}

// Concat joins values along an axis.
func Concat(axis int, xs ...*Node) *Node {
	switch len(xs) {
	case 0:
		fail("Concat", "needs at least one operand")
	case 1:
		return xs[0]
	}
	return xs[0].b.node(OpConcat, Axis(axis), xs...)
}

// Reverse turns the order along the axes round.
func Reverse(x *Node, axes ...int) *Node {
	return x.b.node(OpReverse, Axes(slices.Clone(axes)), x)
}

func ones(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = 1
	}
	return s
}

func allAxes(x *Node) []int {
	s := make([]int, len(x.Shape))
	for i := range s {
		s[i] = i
	}
	return s
}
