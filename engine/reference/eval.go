package reference

import (
	"fmt"
	"math"

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
	switch len(in) {
	case 1:
		f := unary(n)
		if f == nil {
			return errMissing
		}
		for i := range x {
			out.Data[i] = f(x[i])
		}
	case 2:
		f := binary2(n)
		if in[0].DType == graph.I32 && n.DType == graph.I32 {
			f = integer(n.Op)
		}
		if f == nil {
			return errMissing
		}
		for i := range x {
			out.Data[i] = f(x[i], in[1].Data[i])
		}
	default: // Select: y where x holds, else z
		for i := range x {
			out.Data[i] = in[2].Data[i]
			if x[i] != 0 {
				out.Data[i] = in[1].Data[i]
			}
		}
	}
	return nil
}

// unary is the formula of the table in float64.
func unary(n *graph.Node) func(x float64) float64 {
	switch n.Op {
	case graph.OpNeg: // -x
		return func(x float64) float64 { return -x }
	case graph.OpAbs: // |x|
		return math.Abs
	case graph.OpSign: // -1, 0 or 1
		return func(x float64) float64 { return truth(x > 0) - truth(x < 0) }
	case graph.OpFloor:
		return math.Floor
	case graph.OpSqrt:
		return math.Sqrt
	case graph.OpRsqrt: // 1/sqrt(x)
		return func(x float64) float64 { return 1 / math.Sqrt(x) }
	case graph.OpExp:
		return math.Exp
	case graph.OpLog:
		return math.Log
	case graph.OpLog1p:
		return math.Log1p
	case graph.OpSin:
		return math.Sin
	case graph.OpCos:
		return math.Cos
	case graph.OpErf:
		return math.Erf
	case graph.OpTanh:
		return math.Tanh
	case graph.OpSigmoid: // 1/(1+e^-x)
		return func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	case graph.OpSoftplus: // max(x,0) + ln(1+e^-|x|)
		return func(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
	case graph.OpLeakyRelu: // x where x > 0, else slope*x
		slope := float64(n.Attr.(graph.Slope))
		return func(x float64) float64 { return pick(x > 0, x, slope*x) }
	case graph.OpNot:
		return func(x float64) float64 { return 1 - x }
	case graph.OpIsFinite:
		return func(x float64) float64 { return truth(!math.IsNaN(x) && !math.IsInf(x, 0)) }
	case graph.OpCast, graph.OpStopGradient: // rounding to the result's type does it
		return func(x float64) float64 { return x }
	}
	return nil
}

// binary2 is the formula of the table in float64.
func binary2(n *graph.Node) func(x, y float64) float64 {
	switch n.Op {
	case graph.OpAdd:
		return func(x, y float64) float64 { return x + y }
	case graph.OpSub:
		return func(x, y float64) float64 { return x - y }
	case graph.OpMul:
		return func(x, y float64) float64 { return x * y }
	case graph.OpDiv:
		return func(x, y float64) float64 { return x / y }
	case graph.OpMax:
		return math.Max
	case graph.OpMin:
		return math.Min
	case graph.OpPow:
		return math.Pow
	case graph.OpLess:
		return func(x, y float64) float64 { return truth(x < y) }
	case graph.OpLessEqual:
		return func(x, y float64) float64 { return truth(x <= y) }
	case graph.OpEqual:
		return func(x, y float64) float64 { return truth(x == y) }
	case graph.OpAnd:
		return func(x, y float64) float64 { return truth(x != 0 && y != 0) }
	case graph.OpOr:
		return func(x, y float64) float64 { return truth(x != 0 || y != 0) }
	case graph.OpLeakyReluGrad: // g where y > 0, else slope*g
		slope := float64(n.Attr.(graph.Slope))
		return func(g, y float64) float64 { return pick(y > 0, g, slope*g) }
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

func pick(cond bool, x, y float64) float64 {
	if cond {
		return x
	}
	return y
}

func truth(b bool) float64 { return pick(b, 1, 0) }
