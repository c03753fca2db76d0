package onnx

import (
	"fmt"
	"math"
	"reflect"

	"ganengine/engine/graph"
)

// The numbers of rows that a network is built for: equally far apart, so that what is linear
// in them is seen to be, and multiples of four, as groups of a batch ask for.
var rows = [3]int{1004, 1028, 1052}

// batched is a network's program, and how it depends on the number of rows.
type batched struct {
	*graph.Program                   // for rows[0]
	all            [3]*graph.Program // node by node alike
}

// dim is an extent: of each row, times the number of rows, and fixed. Unknown is one that
// depends on it in another way.
type dim struct {
	perRow, fixed int
	unknown       bool
}

func (d dim) static() bool { return d.perRow == 0 && !d.unknown }

// newBatched builds a network three times.
func newBatched(build func(rows int) (*graph.Program, error)) (*batched, error) {
	b := &batched{}
	for i, n := range rows {
		p, err := build(n)
		if err != nil {
			return nil, err
		}
		b.all[i] = graph.ExpandComposites(p, func(*graph.Node) bool { return false })
	}
	b.Program = b.all[0]
	for _, p := range b.all[1:] {
		if len(p.Nodes) != len(b.Nodes) || len(p.Inputs) != len(b.Inputs) || len(p.Outputs) != len(b.Outputs) {
			return nil, fmt.Errorf("it has %d operations for %d rows, and %d for another number", len(b.Nodes), rows[0], len(p.Nodes))
		}
		for i, n := range p.Nodes {
			if !alike(b.Nodes[i], n) {
				return nil, fmt.Errorf("%s is another operation where there is another number of rows", b.Nodes[i].Describe())
			}
		}
	}
	return b, nil
}

// alike says whether two nodes differ by no more than what follows from their programs'
// numbers of rows.
func alike(x, y *graph.Node) bool {
	if x.Op != y.Op || x.DType != y.DType || len(x.Shape) != len(y.Shape) || len(x.Inputs) != len(y.Inputs) {
		return false
	}
	for i := range x.Inputs {
		if x.Inputs[i].ID != y.Inputs[i].ID {
			return false
		}
	}
	switch a := x.Attr.(type) {
	case graph.Shape, graph.Const, *graph.Stream:
		return true
	case *graph.Input:
		return a.Name == y.InputName()
	case graph.Window:
		b := y.Attr.(graph.Window)
		return reflect.DeepEqual(a.Start, b.Start) && reflect.DeepEqual(a.Stride, b.Stride)
	}
	return reflect.DeepEqual(x.Attr, y.Attr)
}

// dims are a node's extents.
func (b *batched) dims(n *graph.Node) []dim {
	out := make([]dim, len(n.Shape))
	for axis := range out {
		var at [3]int
		for i, p := range b.all {
			at[i] = p.Nodes[n.ID].Shape[axis]
		}
		step := rows[1] - rows[0]
		more := at[1] - at[0]
		if at[2]-at[1] != more || more%step != 0 {
			out[axis] = dim{unknown: true}
			continue
		}
		out[axis] = dim{perRow: more / step, fixed: at[0] - more/step*rows[0]}
	}
	return out
}

// static says whether none of a node's extents depends on the rows.
func (b *batched) static(n *graph.Node) bool {
	for _, d := range b.dims(n) {
		if !d.static() {
			return false
		}
	}
	return true
}

// number is a constant as a function of the number of rows n: shift alone, times (n + shift),
// or times / (n + shift).
type number struct {
	times, shift float64
	inverse      bool
}

func (x number) fixed() bool { return x.times == 0 }

// number finds how a Const depends on the rows.
func (b *batched) number(n *graph.Node) (number, error) {
	var at, inverse [3]float64
	for i, p := range b.all {
		at[i] = p.Nodes[n.ID].Attr.(graph.Const).Value
		inverse[i] = 1 / at[i]
	}
	if at[0] == at[1] && at[1] == at[2] {
		return number{shift: at[0]}, nil
	}
	if times, shift, ok := line(at); ok {
		return number{times: times, shift: shift}, nil
	}
	if times, shift, ok := line(inverse); ok {
		return number{times: 1 / times, shift: shift, inverse: true}, nil
	}
	return number{}, fmt.Errorf("%s depends on the number of rows in a way that is not known", n.Describe())
}

// line finds times and shift with y = times (n + shift) for the numbers of rows; the shift is
// a whole number, as of n - 1.
func line(y [3]float64) (times, shift float64, ok bool) {
	first, last := float64(rows[0]), float64(rows[2])
	times = (y[2] - y[0]) / (last - first)
	shift = math.Round(y[0]/times - first)
	times = y[0] / (first + shift)
	for i, n := range rows {
		if want := times * (float64(n) + shift); !(math.Abs(y[i]-want) <= 1e-6*math.Abs(want)) {
			return 0, 0, false
		}
	}
	return times, shift, true
}
