package cpu

import (
	"ganengine/engine/cpu/vec"
	"ganengine/engine/graph"
)

// opcode is an instruction of a cluster. Registers hold a tile: narrow ones
// float32 (f32, bf16, u8 and bool values), wide ones float64 (f64 and i32).
type opcode uint8

const (
	opUnary        opcode = iota // dst = code(a)
	opBinary                     // dst = a code b
	opBinaryScalar               // dst = a code scalar b
	opScalarBinary               // dst = scalar a code b
	opLeaky                      // dst = a where a > 0, else imm*a
	opLeakyGrad                  // dst = a where b > 0, else imm*a
	opSelect                     // dst = b where a, else c
	opAxpy                       // dst = a * scalar b + c
	opMulAdd                     // dst = a * b + c
	opFormula                    // dst = f(a, b); b is -1 where f takes one operand
	opInteger                    // dst = a code b, a graph.Op on i32 values
	opWrap                       // dst = the lower 32 bits of a
	opTruncate                   // dst = a without fraction in [0, imm], or in all of i32 if imm is 0
	opNonZero                    // dst = 1 where a is not zero, else 0
	opRound                      // dst = a rounded to bf16
	opWiden                      // wide dst = narrow a
	opNarrow                     // narrow dst = wide a
	opLoad                       // dst = load a of the tile
	opDraw                       // dst = draw a of the tile
	opStore                      // store a of the tile
	opFold                       // fold a of the tile, the register dst
	opFoldProduct                // fold a of the tile, the registers' product dst * b
)

// instr is one instruction. Registers are numbered within their width.
type instr struct {
	op      opcode
	code    uint8
	wide    bool // of dst, or of what is stored or folded
	dst     int
	a, b, c int
	imm     float64
	f       func(x, y float64) float64 // opFormula's
}

// sources lists the registers that an instruction reads.
func (in *instr) sources() (regs [3]int, wide bool) {
	regs = [3]int{-1, -1, -1}
	wide = in.wide
	switch in.op {
	case opUnary, opBinaryScalar, opLeaky, opWrap, opTruncate, opNonZero, opRound:
		regs[0] = in.a
	case opWiden, opNarrow:
		regs[0], wide = in.a, !in.wide
	case opBinary, opLeakyGrad, opFormula, opInteger:
		regs[0], regs[1] = in.a, in.b
	case opScalarBinary:
		regs[0] = in.b
	case opSelect, opMulAdd:
		regs = [3]int{in.a, in.b, in.c}
	case opAxpy:
		regs[0], regs[1] = in.a, in.c
	case opStore, opFold:
		regs[0] = in.dst
	case opFoldProduct:
		regs[0], regs[1] = in.dst, in.b
	}
	return regs, wide
}

// unaryCodes and binaryCodes are the operators that package vec has instructions for; the
// others are computed by their formulas. The rules of booleans hold for masks of 0 and 1.
var unaryCodes = map[graph.Op]vec.UnaryOp{
	graph.OpNeg: vec.Neg, graph.OpAbs: vec.Abs, graph.OpSign: vec.Sign, graph.OpFloor: vec.Floor, graph.OpSqrt: vec.Sqrt,
	graph.OpRsqrt: vec.Rsqrt, graph.OpExp: vec.Exp, graph.OpLog: vec.Log, graph.OpLog1p: vec.Log1p, graph.OpTanh: vec.Tanh,
	graph.OpSigmoid: vec.Sigmoid, graph.OpSoftplus: vec.Softplus, graph.OpIsFinite: vec.IsFinite,
}

var binaryCodes = map[graph.Op]vec.BinaryOp{
	graph.OpAdd: vec.Add, graph.OpSub: vec.Sub, graph.OpMul: vec.Mul, graph.OpDiv: vec.Div, graph.OpMax: vec.Max,
	graph.OpMin: vec.Min, graph.OpLess: vec.Less, graph.OpLessEqual: vec.LessEqual,
	graph.OpEqual: vec.Equal, graph.OpAnd: vec.Mul, graph.OpOr: vec.Max,
}

// isWide says in which registers values of a type are held.
func isWide(d graph.DType) bool { return d == graph.F64 || d == graph.I32 }
