package emit

import (
	"fmt"
	"strings"

	"ganengine/engine/graph"
)

// compute is an elementwise operator on one element.
func (b *builder) compute(n *graph.Node, x []reg) reg {
	var r reg
	switch {
	case n.Op == graph.OpConst:
		return b.constant(n.DType, n.Attr.(graph.Const).Value)
	case n.Op == graph.OpCast:
		return b.cast(x[0], n.Inputs[0].DType, n.DType)
	case n.Op == graph.OpStopGradient:
		return x[0]
	case n.Op == graph.OpSelect:
		return b.choose(x[0], x[1], x[2])
	case n.Inputs[0].DType == graph.Bool:
		return b.logical(n, x)
	case n.Inputs[0].DType.IsFloat():
		r = b.float(n, x)
	default:
		r = b.integer(n, x)
	}
	if n.DType == graph.BF16 && n.Op.Info().Arithmetic != graph.Exact {
		return b.narrow(r)
	}
	return r
}

// comparisons of two numbers; those of floats hold for no NaN.
var comparisons = map[graph.Op]string{graph.OpLess: "lt", graph.OpLessEqual: "le", graph.OpEqual: "eq"}

// float is an operator on f32 or f64 registers.
func (b *builder) float(n *graph.Node, x []reg) reg {
	c := x[0].class
	t := types[c]
	if r := n.Op.Info(); r.Arithmetic == graph.Approximate {
		return b.call("ge_"+strings.ToLower(r.Name), x)
	}
	if how, ok := comparisons[n.Op]; ok {
		return b.op(pred, "setp."+how+t, x[0], x[1])
	}
	switch n.Op {
	case graph.OpNeg:
		return b.op(c, "neg"+t, x[0])
	case graph.OpAbs:
		return b.op(c, "abs"+t, x[0])
	case graph.OpSign:
		up := b.op(c, "selp"+t, real(c, 1), real(c, 0), b.op(pred, "setp.gt"+t, x[0], real(c, 0)))
		down := b.op(c, "selp"+t, real(c, 1), real(c, 0), b.op(pred, "setp.lt"+t, x[0], real(c, 0)))
		return b.op(c, "sub.rn"+t, up, down)
	case graph.OpFloor:
		return b.op(c, "cvt.rmi"+t+t, x[0])
	case graph.OpSqrt:
		return b.op(c, "sqrt.rn"+t, x[0])
	case graph.OpRsqrt:
		return b.op(c, "rcp.rn"+t, b.op(c, "sqrt.rn"+t, x[0]))
	case graph.OpIsFinite:
		return b.op(pred, "setp.lt"+t, b.op(c, "abs"+t, x[0]), infinity[c])
	case graph.OpAdd:
		return b.op(c, "add.rn"+t, x[0], x[1])
	case graph.OpSub:
		return b.op(c, "sub.rn"+t, x[0], x[1])
	case graph.OpMul:
		return b.op(c, "mul.rn"+t, x[0], x[1])
	case graph.OpDiv:
		return b.op(c, "div.rn"+t, x[0], x[1])
	case graph.OpMax, graph.OpMin:
		return b.extreme(n.Op, x[0], x[1])
	case graph.OpLeakyRelu:
		return b.leaky(x[0], x[0], float64(n.Attr.(graph.Slope)))
	case graph.OpLeakyReluGrad:
		return b.leaky(x[0], x[1], float64(n.Attr.(graph.Slope)))
	}
	b.fail("operator %s of %s", n.Op, n.Inputs[0].DType)
	return b.new(c)
}

var infinity = map[class]string{f32: "0f7F800000", f64: "0d7FF0000000000000"}

// leaky is x where y > 0, else slope*x.
func (b *builder) leaky(x, y reg, slope float64) reg {
	t := types[x.class]
	positive := b.op(pred, "setp.gt"+t, y, real(x.class, 0))
	return b.op(x.class, "selp"+t, x, b.op(x.class, "mul.rn"+t, x, real(x.class, slope)), positive)
}

// extreme is the maximum or minimum of two numbers; a NaN of either stays.
func (b *builder) extreme(op graph.Op, x, y reg) reg {
	name := "max"
	if op == graph.OpMin {
		name = "min"
	}
	switch x.class {
	case b32:
		return b.op(b32, name+".s32", x, y)
	case f32:
		return b.op(f32, name+".NaN.f32", x, y)
	}
	// f64 has no such form.
	r := b.op(f64, name+".f64", x, y)
	r = b.op(f64, "selp.f64", x, r, b.op(pred, "setp.nan.f64", x, x))
	return b.op(f64, "selp.f64", y, r, b.op(pred, "setp.nan.f64", y, y))
}

// call calls a function of kernels.Math.
func (b *builder) call(name string, x []reg) reg {
	c := x[0].class
	bits, suffix := "b32", "_f32"
	if c == f64 {
		bits, suffix = "b64", "_f64"
	}
	b.math = append(b.math, name+suffix)
	r := b.new(c)
	b.text.WriteString("\t{\n")
	operands := ""
	for i, a := range x {
		b.line(".param .%s in%d", bits, i)
		b.line("st.param%s [in%d], %s", types[c], i, a)
		if i > 0 {
			operands += ", "
		}
		operands += fmt.Sprintf("in%d", i)
	}
	b.line(".param .%s out", bits)
	b.line("call.uni (out), %s%s, (%s)", name, suffix, operands)
	b.line("ld.param%s %s, [out]", types[c], r)
	b.text.WriteString("\t}\n")
	return r
}

// integer is an operator on I32 or U8.
func (b *builder) integer(n *graph.Node, x []reg) reg {
	if how, ok := comparisons[n.Op]; ok {
		return b.op(pred, "setp."+how+".s32", x[0], x[1])
	}
	switch n.Op {
	case graph.OpNeg:
		return b.op(b32, "neg.s32", x[0])
	case graph.OpAbs:
		return b.op(b32, "abs.s32", x[0])
	case graph.OpAdd:
		return b.op(b32, "add.s32", x[0], x[1])
	case graph.OpSub:
		return b.op(b32, "sub.s32", x[0], x[1])
	case graph.OpMul:
		return b.op(b32, "mul.lo.s32", x[0], x[1])
	case graph.OpDiv: // a quotient by zero is zero
		zero := b.op(pred, "setp.eq.s32", x[1], 0)
		q := b.op(b32, "div.s32", x[0], b.op(b32, "selp.b32", 1, x[1], zero))
		return b.op(b32, "selp.b32", 0, q, zero)
	case graph.OpMax, graph.OpMin:
		return b.extreme(n.Op, x[0], x[1])
	}
	b.fail("operator %s of %s", n.Op, n.Inputs[0].DType)
	return b.new(b32)
}

// logical is an operator on truths.
func (b *builder) logical(n *graph.Node, x []reg) reg {
	switch n.Op {
	case graph.OpNot:
		return b.op(pred, "not.pred", x[0])
	case graph.OpAnd:
		return b.op(pred, "and.pred", x[0], x[1])
	case graph.OpOr:
		return b.op(pred, "or.pred", x[0], x[1])
	}
	if how, ok := comparisons[n.Op]; ok { // false is less than true
		as := func(p reg) reg { return b.op(b32, "selp.b32", 1, 0, p) }
		return b.op(pred, "setp."+how+".s32", as(x[0]), as(x[1]))
	}
	b.fail("operator %s of bool", n.Op)
	return b.new(pred)
}

// choose is x where the condition holds, else y.
func (b *builder) choose(when, x, y reg) reg {
	if x.class != pred {
		return b.op(x.class, "selp"+types[x.class], x, y, when)
	}
	not := b.op(pred, "not.pred", when)
	return b.op(pred, "or.pred", b.op(pred, "and.pred", when, x), b.op(pred, "and.pred", not, y))
}

// cast is x of one type as another, as graph.DType.Round says.
func (b *builder) cast(x reg, from, to graph.DType) reg {
	switch to {
	case graph.Bool:
		return b.truth(x)
	case graph.F32, graph.F64, graph.BF16:
		r := b.toFloat(x, classOf(to))
		if to == graph.BF16 && from != graph.BF16 && from != graph.Bool && from != graph.U8 {
			return b.narrow(r)
		}
		return r
	}
	r := x
	switch x.class {
	case pred:
		return b.op(b32, "selp.b32", 1, 0, x)
	case f32, f64: // truncates, stops at the ends of the range, and a NaN is 0
		r = b.op(b32, "cvt.rzi.s32"+types[x.class], x)
	}
	if to == graph.U8 && from != graph.U8 {
		r = b.op(b32, "min.s32", b.op(b32, "max.s32", r, 0), 255)
	}
	return r
}

// truth is whether x is not 0; a NaN is not.
func (b *builder) truth(x reg) reg {
	switch x.class {
	case pred:
		return x
	case b32:
		return b.op(pred, "setp.ne.s32", x, 0)
	}
	return b.op(pred, "setp.neu"+types[x.class], x, real(x.class, 0))
}

func (b *builder) toFloat(x reg, c class) reg {
	switch {
	case x.class == c:
		return x
	case x.class == pred:
		return b.op(c, "selp"+types[c], real(c, 1), real(c, 0), x)
	case x.class == b32:
		return b.op(c, "cvt.rn"+types[c]+".s32", x)
	case c == f32:
		return b.op(f32, "cvt.rn.f32.f64", x)
	}
	return b.op(f64, "cvt.f64.f32", x)
}
