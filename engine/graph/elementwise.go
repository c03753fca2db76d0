package graph

import (
	"fmt"
	"math"
)

// Slope is the attribute of the leaky rectifier: the factor of negative values.
type Slope float64

// kink and pole domains of the elementwise tests.
var (
	anywhere = Domain{Lo: -2, Hi: 2}
	positive = Domain{Lo: .3, Hi: 3}
	offZero  = Domain{Lo: -2, Hi: 2, AwayOf: []float64{0}, Margin: .1}
)

func sameFloat(n *Node) (Shape, DType, error) {
	x := n.Inputs[0]
	if !x.DType.IsFloat() {
		return nil, 0, fmt.Errorf("needs a float operand, got %s %s", x.DType, x.Shape)
	}
	return x.Shape, x.DType, nil
}

func signed(n *Node) (Shape, DType, error) {
	x := n.Inputs[0]
	if !x.DType.IsFloat() && x.DType != I32 {
		return nil, 0, fmt.Errorf("needs a number, got %s %s", x.DType, x.Shape)
	}
	return x.Shape, x.DType, nil
}

// of1 and of2 are formulas of operators without attributes.
func of1(f func(x float64) float64) func(any) func(x, y float64) float64 {
	return func(any) func(x, y float64) float64 { return func(x, _ float64) float64 { return f(x) } }
}

func of2(f func(x, y float64) float64) func(any) func(x, y float64) float64 {
	return func(any) func(x, y float64) float64 { return f }
}

// sloped is x where y > 0, else slope*x.
func sloped(slope any, x, y float64) float64 {
	if y > 0 {
		return x
	}
	return float64(slope.(Slope)) * x
}

// truth is a Bool as a number.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func itself(x float64) float64 { return x }

func unary(op Op, name, doc string, d Domain, a Arithmetic, f func(x float64) float64, vjp func(n, dy *Node, i int) *Node) Row {
	return Row{Op: op, Name: name, Arity: 1, Class: Elementwise, Doc: doc, infer: sameFloat, vjp: vjp, Domain: d, Arithmetic: a, Formula: of1(f)}
}

func unaryRows() []Row {
	x := func(n *Node) *Node { return n.Inputs[0] }
	rows := []Row{
		unary(OpNeg, "Neg", "-x", anywhere, Exact, func(x float64) float64 { return -x }, func(n, dy *Node, _ int) *Node { return Neg(dy) }),
		unary(OpAbs, "Abs", "|x|", offZero, Exact, math.Abs, func(n, dy *Node, _ int) *Node { return Mul(dy, Sign(x(n))) }),
		unary(OpSign, "Sign", "-1, 0 or 1", offZero, Exact, func(x float64) float64 { return truth(x > 0) - truth(x < 0) }, nil),
		unary(OpFloor, "Floor", "the largest integer not above x", Domain{Lo: .1, Hi: .9}, Exact, math.Floor, nil),
		unary(OpSqrt, "Sqrt", "sqrt(x)", positive, Iterated, math.Sqrt, func(n, dy *Node, _ int) *Node { return Div(Scale(dy, .5), n) }),
		unary(OpRsqrt, "Rsqrt", "1/sqrt(x)", positive, Iterated, func(x float64) float64 { return 1 / math.Sqrt(x) }, func(n, dy *Node, _ int) *Node {
			return Mul(Scale(dy, -.5), Div(n, x(n)))
		}),
		unary(OpExp, "Exp", "e^x", anywhere, Approximate, math.Exp, func(n, dy *Node, _ int) *Node { return Mul(dy, n) }),
		unary(OpLog, "Log", "ln x", positive, Approximate, math.Log, func(n, dy *Node, _ int) *Node { return Div(dy, x(n)) }),
		unary(OpLog1p, "Log1p", "ln(1+x)", positive, Approximate, math.Log1p, func(n, dy *Node, _ int) *Node { return Div(dy, Shift(x(n), 1)) }),
		unary(OpSin, "Sin", "sin x", anywhere, Approximate, math.Sin, func(n, dy *Node, _ int) *Node { return Mul(dy, Cos(x(n))) }),
		unary(OpCos, "Cos", "cos x", anywhere, Approximate, math.Cos, func(n, dy *Node, _ int) *Node { return Neg(Mul(dy, Sin(x(n)))) }),
		unary(OpErf, "Erf", "2/sqrt(pi) * integral of e^(-t^2) from 0 to x", anywhere, Approximate, math.Erf, func(n, dy *Node, _ int) *Node {
			return Scale(Mul(dy, Exp(Neg(Square(x(n))))), 1.1283791670955126)
		}),
		unary(OpTanh, "Tanh", "tanh x", anywhere, Approximate, math.Tanh, func(n, dy *Node, _ int) *Node {
			return Mul(dy, Shift(Neg(Square(n)), 1))
		}),
		unary(OpSigmoid, "Sigmoid", "1/(1+e^-x)", anywhere, Approximate, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, func(n, dy *Node, _ int) *Node {
			return Mul(dy, Mul(n, Shift(Neg(n), 1)))
		}),
		unary(OpSoftplus, "Softplus", "max(x,0) + ln(1+e^-|x|)", anywhere, Approximate, func(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, func(n, dy *Node, _ int) *Node {
			return Mul(dy, Sigmoid(x(n)))
		}),
		{Op: OpNot, Name: "Not", Arity: 1, Class: Elementwise, Doc: "not x", infer: func(n *Node) (Shape, DType, error) {
			if x(n).DType != Bool {
				return nil, 0, fmt.Errorf("needs a bool operand, got %s", x(n).DType)
			}
			return x(n).Shape, Bool, nil
		}, Formula: of1(func(x float64) float64 { return 1 - x })},
		{Op: OpIsFinite, Name: "IsFinite", Arity: 1, Class: Elementwise, Doc: "neither NaN nor infinite",
			infer: func(n *Node) (Shape, DType, error) {
				s, _, err := sameFloat(n)
				return s, Bool, err
			}, zeroGrad: true, Formula: of1(func(x float64) float64 { return truth(!math.IsNaN(x) && !math.IsInf(x, 0)) })},
		{Op: OpCast, Name: "Cast", Arity: 1, Class: Elementwise, Doc: "x in another type; to bf16 round to nearest even, to integers truncate",
			infer: func(n *Node) (Shape, DType, error) { return x(n).Shape, n.Attr.(DType), nil },
			vjp: func(n, dy *Node, _ int) *Node {
				if !x(n).DType.IsFloat() {
					return nil
				}
				return Cast(dy, x(n).DType)
			}, Domain: anywhere, Arithmetic: Exact, Formula: of1(itself)}, // rounding to the result's type does it
		{Op: OpStopGradient, Name: "StopGradient", Arity: 1, Class: Elementwise, Doc: "x, with gradient zero",
			infer: func(n *Node) (Shape, DType, error) { return x(n).Shape, x(n).DType, nil }, zeroGrad: true, Domain: anywhere,
			Arithmetic: Exact, Formula: of1(itself)},
	}
	for i := range rows {
		switch rows[i].Op {
		case OpSign, OpFloor:
			rows[i].zeroGrad = true
		case OpNeg, OpAbs:
			rows[i].infer = signed
		}
	}
	return rows
}

func sameTwo(n *Node) (Shape, DType, error) {
	x, y := n.Inputs[0], n.Inputs[1]
	if x.DType != y.DType {
		return nil, 0, fmt.Errorf("operands are %s and %s; cast one of them", x.DType, y.DType)
	}
	if !x.Shape.Equal(y.Shape) {
		return nil, 0, fmt.Errorf("operands are %s and %s", x.Shape, y.Shape)
	}
	return x.Shape, x.DType, nil
}

func number2(n *Node) (Shape, DType, error) {
	s, d, err := sameTwo(n)
	if err == nil && (d == Bool || d == U8) {
		err = fmt.Errorf("needs numbers, got %s; cast them", d)
	}
	return s, d, err
}

func float2(n *Node) (Shape, DType, error) {
	s, d, err := sameTwo(n)
	if err == nil && !d.IsFloat() {
		err = fmt.Errorf("needs float operands, got %s", d)
	}
	return s, d, err
}

func compare(n *Node) (Shape, DType, error) {
	s, _, err := sameTwo(n)
	return s, Bool, err
}

func logic(n *Node) (Shape, DType, error) {
	s, d, err := sameTwo(n)
	if err == nil && d != Bool {
		err = fmt.Errorf("needs bool operands, got %s", d)
	}
	return s, d, err
}

// binary is the row of an operator of two operands.
func binary(op Op, name, doc string, infer func(*Node) (Shape, DType, error), d Domain, a Arithmetic, f func(x, y float64) float64,
	vjp func(n, dy, x, y *Node, i int) *Node) Row {
	r := Row{Op: op, Name: name, Arity: 2, Class: Elementwise, Doc: doc, infer: infer, Domain: d, Arithmetic: a, Formula: of2(f)}
	if vjp != nil {
		r.vjp = func(n, dy *Node, i int) *Node { return vjp(n, dy, n.Inputs[0], n.Inputs[1], i) }
	}
	return r
}

// choose is the gradient of the larger or the smaller operand; ties go to the first.
func choose(less bool) func(n, dy, x, y *Node, i int) *Node {
	return func(n, dy, x, y *Node, i int) *Node {
		first := LessEqual(x, y)
		if !less {
			first = LessEqual(y, x)
		}
		zero := n.b.Const(dy.DType, 0)
		if i == 0 {
			return Select(first, dy, zero)
		}
		return Select(first, zero, dy)
	}
}

func arithmeticRows() []Row {
	return []Row{
		binary(OpAdd, "Add", "x + y", number2, anywhere, Rounded, func(x, y float64) float64 { return x + y }, func(_, dy, _, _ *Node, _ int) *Node { return dy }),
		binary(OpSub, "Sub", "x - y", number2, anywhere, Rounded, func(x, y float64) float64 { return x - y }, func(_, dy, _, _ *Node, i int) *Node {
			if i == 0 {
				return dy
			}
			return Neg(dy)
		}),
		binary(OpMul, "Mul", "x * y", number2, anywhere, Rounded, func(x, y float64) float64 { return x * y }, func(_, dy, x, y *Node, i int) *Node {
			if i == 0 {
				return Mul(dy, y)
			}
			return Mul(dy, x)
		}),
		binary(OpDiv, "Div", "x / y", number2, positive, Iterated, func(x, y float64) float64 { return x / y }, func(n, dy, _, y *Node, i int) *Node {
			if i == 0 {
				return Div(dy, y)
			}
			return Neg(Mul(dy, Div(n, y)))
		}),
		binary(OpMax, "Max", "the larger", number2, anywhere, Exact, math.Max, choose(false)),
		binary(OpMin, "Min", "the smaller", number2, anywhere, Exact, math.Min, choose(true)),
		binary(OpPow, "Pow", "x^y, x > 0", float2, positive, Approximate, math.Pow, func(n, dy, x, y *Node, i int) *Node {
			if i == 0 {
				return Mul(dy, Mul(y, Pow(x, Shift(y, -1))))
			}
			return Mul(dy, Mul(n, Log(x)))
		}),
	}
}

func logicRows() []Row {
	rows := []Row{
		binary(OpLess, "Less", "x < y", compare, anywhere, Rounded, func(x, y float64) float64 { return truth(x < y) }, nil),
		binary(OpLessEqual, "LessEqual", "x <= y", compare, anywhere, Rounded, func(x, y float64) float64 { return truth(x <= y) }, nil),
		binary(OpEqual, "Equal", "x == y", compare, anywhere, Rounded, func(x, y float64) float64 { return truth(x == y) }, nil),
		binary(OpAnd, "And", "x and y", logic, Domain{}, Rounded, func(x, y float64) float64 { return truth(x != 0 && y != 0) }, nil),
		binary(OpOr, "Or", "x or y", logic, Domain{}, Rounded, func(x, y float64) float64 { return truth(x != 0 || y != 0) }, nil),
		{Op: OpSelect, Name: "Select", Arity: 3, Class: Elementwise, Doc: "y where x, else z", infer: func(n *Node) (Shape, DType, error) {
			c, x, y := n.Inputs[0], n.Inputs[1], n.Inputs[2]
			if c.DType != Bool || x.DType != y.DType || !c.Shape.Equal(x.Shape) || !x.Shape.Equal(y.Shape) {
				return nil, 0, fmt.Errorf("needs a bool condition and two alike values, got %s %s, %s %s, %s %s",
					c.DType, c.Shape, x.DType, x.Shape, y.DType, y.Shape)
			}
			return x.Shape, x.DType, nil
		}, vjp: func(n, dy *Node, i int) *Node {
			zero := n.b.Const(dy.DType, 0)
			switch i {
			case 1:
				return Select(n.Inputs[0], dy, zero)
			case 2:
				return Select(n.Inputs[0], zero, dy)
			}
			return nil
		}, Domain: anywhere, Arithmetic: Exact},
	}
	for i := range rows {
		switch rows[i].Op {
		case OpLess, OpLessEqual, OpEqual:
			rows[i].zeroGrad = true
		}
	}
	return rows
}

// leakyRows are the leaky rectifier and its gradient, which have its slope.
func leakyRows() []Row {
	rows := []Row{
		unary(OpLeakyRelu, "LeakyRelu", "x where x > 0, else slope*x", offZero, Rounded, nil, func(n, dy *Node, _ int) *Node {
			return n.b.node(OpLeakyReluGrad, n.Attr, dy, n)
		}),
		binary(OpLeakyReluGrad, "LeakyReluGrad", "g where y > 0, else slope*g", float2, offZero, Rounded, nil, func(n, dy, _, y *Node, i int) *Node {
			if i == 1 {
				return nil // y matters by its sign only
			}
			return n.b.node(OpLeakyReluGrad, n.Attr, dy, y)
		}),
	}
	rows[0].Formula = func(slope any) func(x, y float64) float64 {
		return func(x, _ float64) float64 { return sloped(slope, x, x) }
	}
	rows[1].Formula = func(slope any) func(x, y float64) float64 {
		return func(g, y float64) float64 { return sloped(slope, g, y) }
	}
	for i := range rows {
		rows[i].example = Slope(.2)
	}
	return rows
}

func (n *Node) unary(op Op) *Node { return n.b.node(op, nil, n) }

// join broadcasts x and y to their common shape and applies a binary operator.
func join(op Op, attr any, x, y *Node) *Node {
	s, ok := broadcastShapes(x.Shape, y.Shape)
	if !ok {
		fail(op.String(), "shapes %s and %s do not broadcast to one", x.Shape, y.Shape)
	}
	return x.b.node(op, attr, Broadcast(x, s), Broadcast(y, s))
}

// Elementwise functions of one operand; formulas stand in the table.

func Neg(x *Node) *Node      { return x.unary(OpNeg) }
func Abs(x *Node) *Node      { return x.unary(OpAbs) }
func Sign(x *Node) *Node     { return x.unary(OpSign) }
func Floor(x *Node) *Node    { return x.unary(OpFloor) }
func Sqrt(x *Node) *Node     { return x.unary(OpSqrt) }
func Rsqrt(x *Node) *Node    { return x.unary(OpRsqrt) }
func Exp(x *Node) *Node      { return x.unary(OpExp) }
func Log(x *Node) *Node      { return x.unary(OpLog) }
func Log1p(x *Node) *Node    { return x.unary(OpLog1p) }
func Sin(x *Node) *Node      { return x.unary(OpSin) }
func Cos(x *Node) *Node      { return x.unary(OpCos) }
func Erf(x *Node) *Node      { return x.unary(OpErf) }
func Tanh(x *Node) *Node     { return x.unary(OpTanh) }
func Sigmoid(x *Node) *Node  { return x.unary(OpSigmoid) }
func Softplus(x *Node) *Node { return x.unary(OpSoftplus) }
func Not(x *Node) *Node      { return x.unary(OpNot) }
func IsFinite(x *Node) *Node { return x.unary(OpIsFinite) }

// StopGradient is x as a constant: gradients do not pass.
func StopGradient(x *Node) *Node { return x.unary(OpStopGradient) }

// Square is x*x.
func Square(x *Node) *Node { return Mul(x, x) }

// LeakyRelu is x where x > 0, else slope*x, slope >= 0 (He et al. 2015 call it PReLU's fixed form).
func LeakyRelu(x *Node, slope float64) *Node {
	if slope < 0 {
		fail("LeakyRelu", "the slope must not be negative, got %g", slope)
	}
	return x.b.node(OpLeakyRelu, Slope(slope), x)
}

// Relu is max(x, 0).
func Relu(x *Node) *Node { return LeakyRelu(x, 0) }

// Cast is x in type d; x itself where it has that type.
func Cast(x *Node, d DType) *Node {
	if x.DType == d {
		return x
	}
	return x.b.node(OpCast, d, x)
}

// Elementwise functions of two operands, broadcast to their common shape.

func Add(x, y *Node) *Node       { return join(OpAdd, nil, x, y) }
func Sub(x, y *Node) *Node       { return join(OpSub, nil, x, y) }
func Mul(x, y *Node) *Node       { return join(OpMul, nil, x, y) }
func Div(x, y *Node) *Node       { return join(OpDiv, nil, x, y) }
func Max(x, y *Node) *Node       { return join(OpMax, nil, x, y) }
func Min(x, y *Node) *Node       { return join(OpMin, nil, x, y) }
func Pow(x, y *Node) *Node       { return join(OpPow, nil, x, y) }
func Less(x, y *Node) *Node      { return join(OpLess, nil, x, y) }
func LessEqual(x, y *Node) *Node { return join(OpLessEqual, nil, x, y) }
func Equal(x, y *Node) *Node     { return join(OpEqual, nil, x, y) }
func And(x, y *Node) *Node       { return join(OpAnd, nil, x, y) }
func Or(x, y *Node) *Node        { return join(OpOr, nil, x, y) }

// Scale is c*x.
func Scale(x *Node, c float64) *Node { return Mul(x, x.b.Const(x.DType, c)) }

// Shift is x+c.
func Shift(x *Node, c float64) *Node { return Add(x, x.b.Const(x.DType, c)) }

// Select is x where cond holds, else y; all broadcast to their common shape.
func Select(cond, x, y *Node) *Node {
	s, ok := broadcastShapes(x.Shape, y.Shape)
	if ok {
		s, ok = broadcastShapes(s, cond.Shape)
	}
	if !ok {
		fail("Select", "shapes %s, %s and %s do not broadcast to one", cond.Shape, x.Shape, y.Shape)
	}
	return x.b.node(OpSelect, nil, Broadcast(cond, s), Broadcast(x, s), Broadcast(y, s))
}
