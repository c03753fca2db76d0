package reference

import (
	"slices"

	"ganengine/engine/graph"
)

// walk visits every element of shape s in row-major order: its number and its
// place along each axis.
func walk(s graph.Shape, visit func(i int, at []int)) {
	at := make([]int, len(s))
	for i := range s.Size() {
		visit(i, at)
		for a := len(s) - 1; a >= 0; a-- {
			if at[a]++; at[a] < s[a] {
				break
			}
			at[a] = 0
		}
	}
}

// place is the number of the element at a place of shape s.
func place(s graph.Shape, at []int) int {
	i := 0
	for a, d := range s {
		i = i*d + at[a]
	}
	return i
}

func movement(n *graph.Node, in []Array, out Array) error {
	x := in[0]
	switch n.Op {
	case graph.OpReshape:
		copy(out.Data, x.Data)
	case graph.OpBroadcast: // aligned at the last axis; extents of one repeat
		skip := len(out.Shape) - len(x.Shape)
		take(x, out, func(to, from []int) {
			for a, d := range x.Shape {
				from[a] = to[skip+a] % d
			}
		})
	case graph.OpTranspose: // result axis i is operand axis perm[i]
		take(x, out, func(to, from []int) {
			for i, a := range n.Attr.(graph.Perm) {
				from[a] = to[i]
			}
		})
	case graph.OpSlice: // element i is operand element start + i*stride
		w := n.Attr.(graph.Window)
		take(x, out, func(to, from []int) {
			for a := range to {
				from[a] = w.Start[a] + to[a]*w.Stride[a]
			}
		})
	case graph.OpReverse:
		axes := n.Attr.(graph.Axes)
		take(x, out, func(to, from []int) {
			for a, d := range x.Shape {
				from[a] = to[a]
				if slices.Contains(axes, a) {
					from[a] = d - 1 - to[a]
				}
			}
		})
	case graph.OpPad: // element i of x goes to low + i*(inner+1), all others are zero
		p := n.Attr.(graph.Padding)
		put(x, out, func(from, to []int) {
			for a := range from {
				to[a] = p.Low[a] + from[a]*(p.Inner[a]+1)
			}
		})
	case graph.OpConcat:
		axis, start := int(n.Attr.(graph.Axis)), 0
		for _, x := range in {
			put(x, out, func(from, to []int) {
				copy(to, from)
				to[axis] += start
			})
			start += x.Shape[axis]
		}
	case graph.OpGather: // row i is row index[i] of x
		for i := range in[1].Data {
			copy(row(out, i), row(x, index(in[1], i, x.Shape[0])))
		}
	case graph.OpScatterAdd: // row i of x is added to row index[i]
		for i := range in[1].Data {
			sum := row(out, index(in[1], i, out.Shape[0]))
			for j, v := range row(x, i) {
				sum[j] += v
			}
		}
	default:
		return errMissing
	}
	return nil
}

// take fills each place of out from the place of x that source answers.
func take(x, out Array, source func(to, from []int)) {
	from := make([]int, len(x.Shape))
	walk(out.Shape, func(i int, to []int) {
		source(to, from)
		out.Data[i] = x.Data[place(x.Shape, from)]
	})
}

// put stores each element of x at the place of out that target answers.
func put(x, out Array, target func(from, to []int)) {
	to := make([]int, len(out.Shape))
	walk(x.Shape, func(i int, from []int) {
		target(from, to)
		out.Data[place(out.Shape, to)] = x.Data[i]
	})
}

func row(a Array, i int) []float64 {
	n := a.Shape[1:].Size()
	return a.Data[i*n : (i+1)*n]
}

// index is element i of a list of rows, brought into [0, rows).
func index(list Array, i, rows int) int {
	return min(max(int(list.Data[i]), 0), rows-1)
}
