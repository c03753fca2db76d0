package onnx

import (
	"math"
	"slices"

	"ganengine/engine/graph"
)

func reshape(e *emitter, n *graph.Node) (value, error) {
	x, err := e.in(n.Inputs[0], false)
	if err != nil {
		return value{}, err
	}
	shape, err := e.shape(n, e.dims(n), true)
	if err != nil {
		return value{}, err
	}
	return value{name: e.node(n, "Reshape", []string{x, shape})}, nil
}

// expand repeats for whoever needs all elements: a product, or a result of the network.
func expand(e *emitter, n *graph.Node) (value, error) {
	x, err := e.in(under(n), false)
	if err != nil {
		return value{}, err
	}
	shape, err := e.shape(n, e.dims(n), false)
	if err != nil {
		return value{}, err
	}
	return value{name: e.node(n, "Expand", []string{x, shape})}, nil
}

func transpose(e *emitter, n *graph.Node) (value, error) {
	x, err := e.in(n.Inputs[0], false)
	if err != nil {
		return value{}, err
	}
	return value{name: e.node(n, "Transpose", []string{x}, attrInts("perm", n.Attr.(graph.Perm)))}, nil
}

// kept is an operand in the order of axes in which it is made: what moves along axes leaves
// them where they are.
func (e *emitter) kept(n *graph.Node) (value, error) { return e.of(n.Inputs[0]) }

func slice(e *emitter, n *graph.Node) (value, error) {
	x, err := e.kept(n)
	if err != nil {
		return value{}, err
	}
	w, before, after := n.Attr.(graph.Window), e.dims(n.Inputs[0]), e.dims(n)
	var starts, ends, axes, steps []int
	for a := range before {
		if before[a] == after[a] && n.Shape[a] == n.Inputs[0].Shape[a] {
			continue // all of it
		}
		if !before[a].static() || !after[a].static() {
			return value{}, &UnsupportedError{n.Describe(), "it takes a part of the batch"}
		}
		starts, steps = append(starts, w.Start[a]), append(steps, w.Stride[a])
		ends, axes = append(ends, w.Start[a]+(w.Size[a]-1)*w.Stride[a]+1), append(axes, axis(a, x.first))
	}
	name := e.node(n, "Slice", []string{x.name, e.integers(starts...), e.integers(ends...), e.integers(axes...), e.integers(steps...)})
	return value{name, x.first}, nil
}

func reverse(e *emitter, n *graph.Node) (value, error) {
	x, err := e.kept(n)
	if err != nil {
		return value{}, err
	}
	var starts, ends, axes, steps []int
	for _, a := range n.Attr.(graph.Axes) {
		starts, ends = append(starts, -1), append(ends, math.MinInt64)
		axes, steps = append(axes, axis(a, x.first)), append(steps, -1)
	}
	name := e.node(n, "Slice", []string{x.name, e.integers(starts...), e.integers(ends...), e.integers(axes...), e.integers(steps...)})
	return value{name, x.first}, nil
}

func pad(e *emitter, n *graph.Node) (value, error) {
	p := n.Attr.(graph.Padding)
	x, err := e.kept(n)
	if err != nil {
		return value{}, err
	}
	dims := e.dims(n.Inputs[0])
	for a, inner := range p.Inner {
		if inner == 0 {
			continue
		}
		if !dims[a].static() {
			return value{}, &UnsupportedError{n.Describe(), "it puts zeros between the samples of a batch"}
		}
		if x.name, err = e.apart(n, x, dims, a, inner); err != nil {
			return value{}, err
		}
		dims[a].fixed += (dims[a].fixed - 1) * inner
	}
	pads := append(append([]int{}, ordered(p.Low, x.first)...), ordered(p.High, x.first)...)
	return value{e.node(n, "Pad", []string{x.name, e.integers(pads...)}), x.first}, nil
}

// apart puts zeros between the elements along an axis of x, whose extents are dims: an axis of
// extent one after it is filled up with them, the two are made one, and what comes after the
// last element is left out.
func (e *emitter) apart(n *graph.Node, x value, dims []dim, a, zeros int) (string, error) {
	at, rank := axis(a, x.first), len(dims)
	pads := make([]int, 2*(rank+1))
	pads[len(pads)-(rank-at)] = zeros // after the axis at+1
	name := e.node(n, "Unsqueeze", []string{x.name, e.integers(at + 1)})
	name = e.node(n, "Pad", []string{name, e.integers(pads...)})
	whole := slices.Clone(dims)
	whole[a].fixed *= 1 + zeros
	shape, err := e.shape(n, ordered(whole, x.first), true)
	if err != nil {
		return "", err
	}
	name = e.node(n, "Reshape", []string{name, shape})
	return e.node(n, "Slice", []string{name, e.integers(0), e.integers(-zeros), e.integers(at), e.integers(1)}), nil
}

func concat(e *emitter, n *graph.Node) (value, error) {
	first := false
	for _, x := range n.Inputs {
		if under(x) == x && !e.isConstant(x) {
			v, err := e.of(x)
			if err != nil {
				return value{}, err
			}
			first = first || v.first
		}
	}
	x, err := e.all(n.Inputs, first)
	if err != nil {
		return value{}, err
	}
	return value{e.node(n, "Concat", x, attrInt("axis", axis(int(n.Attr.(graph.Axis)), first))), first}, nil
}

// gather is rows by their numbers, which have to be those of rows: runtimes refuse others,
// which the engine takes for the nearest.
func gather(e *emitter, n *graph.Node) (value, error) {
	x, err := e.plain(n.Inputs...)
	if err != nil {
		return value{}, err
	}
	return value{name: e.node(n, "Gather", x, attrInt("axis", 0))}, nil
}

func reduceSum(e *emitter, n *graph.Node) (value, error) {
	x, axes, err := e.reduced(n)
	if err != nil {
		return value{}, err
	}
	return value{e.node(n, "ReduceSum", []string{x.name, e.integers(axes...)}), x.first}, nil
}

func reduceMax(e *emitter, n *graph.Node) (value, error) {
	x, axes, err := e.reduced(n)
	if err != nil {
		return value{}, err
	}
	return value{e.node(n, "ReduceMax", []string{x.name}, attrInts("axes", axes)), x.first}, nil
}

func reduceAll(e *emitter, n *graph.Node) (value, error) {
	x, axes, err := e.reduced(n)
	if err != nil {
		return value{}, err
	}
	whole := e.node(n, "Cast", []string{x.name}, attrInt("to", elementTypes[graph.I32]))
	least := e.node(n, "ReduceMin", []string{whole}, attrInts("axes", axes))
	return value{e.node(n, "Cast", []string{least}, attrInt("to", elementTypes[graph.Bool])), x.first}, nil
}

// reduced is a reduction's operand, and its axes in that.
func (e *emitter) reduced(n *graph.Node) (x value, axes []int, err error) {
	x, err = e.kept(n)
	for _, a := range n.Attr.(graph.Axes) {
		axes = append(axes, axis(a, x.first))
	}
	return x, axes, err
}
