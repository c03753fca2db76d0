package fuse

import "ganengine/engine/graph"

// Source is the node in whose storage n's elements lie, in the same linear
// order: n itself, unless n is a view.
func Source(n *graph.Node) *graph.Node {
	for isView(n) {
		n = n.Inputs[0]
	}
	return n
}

// isView says that n has its operand's elements in its operand's order.
func isView(n *graph.Node) bool {
	switch n.Op {
	case graph.OpReshape, graph.OpStopGradient:
		return true
	case graph.OpBroadcast:
		return n.Shape.Size() == n.Inputs[0].Shape.Size()
	}
	return false
}

// Dim is one axis of a Pattern: Extent steps of Stride elements.
type Dim struct{ Extent, Stride int }

// Pattern says which element of its source a load takes for a linear index of
// the domain: the index is split row-major by the extents, outermost first.
// Neighbouring axes that can be one are one, so that every element in order is
// a single Dim of stride one, and one element for all is stride zero.
type Pattern []Dim

// Identity says that element i is taken for index i.
func (p Pattern) Identity() bool { return len(p) == 1 && p[0].Stride == 1 }

// Scalar says that one element is taken for every index.
func (p Pattern) Scalar() bool { return len(p) == 1 && p[0].Stride == 0 }

// Equal says whether both patterns are the same.
func (p Pattern) Equal(q Pattern) bool {
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] {
			return false
		}
	}
	return true
}

func identity(size int) Pattern { return Pattern{{size, 1}} }

// BroadcastPattern is how a value of shape from repeats to shape to.
func BroadcastPattern(from, to graph.Shape) Pattern {
	strides, off := from.Strides(), len(to)-len(from)
	var p Pattern
	for i, d := range to {
		if d == 1 {
			continue
		}
		stride := 0
		if i >= off && from[i-off] == d {
			stride = strides[i-off]
		}
		if n := len(p); n > 0 && p[n-1].Stride == stride*d {
			p[n-1] = Dim{p[n-1].Extent * d, stride}
			continue
		}
		p = append(p, Dim{d, stride})
	}
	if p == nil {
		p = identity(1)
	}
	return p
}

// Frame is how a reduction over neighbouring axes divides its operand: element
// [o, r, i] of Outer x Reduced x Inner is folded into [o, i].
type Frame struct{ Outer, Reduced, Inner int }

// Fixes says that a load by p takes one element for all r of each [o, r, i]. The
// axes of p need not be those of the frame.
func (f Frame) Fixes(p Pattern) bool {
	low := 1 // so many neighbouring indices have the same place along the axis
	for i := len(p) - 1; i >= 0; i-- {
		high := low * p[i].Extent
		if p[i].Stride != 0 && f.Inner%high != 0 && low%(f.Reduced*f.Inner) != 0 {
			return false
		}
		low = high
	}
	return true
}

// Results is how a value of the frame's results repeats over what they are made of.
func (f Frame) Results() Pattern {
	return BroadcastPattern(graph.Shape{f.Outer, 1, f.Inner}, graph.Shape{f.Outer, f.Reduced, f.Inner})
}

// FrameOf is the frame of a reduction; false if its axes, but for those of
// extent one, are not neighbours.
func FrameOf(n *graph.Node) (Frame, bool) {
	f := Frame{1, 1, 1}
	reduced := map[int]bool{}
	for _, a := range n.Attr.(graph.Axes) {
		reduced[a] = true
	}
	stage := 0 // before, in and after the reduced axes
	for i, d := range n.Inputs[0].Shape {
		switch {
		case d == 1:
		case reduced[i]:
			if stage == 2 {
				return f, false
			}
			stage = 1
			f.Reduced *= d
		default:
			if stage == 1 {
				stage = 2
			}
			if stage == 0 {
				f.Outer *= d
			} else {
				f.Inner *= d
			}
		}
	}
	return f, true
}

// Fewest is how many elements a reduction must fold into one to be a cluster's last
// stage: its partial sums are wide, and must stay small against the domain.
const Fewest = 16

// small domains cost nothing to go through or to keep.
const small = 4096

// isEpilogue says that a reduction can be the last stage of a cluster.
func isEpilogue(n *graph.Node) bool {
	if n.Op.Info().Class != graph.Reduction {
		return false
	}
	f, ok := FrameOf(n)
	return ok && (f.Reduced >= Fewest || n.Inputs[0].Shape.Size() <= small)
}

// isFusible says that a cluster can compute n elementwise.
func isFusible(n *graph.Node) bool {
	switch n.Op.Info().Class {
	case graph.Elementwise, graph.Draw:
		return true
	}
	return n.Op == graph.OpBroadcast || n.Op == graph.OpConst
}

// isOpaque says that n is a kernel of its own.
func isOpaque(n *graph.Node) bool {
	switch n.Op.Info().Class {
	case graph.Leaf:
		return false
	case graph.Reduction:
		return !isEpilogue(n)
	}
	return !isFusible(n) && !isView(n)
}
