package reference

import (
	"fmt"

	"ganengine/engine/graph"
)

// Eval computes one node from the values of its operands, rounded to the
// node's type. Inputs and Variables have no value of their own: Run and Device
// fetch them.
func Eval(n *graph.Node, in []Array) (Array, error) {
	if len(in) != len(n.Inputs) {
		return Array{}, fmt.Errorf("%s: %d operands given", n.Describe(), len(in))
	}
	out := New(n.DType, n.Shape)
	var err error
	switch n.Op.Info().Class {
	case graph.Leaf:
		err = leaf(n, out)
	case graph.Draw:
		err = draw(n, in, out)
	case graph.Elementwise:
		err = elementwise(n, in, out)
	case graph.Movement:
		err = movement(n, in, out)
	case graph.Reduction:
		err = reduction(n, in[0], out)
	case graph.Product:
		err = product(n, in, out)
	case graph.Composite:
		err = composite(n, in, out)
	}
	if err != nil {
		return Array{}, fmt.Errorf("%s: %w", n.Describe(), err)
	}
	computed := n.Op.Info().Class != graph.Leaf && n.Op != graph.OpCast
	for i, x := range out.Data {
		if n.DType == graph.I32 && computed { // sums and differences wrap round
			x = float64(int32(int64(x)))
		}
		out.Data[i] = n.DType.Round(x)
	}
	return out, nil
}

var errMissing = fmt.Errorf("the reference has no rule for this operator")

// leaf: Const is its number, Literal its data.
func leaf(n *graph.Node, out Array) error {
	switch a := n.Attr.(type) {
	case graph.Const:
		out.Data[0] = a.Value
	case *graph.Literal:
		copy(out.Data, a.Data)
	default:
		return fmt.Errorf("its value comes from outside of the program")
	}
	return nil
}

func elementwise(n *graph.Node, in []Array, out Array) error {
	x := in[0].Data
	if n.Op == graph.OpSelect { // y where x holds, else z
		for i := range x {
			out.Data[i] = in[2].Data[i]
			if x[i] != 0 {
				out.Data[i] = in[1].Data[i]
			}
		}
		return nil
	}
	f, y := n.Op.Info().Formula(n.Attr), in[len(in)-1].Data
	if len(in) == 2 && in[0].DType == graph.I32 && n.DType == graph.I32 {
		if f = integer(n.Op); f == nil {
			return errMissing
		}
	}
	for i := range x {
		out.Data[i] = f(x[i], y[i])
	}
	return nil
}

// integer is I32 arithmetic: exact in int64, then the lower 32 bits; a
// quotient truncates, and by zero it is zero.
func integer(op graph.Op) func(x, y float64) float64 {
	var f func(x, y int64) int64
	switch op {
	case graph.OpAdd:
		f = func(x, y int64) int64 { return x + y }
	case graph.OpSub:
		f = func(x, y int64) int64 { return x - y }
	case graph.OpMul:
		f = func(x, y int64) int64 { return x * y }
	case graph.OpDiv:
		f = func(x, y int64) int64 {
			if y == 0 {
				return 0
			}
			return x / y
		}
	case graph.OpMax:
		f = func(x, y int64) int64 { return max(x, y) }
	case graph.OpMin:
		f = func(x, y int64) int64 { return min(x, y) }
	default:
		return nil
	}
	return func(x, y float64) float64 { return float64(int32(f(int64(x), int64(y)))) }
}
