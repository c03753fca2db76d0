package main

import (
	"fmt"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// AVX-512 has those instructions that clusters of bf16 values spend their time in.

// stream is an operand of n elements of so many bytes, or a scalar.
type stream struct {
	name  string
	bytes int // of an element; zero for a scalar
}

// wide emits name(operands..., n): f computes sixteen elements from the operands
// but the first, which it stores. load and store are masked in the tail.
func wide(name, signature string, operands []stream, load func(p Mem, mask Op, v VecVirtual), store func(v VecVirtual, mask Op, p Mem), f body) {
	TEXT(name, attr.NOSPLIT, signature)
	Pragma("noescape")
	ptr, fixed := make([]Register, len(operands)), make([]VecVirtual, len(operands))
	for i, o := range operands {
		if o.bytes > 0 {
			ptr[i] = Load(Param(o.name), GP64())
			continue
		}
		addr, err := Param(o.name).Resolve()
		if err != nil {
			panic(err)
		}
		fixed[i] = ZMM()
		VBROADCASTSS(addr.Addr, fixed[i])
	}
	n := Load(Param("n"), GP64())
	step := func(k int, mask Op) {
		in := append([]VecVirtual(nil), fixed[1:]...)
		for i, o := range operands[1:] {
			if o.bytes > 0 {
				in[i] = ZMM()
				load(Mem{Base: ptr[i+1], Disp: 16 * o.bytes * k}, mask, in[i])
			}
		}
		store(f(in), mask, Mem{Base: ptr[0], Disp: 16 * operands[0].bytes * k})
	}
	for _, unroll := range []int{4, 1} {
		label := fmt.Sprintf("by%d", unroll)
		Label(label)
		CMPQ(n, Imm(uint64(16*unroll)))
		JL(LabelRef(label + "done"))
		for k := range unroll {
			step(k, nil)
		}
		for i, o := range operands {
			if o.bytes > 0 {
				ADDQ(U32(uint32(16*unroll*o.bytes)), ptr[i])
			}
		}
		SUBQ(Imm(uint64(16*unroll)), n)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	TESTQ(n, n)
	JE(LabelRef("return"))
	bits, mask := GP64(), K()
	MOVQ(U32(0xffff), bits)
	BZHIQ(n, bits, bits)
	KMOVW(bits.As32(), mask)
	step(0, mask)
	Label("return")
	VZEROUPPER()
	RET()
}

func loadFloats(p Mem, mask Op, v VecVirtual) {
	if mask == nil {
		VMOVUPS(p, v)
	} else {
		VMOVUPS_Z(p, mask, v)
	}
}

func storeFloats(v VecVirtual, mask Op, p Mem) {
	if mask == nil {
		VMOVUPS(v, p)
	} else {
		VMOVUPS(v, mask, p)
	}
}

// wideFloats is wide for operands as elementwise has them.
func wideFloats(name string, args []string, f body) {
	operands, params := []stream{{"dst", 4}}, []string{"dst *float32"}
	for _, a := range args {
		if v, ok := strings.CutPrefix(a, "*"); ok {
			operands, params = append(operands, stream{v, 4}), append(params, v+" *float32")
		} else {
			operands, params = append(operands, stream{a, 0}), append(params, a+" float32")
		}
	}
	wide(name, "func("+strings.Join(params, ", ")+", n int)", operands, loadFloats, storeFloats, f)
}

func wides() {
	two := func(op func(ops ...Op), a, b VecVirtual) VecVirtual {
		r := ZMM()
		op(b, a, r)
		return r
	}
	for _, o := range []struct {
		name string
		op   func(ops ...Op)
	}{{"add", VADDPS}, {"sub", VSUBPS}, {"mul", VMULPS}} {
		f := func(in []VecVirtual) VecVirtual { return two(o.op, in[0], in[1]) }
		wideFloats(o.name+"AVX512", []string{"*a", "*b"}, f)
		wideFloats(o.name+"ScalarAVX512", []string{"*a", "b"}, f)
	}
	wideFloats("subFromAVX512", []string{"a", "*b"}, func(in []VecVirtual) VecVirtual { return two(VSUBPS, in[0], in[1]) })
	wideFloats("squareAVX512", []string{"*x"}, func(in []VecVirtual) VecVirtual { return two(VMULPS, in[0], in[0]) })
	// Two roundings, as without AVX-512.
	mulAdd := func(in []VecVirtual) VecVirtual { return two(VADDPS, two(VMULPS, in[0], in[1]), in[2]) }
	wideFloats("mulAddAVX512", []string{"*a", "*b", "*c"}, mulAdd)
	wideFloats("axpyAVX512", []string{"*a", "s", "*b"}, mulAdd)
	leaky := func(x, sign, slope VecVirtual) VecVirtual {
		r, positive, zero := two(VMULPS, x, slope), K(), ZMM()
		VXORPS(zero, zero, zero)
		VCMPPS(greater, zero, sign, positive)
		VMOVAPS(x, positive, r)
		return r
	}
	wideFloats("leakyReluAVX512", []string{"*x", "slope"}, func(in []VecVirtual) VecVirtual { return leaky(in[0], in[0], in[1]) })
	wideFloats("leakyReluGradAVX512", []string{"*grad", "*y", "slope"}, func(in []VecVirtual) VecVirtual { return leaky(in[0], in[1], in[2]) })
	wideConversions()
}

func wideConversions() {
	wide("toBF16AVX512", "func(dst *uint16, x *float32, n int)", []stream{{"dst", 2}, {"x", 4}}, loadFloats,
		func(v VecVirtual, mask Op, p Mem) {
			if mask == nil {
				VPMOVDW(v, p)
			} else {
				VPMOVDW(v, mask, p)
			}
		}, func(in []VecVirtual) VecVirtual {
			v, t, r, nan := in[0], ZMM(), ZMM(), K()
			VPSRLD(Imm(16), v, t)
			VPANDD_BCST(bits(1), t, r) // ties go to even
			VPADDD_BCST(bits(0x7fff), r, r)
			VPADDD(v, r, r)
			VPSRLD(Imm(16), r, r)
			VCMPPS(unordered, v, v, nan) // a NaN keeps its sign and stays quiet
			VPORD_BCST(bits(0x40), t, nan, r)
			return r
		})
	wide("fromBF16AVX512", "func(dst *float32, x *uint16, n int)", []stream{{"dst", 4}, {"x", 2}},
		func(p Mem, mask Op, v VecVirtual) {
			if mask == nil {
				VPMOVZXWD(p, v)
			} else {
				VPMOVZXWD_Z(p, mask, v)
			}
		}, storeFloats, func(in []VecVirtual) VecVirtual {
			r := ZMM()
			VPSLLD(Imm(16), in[0], r)
			return r
		})
}
