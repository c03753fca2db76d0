// Package vec is the instruction set of the CPU device's elementwise clusters:
// each call works on whole tiles, slices of equal length of typically 256 to
// 4096 elements that stay in the first-level cache.
//
// Every instruction exists as a plain Go loop over float32 or float64, which is
// the reference, and most of them for float32 also as AVX2 assembly, written by
// internal/gen with avo and chosen when the CPU has AVX2 and FMA; those that values
// in bf16 need most have AVX-512 assembly too. All give the same bits, NaN payloads aside, except for Exp, Log, Log1p, Tanh, Sigmoid and
// Softplus, which stay within a few units in the last place of the exact value
// (polynomials after Moshier's Cephes library). An element's value never
// depends on its place in the tile. NaN propagates through everything but
// comparisons.
//
// A destination may be the same slice as an input; it must not overlap one
// otherwise. Sources are at least as long as the destination, or the call
// panics; scalars are arguments. Nothing allocates.
package vec

//go:generate go run ./internal/gen -out vec_amd64.s -stubs stubs_amd64.go -needs needs_amd64.go -pkg vec

import (
	"fmt"

	"ganengine/engine/internal/isa"
)

// Float is an element type.
type Float interface{ float32 | float64 }

// Ops is a set of implementations of all instructions for one element type.
// The zero value is the plain Go loops.
type Ops[T Float] struct {
	simd bool // only ever true where T is float32 and the CPU runs the functions for AVX2
	wide bool // simd, and the CPU runs those for AVX-512
}

// Best is the fastest set for a processor that has these extensions.
func Best[T Float](have isa.Set) Ops[T] {
	var z T
	_, single := any(z).(float32)
	avx2, avx512 := needs.Split("AVX2")
	simd := single && have.Runs(avx2)
	return Ops[T]{simd: simd, wide: simd && have.Runs(avx512)}
}

// Name says which implementation the set holds, for logs.
func (o Ops[T]) Name() string {
	switch {
	case o.wide:
		return "avx512"
	case o.simd:
		return "avx2"
	}
	return "go"
}

// UnaryOp is an instruction of one operand.
type UnaryOp uint8

// The unary instructions.
const (
	Copy UnaryOp = iota
	Neg
	Abs
	Sqrt
	Rsqrt      // 1/sqrt(x), both steps correctly rounded
	Reciprocal // 1/x
	Square     // x*x
	Sign       // -1, 1, or x itself where it is a zero or NaN
	Floor
	Relu     // max(x, 0)
	IsFinite // 1 or 0
	Exp
	Log
	Log1p
	Tanh
	Sigmoid  // 1/(1+e^-x)
	Softplus // max(x,0) + log1p(e^-|x|)
	unaryOps
)

// BinaryOp is an instruction of two operands.
type BinaryOp uint8

// The binary instructions. Comparisons give a mask of 1 and 0.
const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
	Max // NaN where either operand is
	Min // NaN where either operand is
	Less
	LessEqual
	Equal
	binaryOps
)

var unaryNames = [unaryOps]string{
	"Copy", "Neg", "Abs", "Sqrt", "Rsqrt", "Reciprocal", "Square", "Sign", "Floor", "Relu",
	"IsFinite", "Exp", "Log", "Log1p", "Tanh", "Sigmoid", "Softplus",
}

var binaryNames = [binaryOps]string{
	"Add", "Sub", "Mul", "Div", "Max", "Min", "Less", "LessEqual", "Equal",
}

// String is the instruction's name.
func (op UnaryOp) String() string {
	if op < unaryOps {
		return unaryNames[op]
	}
	return fmt.Sprintf("UnaryOp(%d)", uint8(op))
}

// String is the instruction's name.
func (op BinaryOp) String() string {
	if op < binaryOps {
		return binaryNames[op]
	}
	return fmt.Sprintf("BinaryOp(%d)", uint8(op))
}
