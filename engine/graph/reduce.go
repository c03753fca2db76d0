package graph

import (
	"fmt"
	"slices"
)

func inferReduce(n *Node) (Shape, DType, error) {
	x, axes := n.Inputs[0], n.Attr.(Axes)
	if err := checkAxes(axes, x.Shape); err != nil {
		return nil, 0, err
	}
	s := slices.Clone(x.Shape)
	for _, a := range axes {
		s[a] = 1
	}
	return s, x.DType, nil
}

func reductionRows() []Row {
	return []Row{
		{Op: OpReduceSum, Name: "ReduceSum", Arity: 1, Class: Reduction, Doc: "sum over axes, which stay with extent one", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				s, d, err := inferReduce(n)
				if err == nil && !d.IsFloat() && d != I32 {
					err = fmt.Errorf("needs numbers, got %s; cast them", d)
				}
				return s, d, err
			},
			vjp: func(n, dy *Node, _ int) *Node { return Broadcast(dy, n.Inputs[0].Shape) }},
		{Op: OpReduceMax, Name: "ReduceMax", Arity: 1, Class: Reduction, Doc: "largest over axes, which stay with extent one", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				s, d, err := inferReduce(n)
				if err == nil && !d.IsFloat() {
					err = fmt.Errorf("needs floats, got %s", d)
				}
				return s, d, err
			},
			vjp: func(n, dy *Node, _ int) *Node { // equal largest elements share the gradient
				x := n.Inputs[0]
				hit := Cast(Equal(x, n), x.DType)
				return Mul(hit, Div(dy, ReduceSum(hit, n.Attr.(Axes)...)))
			}},
		{Op: OpReduceAll, Name: "ReduceAll", Arity: 1, Class: Reduction, Doc: "whether all hold over axes, which stay with extent one",
			infer: func(n *Node) (Shape, DType, error) {
				s, d, err := inferReduce(n)
				if err == nil && d != Bool {
					err = fmt.Errorf("needs bools, got %s", d)
				}
				return s, d, err
			}},
	}
}

// reduce skips axes of extent one and gives x itself where none is left.
func reduce(op Op, x *Node, axes []int) *Node {
	var left Axes
	for _, a := range axes {
		if a < 0 || a >= len(x.Shape) || x.Shape[a] != 1 {
			left = append(left, a)
		}
	}
	if len(left) == 0 {
		return x
	}
	slices.Sort(left)
	return x.b.node(op, left, x)
}

// ReduceSum adds up over the axes, which stay with extent one.
func ReduceSum(x *Node, axes ...int) *Node { return reduce(OpReduceSum, x, axes) }

// ReduceMax is the largest over the axes, which stay with extent one.
func ReduceMax(x *Node, axes ...int) *Node { return reduce(OpReduceMax, x, axes) }

// ReduceAll is whether all hold over the axes, which stay with extent one.
func ReduceAll(x *Node, axes []int) *Node { return reduce(OpReduceAll, x, axes) }

// Mean is the average over the axes, which stay with extent one.
func Mean(x *Node, axes ...int) *Node {
	sum := ReduceSum(x, axes...)
	return Scale(sum, float64(sum.Shape.Size())/float64(x.Shape.Size()))
}

// Variance is the mean squared distance from the mean over the axes (divided
// by n, not n-1), which stay with extent one.
func Variance(x *Node, axes ...int) *Node {
	return Mean(Square(Sub(x, Mean(x, axes...))), axes...)
}

// Total is the sum of all elements, shape [].
func Total(x *Node) *Node { return Reshape(ReduceSum(x, allAxes(x)...), Shape{}) }

// Average is the mean of all elements, shape [].
func Average(x *Node) *Node { return Scale(Total(x), 1/float64(x.Shape.Size())) }
