package cpu

import (
	"ganengine/engine/cpu/vec"
	"ganengine/engine/graph"
)

// operator emits n's operator on the expressions args and answers the register
// of the result.
func (k *compiler) operator(n *graph.Node, args []int) (int, error) {
	wide := isWide(n.Inputs[0].DType) // of the operands
	if n.Op == graph.OpSelect {
		wide = isWide(n.DType)
	}
	dst := k.newReg(wide)
	unary, isUnary := unaryCodes[n.Op]
	binary, isBinary := binaryCodes[n.Op]
	switch {
	case n.DType == graph.I32 && len(args) == 2:
		k.emit(instr{op: opInteger, code: uint8(n.Op), wide: true, dst: dst, a: k.reg(args[0]), b: k.reg(args[1])})
	case isUnary:
		k.emit(instr{op: opUnary, code: uint8(unary), wide: wide, dst: dst, a: k.reg(args[0])})
	case n.Op == graph.OpNot:
		one := k.newScalar(scalar{constant: 1, value: -1})
		k.emit(instr{op: opScalarBinary, code: uint8(vec.Sub), dst: dst, a: one.i, b: k.reg(args[0])})
	case n.Op == graph.OpLeakyRelu:
		k.emit(instr{op: opLeaky, wide: wide, dst: dst, a: k.reg(args[0]), imm: float64(n.Attr.(graph.Slope))})
	case n.Op == graph.OpLeakyReluGrad:
		k.emit(instr{op: opLeakyGrad, wide: wide, dst: dst, a: k.reg(args[0]), b: k.reg(args[1]), imm: float64(n.Attr.(graph.Slope))})
	case n.Op == graph.OpSelect:
		mask := k.reg(args[0])
		if wide {
			mask = k.convert(opWiden, mask)
		}
		k.emit(instr{op: opSelect, wide: wide, dst: dst, a: mask, b: k.reg(args[1]), c: k.reg(args[2])})
	case isBinary:
		if n.Op != graph.OpAdd || !k.multiplyAdd(n, dst, args[0], args[1]) && !k.multiplyAdd(n, dst, args[1], args[0]) {
			k.binary(uint8(binary), wide, dst, args[0], args[1])
		}
	default:
		f := n.Op.Info().Formula
		if f == nil {
			return 0, k.unsupported(n, "no rule for this elementwise operator")
		}
		in := instr{op: opFormula, wide: wide, dst: dst, a: k.reg(args[0]), b: -1, f: f(n.Attr)}
		if len(args) == 2 {
			in.b = k.reg(args[1])
		}
		k.emit(in)
	}
	return k.finish(n, wide, dst), nil
}

// finish brings an operator's result to n's type.
func (k *compiler) finish(n *graph.Node, wide bool, r int) int {
	switch {
	case n.DType == graph.Bool && wide:
		return k.convert(opNarrow, r)
	case n.DType == graph.I32 && len(n.Inputs) == 1:
		k.emit(instr{op: opWrap, wide: true, dst: r, a: r})
	case n.DType == graph.BF16 && n.Op.Info().Arithmetic != graph.Exact:
		k.emit(instr{op: opRound, dst: r, a: r})
	}
	return r
}

// binary emits the form that takes a scalar operand as it is.
func (k *compiler) binary(code uint8, wide bool, dst, x, y int) {
	a, b := k.at[x], k.at[y]
	switch {
	case b.scalar && !a.scalar:
		k.emit(instr{op: opBinaryScalar, code: code, wide: wide, dst: dst, a: a.i, b: b.i})
	case a.scalar && !b.scalar:
		k.emit(instr{op: opScalarBinary, code: code, wide: wide, dst: dst, a: a.i, b: b.i})
	default:
		k.emit(instr{op: opBinary, code: code, wide: wide, dst: dst, a: k.reg(x), b: k.reg(y)})
	}
}

// multiplyAdd emits x+y as one instruction where x is a product that nothing
// else needs: both steps round as two would.
func (k *compiler) multiplyAdd(n *graph.Node, dst, x, y int) bool {
	i := k.only(x, 1)
	if i < 0 || k.at[y].scalar || n.DType != graph.F32 && n.DType != graph.F64 {
		return false
	}
	in := k.instrs[i]
	switch {
	case vec.BinaryOp(in.code) != vec.Mul:
		return false
	case in.op == opBinary:
		in.op = opMulAdd
	case in.op == opBinaryScalar:
		in.op = opAxpy
	case in.op == opScalarBinary:
		in.op, in.a, in.b = opAxpy, in.b, in.a
	default:
		return false
	}
	k.drop(i)
	in.dst, in.c = dst, k.reg(y)
	k.emit(in)
	return true
}

// convert emits a change of width.
func (k *compiler) convert(op opcode, r int) int {
	dst := k.newReg(op == opWiden)
	k.emit(instr{op: op, wide: op == opWiden, dst: dst, a: r})
	return dst
}

// cast emits n, a Cast of expression x, which is expression i.
func (k *compiler) cast(i, x int, n *graph.Node) place {
	from, to := k.dtype(x), n.DType
	if p := k.at[x]; p.scalar && k.scalars[p.i].value < 0 {
		return k.newScalar(scalar{constant: to.Round(k.scalars[p.i].constant), value: -1})
	}
	r, wide := k.reg(x), isWide(from)
	step := func(op opcode, imm float64) {
		dst := k.newReg(wide)
		k.emit(instr{op: op, wide: wide, dst: dst, a: r, imm: imm})
		r = dst
	}
	width := func(want bool) {
		if wide != want {
			r, wide = k.convert(map[bool]opcode{true: opWiden, false: opNarrow}[want], r), want
		}
	}
	switch to {
	case graph.Bool:
		if from != graph.Bool {
			step(opNonZero, 0)
		}
	case graph.U8:
		if from != graph.Bool && from != graph.U8 {
			step(opTruncate, 255)
		}
	case graph.I32:
		width(true)
		if from.IsFloat() {
			step(opTruncate, 0)
		}
	case graph.BF16:
		width(false)
		kept := !k.stored[i] || k.uses[i] > 0 || k.folded[i] > 0 // a store rounds by itself
		if kept && from != graph.Bool && from != graph.U8 {
			step(opRound, 0)
		}
	}
	width(isWide(to))
	return place{i: r}
}
