package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/internal/splat"
)

// bits and f32 give memory operands holding a value in all eight lanes.

func bits(u uint32) Mem { return splat.Bits(u) }

func f32(f float64) Mem { return splat.Float(float32(f)) }

// tailMask is eight words of ones, then eight of zeros: read at word 8-k it
// selects the first k lanes.
var tailMask Mem

func tailMasks() Mem {
	if tailMask.Symbol.Name == "" {
		tailMask = GLOBL("tailmask", attr.RODATA|attr.NOPTR)
		for i := 0; i < 16; i++ {
			v := uint32(0)
			if i < 8 {
				v = math.MaxUint32
			}
			DATA(4*i, U32(v))
		}
	}
	return tailMask
}

// A body computes eight lanes of the result. It must not change its inputs.
type body func(in []VecVirtual) VecVirtual

// elementwise emits name(dst, inputs..., n). Inputs are named as in args:
// "*a" is a vector, "s" a scalar that is spread over all lanes. The tail is
// computed with the same instructions through masked loads and stores, so an
// element's value never depends on its place in the slice.
func elementwise(name string, unroll int, args []string, f body) {
	var params []string
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "*"); ok {
			params = append(params, v+" *float32")
		} else {
			params = append(params, a+" float32")
		}
	}
	TEXT(name, attr.NOSPLIT, fmt.Sprintf("func(dst *float32, %s, n int)", strings.Join(params, ", ")))
	Pragma("noescape")
	dst := Load(Param("dst"), GP64())
	in := make([]VecVirtual, len(args))
	ptr := make([]Register, len(args))
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "*"); ok {
			ptr[i] = Load(Param(v), GP64())
			continue
		}
		addr, err := Param(a).Resolve()
		if err != nil {
			panic(err)
		}
		in[i] = YMM()
		VBROADCASTSS(addr.Addr, in[i])
	}
	n := Load(Param("n"), GP64())

	step := func(lanes func(k int, in []VecVirtual)) func(k int) {
		return func(k int) {
			loaded := append([]VecVirtual(nil), in...)
			lanes(k, loaded)
		}
	}
	full := step(func(k int, in []VecVirtual) {
		for i, p := range ptr {
			if p != nil {
				in[i] = YMM()
				VMOVUPS(Mem{Base: p, Disp: 32 * k}, in[i])
			}
		}
		VMOVUPS(f(in), Mem{Base: dst, Disp: 32 * k})
	})
	advance := func(blocks int) {
		for _, p := range append([]Register{dst}, ptr...) {
			if p != nil {
				ADDQ(Imm(uint64(32*blocks)), p)
			}
		}
		SUBQ(Imm(uint64(8*blocks)), n)
	}
	blocks := func(label string, unroll int) {
		Label(label)
		CMPQ(n, Imm(uint64(8*unroll)))
		JL(LabelRef(label + "done"))
		for k := 0; k < unroll; k++ {
			full(k)
		}
		advance(unroll)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	if unroll > 1 {
		blocks("wide", unroll)
	}
	blocks("eight", 1)

	TESTQ(n, n)
	JE(LabelRef("return"))
	mask := loadTailMask(n)
	step(func(_ int, in []VecVirtual) {
		for i, p := range ptr {
			if p != nil {
				in[i] = YMM()
				VMASKMOVPS(Mem{Base: p}, mask, in[i])
			}
		}
		VMASKMOVPS(f(in), mask, Mem{Base: dst})
	})(0)
	Label("return")
	VZEROUPPER()
	RET()
}

// loadTailMask selects the first n lanes, 0 < n < 8. It changes n.
func loadTailMask(n Register) VecVirtual {
	table, mask := GP64(), YMM()
	LEAQ(tailMasks(), table)
	NEGQ(n)
	VMOVUPS(Mem{Base: table, Index: n, Scale: 4, Disp: 32}, mask)
	return mask
}
