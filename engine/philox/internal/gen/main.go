// Command gen writes the AVX2 assembly of package philox and its Go stubs. Run
// it with `go generate ./engine/philox`.
//
// The operations are those of Block and Normal in the same order, so the bits
// are the same: no product is fused with a sum.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/internal/isa/isagen"
	"ganengine/engine/internal/splat"
	"ganengine/engine/philox"
)

func main() {
	words()
	normals()
	isagen.Generate("needs")
}

// words computes 8 blocks at a time, one a lane.
func words() {
	TEXT("wordsAVX2", NOSPLIT, "func(dst *uint32, groups int, key *[2]uint32, counter *[4]uint32)")
	Pragma("noescape")
	Doc("wordsAVX2 stores the words of 8 groups blocks, of counter and those after it in its first word.")
	dst, groups := Load(Param("dst"), GP64()), Load(Param("groups"), GP64())
	key, counter := Load(Param("key"), GP64()), Load(Param("counter"), GP64())
	first := YMM()
	VPBROADCASTD(Mem{Base: counter}, first)
	iota := GLOBL("iota", RODATA|NOPTR)
	for i := range splat.Lanes {
		DATA(4*i, U32(i))
	}
	VPADDD(iota, first, first)

	Label("words")
	var k [2]Register
	for i := range k {
		k[i] = GP32()
		MOVL(Mem{Base: key, Disp: 4 * i}, k[i])
	}
	c := [4]VecVirtual{YMM(), YMM(), YMM(), YMM()}
	VMOVDQU(first, c[0])
	for i := 1; i < 4; i++ {
		VPBROADCASTD(Mem{Base: counter, Disp: 4 * i}, c[i])
	}
	for r := range philox.Rounds {
		if r > 0 {
			ADDL(U32(philox.Weyl0), k[0])
			ADDL(U32(philox.Weyl1), k[1])
		}
		hi0, lo0 := multiply(c[0], philox.Mul0)
		hi1, lo1 := multiply(c[2], philox.Mul1)
		xor := func(hi, other VecVirtual, k Register) VecVirtual {
			x, y := XMM(), YMM()
			VMOVD(k, x)
			VPBROADCASTD(x, y)
			VPXOR(y, other, y)
			VPXOR(y, hi, y)
			return y
		}
		c = [4]VecVirtual{xor(hi1, c[1], k[0]), lo1, xor(hi0, c[3], k[1]), lo0}
	}
	interleave(c, dst)
	VPADDD(splat.Bits(splat.Lanes), first, first)
	ADDQ(Imm(4*4*splat.Lanes), dst)
	DECQ(groups)
	JNE(LabelRef("words"))
	VZEROUPPER()
	RET()
}

// multiply gives the upper and the lower halves of x times m in each lane.
func multiply(x VecVirtual, m uint32) (hi, lo VecVirtual) {
	even, odd := YMM(), YMM()
	hi, lo = YMM(), YMM()
	VPSRLQ(Imm(32), x, odd)
	VPMULUDQ(splat.Bits(m), x, even)
	VPMULUDQ(splat.Bits(m), odd, odd)
	VPSRLQ(Imm(32), even, hi)
	VPBLENDD(Imm(0xaa), odd, hi, hi)
	VPSLLQ(Imm(32), odd, lo)
	VPBLENDD(Imm(0xaa), lo, even, lo)
	return hi, lo
}

// interleave stores the four words of lane 0, then those of lane 1 ...
func interleave(c [4]VecVirtual, dst Register) {
	unpack := func(f func(...Op), a, b VecVirtual) VecVirtual {
		r := YMM()
		f(b, a, r)
		return r
	}
	ab, cd := unpack(VPUNPCKLDQ, c[0], c[1]), unpack(VPUNPCKLDQ, c[2], c[3])
	ef, gh := unpack(VPUNPCKHDQ, c[0], c[1]), unpack(VPUNPCKHDQ, c[2], c[3])
	l := [4]VecVirtual{ // splat.Lanes i and i+4 in the halves
		unpack(VPUNPCKLQDQ, ab, cd), unpack(VPUNPCKHQDQ, ab, cd), unpack(VPUNPCKLQDQ, ef, gh), unpack(VPUNPCKHQDQ, ef, gh)}
	for i, half := range []uint64{0x20, 0x31} {
		for j := range 2 {
			r := YMM()
			VPERM2I128(Imm(half), l[2*j+1], l[2*j], r)
			VMOVDQU(r, Mem{Base: dst, Disp: 64*i + 32*j})
		}
	}
}

// normals is Normal in place, 8 words at a time.
func normals() {
	TEXT("normalsAVX2", NOSPLIT, "func(x *float32, n int)")
	Pragma("noescape")
	Doc("normalsAVX2 turns n words, a multiple of 8, into normals in their place.")
	at, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	Label("normals")
	x := YMM()
	VMOVDQU(Mem{Base: at}, x)
	VPSRLD(Imm(8), x, x) // of a register: AVX2 has no shift of what lies in memory
	shifted(x)
	w := negLog(oneMinusSquare(x))

	v, p, tail := YMM(), YMM(), YMM()
	VSUBPS(splat.Float(philox.CentralShift), w, v)
	polynomial(v, p, philox.Central0, philox.Central1, philox.Central2, philox.Central3, philox.Central4,
		philox.Central5, philox.Central6, philox.Central7, philox.Central8)
	VCMPPS(Imm(5), splat.Float(philox.CentralLimit), w, tail) // not less
	mask := GP32()
	VMOVMSKPS(tail, mask)
	TESTL(mask, mask)
	JE(LabelRef("central"))
	q := YMM()
	VSQRTPS(w, v)
	VSUBPS(splat.Float(philox.TailShift), v, v)
	polynomial(v, q, philox.Tail0, philox.Tail1, philox.Tail2, philox.Tail3, philox.Tail4,
		philox.Tail5, philox.Tail6, philox.Tail7, philox.Tail8)
	VBLENDVPS(tail, q, p, p)
	Label("central")
	VMULPS(splat.Float(philox.Sqrt2), x, x)
	VMULPS(x, p, p)
	VMOVUPS(p, Mem{Base: at})
	ADDQ(Imm(4*splat.Lanes), at)
	SUBQ(Imm(splat.Lanes), n)
	JNE(LabelRef("normals"))
	VZEROUPPER()
	RET()
}

// shifted turns the upper 24 bits of words into x of Normal.
func shifted(x VecVirtual) {
	VPADDD(x, x, x)
	VPSUBD(splat.Bits(1<<24-1), x, x)
	VCVTDQ2PS(x, x)
	VMULPS(splat.Float(philox.UnitScale), x, x)
}

func oneMinusSquare(x VecVirtual) VecVirtual {
	one, a, t := YMM(), YMM(), YMM()
	VMOVUPS(splat.Float(1), one)
	VANDPS(splat.Bits(1<<31-1), x, a)
	VSUBPS(a, one, t)
	VADDPS(a, one, a)
	VMULPS(a, t, t)
	return t
}

func negLog(t VecVirtual) VecVirtual {
	e, f, s, y, p := YMM(), YMM(), YMM(), YMM(), YMM()
	VPSUBD(splat.Bits(philox.SqrtHalfBits), t, e)
	VPSRAD(Imm(23), e, e)
	VPSLLD(Imm(23), e, f)
	VPSUBD(f, t, f)
	VSUBPS(splat.Float(1), f, f)
	VCVTDQ2PS(e, e)
	VMULPS(f, f, s)
	polynomial(f, p, philox.Log0, philox.Log1, philox.Log2, philox.Log3, philox.Log4, philox.Log5, philox.Log6, philox.Log7, philox.Log8)
	VMULPS(s, f, y)
	VMULPS(p, y, y)
	VMULPS(splat.Float(philox.Ln2Lo), e, p)
	VADDPS(p, y, y)
	VMULPS(splat.Float(0.5), s, s)
	VSUBPS(s, y, y)
	VADDPS(f, y, y)
	VMULPS(splat.Float(philox.Ln2Hi), e, e)
	VADDPS(e, y, y)
	VXORPS(splat.Bits(1<<31), y, y)
	return y
}

// polynomial leaves the sum in even.
func polynomial(v, even VecVirtual, c ...float32) {
	s, odd := YMM(), YMM()
	VMULPS(v, v, s)
	VMULPS(splat.Float(c[0]), s, even)
	VADDPS(splat.Float(c[2]), even, even)
	VMULPS(splat.Float(c[1]), s, odd)
	VADDPS(splat.Float(c[3]), odd, odd)
	for i := 4; i < 8; i += 2 {
		VMULPS(s, even, even)
		VADDPS(splat.Float(c[i]), even, even)
		VMULPS(s, odd, odd)
		VADDPS(splat.Float(c[i+1]), odd, odd)
	}
	VMULPS(s, even, even)
	VADDPS(splat.Float(c[8]), even, even)
	VMULPS(v, odd, odd)
	VADDPS(odd, even, even)
}
