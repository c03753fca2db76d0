// Command gen writes the AVX2 assembly of package philox and its Go stubs. Run
// it with `go generate ./engine/philox`.
//
// The operations are those of Block and Normal in the same order, so the bits
// are the same: no product is fused with a sum.
package main

import (
	"fmt"

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

// normals is Normal in place, two vectors of 8 words at a time and a last one alone. The
// two are written side by side: each is one long chain of operations, of which the
// processor sees too few at once to begin the next vector while it waits.
func normals() {
	TEXT("normalsAVX2", NOSPLIT, "func(x *float32, n int)")
	Pragma("noescape")
	Doc("normalsAVX2 turns n words, a multiple of 8, into normals in their place.")
	at, n := Load(Param("x"), GP64()), Load(Param("n"), GP64())
	Label("pairs")
	CMPQ(n, Imm(2*splat.Lanes))
	JLT(LabelRef("alone"))
	normalsOf(at, 2)
	SUBQ(Imm(2*splat.Lanes), n)
	JMP(LabelRef("pairs"))
	Label("alone")
	TESTQ(n, n)
	JE(LabelRef("end"))
	normalsOf(at, 1)
	Label("end")
	VZEROUPPER()
	RET()
}

// side is vectors of which each does the same.
type side []VecVirtual

func beside(n int) side {
	s := make(side, n)
	for i := range s {
		s[i] = YMM()
	}
	return s
}

// each has all vectors do one operation before any does the next.
func (s side) each(f func(i int)) {
	for i := range s {
		f(i)
	}
}

// normalsOf turns so many vectors at an address into normals, and moves it on.
func normalsOf(at Register, vectors int) {
	central := fmt.Sprint("central", vectors) // an x beyond its polynomial is one in 300
	x := beside(vectors)
	x.each(func(i int) { VMOVDQU(Mem{Base: at, Disp: 4 * splat.Lanes * i}, x[i]) })
	x.each(func(i int) { VPSRLD(Imm(8), x[i], x[i]) }) // of a register: AVX2 has no shift of what lies in memory
	shifted(x)
	w := negLog(oneMinusSquare(x))

	v, p := beside(vectors), beside(vectors)
	v.each(func(i int) { VSUBPS(splat.Float(philox.CentralShift), w[i], v[i]) })
	polynomial(v, p, philox.Central0, philox.Central1, philox.Central2, philox.Central3, philox.Central4,
		philox.Central5, philox.Central6, philox.Central7, philox.Central8)
	any, mask := GP32(), GP32()
	tail := YMM()
	x.each(func(i int) {
		VCMPPS(Imm(5), splat.Float(philox.CentralLimit), w[i], tail) // not less
		if i == 0 {
			VMOVMSKPS(tail, any)
			return
		}
		VMOVMSKPS(tail, mask)
		ORL(mask, any)
	})
	TESTL(any, any)
	JE(LabelRef(central))
	x.each(func(i int) {
		v, q := beside(1), beside(1)
		VSQRTPS(w[i], v[0])
		VSUBPS(splat.Float(philox.TailShift), v[0], v[0])
		polynomial(v, q, philox.Tail0, philox.Tail1, philox.Tail2, philox.Tail3, philox.Tail4,
			philox.Tail5, philox.Tail6, philox.Tail7, philox.Tail8)
		VCMPPS(Imm(5), splat.Float(philox.CentralLimit), w[i], tail)
		VBLENDVPS(tail, q[0], p[i], p[i])
	})
	Label(central)
	x.each(func(i int) { VMULPS(splat.Float(philox.Sqrt2), x[i], x[i]) })
	x.each(func(i int) { VMULPS(x[i], p[i], p[i]) })
	x.each(func(i int) { VMOVUPS(p[i], Mem{Base: at, Disp: 4 * splat.Lanes * i}) })
	ADDQ(Imm(uint64(4*splat.Lanes*vectors)), at)
}

// shifted turns the upper 24 bits of words into x of Normal.
func shifted(x side) {
	x.each(func(i int) { VPADDD(x[i], x[i], x[i]) })
	x.each(func(i int) { VPSUBD(splat.Bits(1<<24-1), x[i], x[i]) })
	x.each(func(i int) { VCVTDQ2PS(x[i], x[i]) })
	x.each(func(i int) { VMULPS(splat.Float(philox.UnitScale), x[i], x[i]) })
}

func oneMinusSquare(x side) side {
	one, a, t := YMM(), beside(len(x)), beside(len(x))
	VMOVUPS(splat.Float(1), one)
	x.each(func(i int) { VANDPS(splat.Bits(1<<31-1), x[i], a[i]) })
	x.each(func(i int) { VSUBPS(a[i], one, t[i]) })
	x.each(func(i int) { VADDPS(a[i], one, a[i]) })
	x.each(func(i int) { VMULPS(a[i], t[i], t[i]) })
	return t
}

func negLog(t side) side {
	n := len(t)
	e, f, s, y, p := beside(n), beside(n), beside(n), beside(n), beside(n)
	t.each(func(i int) { VPSUBD(splat.Bits(philox.SqrtHalfBits), t[i], e[i]) })
	t.each(func(i int) { VPSRAD(Imm(23), e[i], e[i]) })
	t.each(func(i int) { VPSLLD(Imm(23), e[i], f[i]) })
	t.each(func(i int) { VPSUBD(f[i], t[i], f[i]) })
	t.each(func(i int) { VSUBPS(splat.Float(1), f[i], f[i]) })
	t.each(func(i int) { VCVTDQ2PS(e[i], e[i]) })
	t.each(func(i int) { VMULPS(f[i], f[i], s[i]) })
	polynomial(f, p, philox.Log0, philox.Log1, philox.Log2, philox.Log3, philox.Log4, philox.Log5, philox.Log6, philox.Log7, philox.Log8)
	t.each(func(i int) { VMULPS(s[i], f[i], y[i]) })
	t.each(func(i int) { VMULPS(p[i], y[i], y[i]) })
	t.each(func(i int) { VMULPS(splat.Float(philox.Ln2Lo), e[i], p[i]) })
	t.each(func(i int) { VADDPS(p[i], y[i], y[i]) })
	t.each(func(i int) { VMULPS(splat.Float(0.5), s[i], s[i]) })
	t.each(func(i int) { VSUBPS(s[i], y[i], y[i]) })
	t.each(func(i int) { VADDPS(f[i], y[i], y[i]) })
	t.each(func(i int) { VMULPS(splat.Float(philox.Ln2Hi), e[i], e[i]) })
	t.each(func(i int) { VADDPS(e[i], y[i], y[i]) })
	t.each(func(i int) { VXORPS(splat.Bits(1<<31), y[i], y[i]) })
	return y
}

// polynomial leaves the sum in even.
func polynomial(v, even side, c ...float32) {
	s, odd := beside(len(v)), beside(len(v))
	v.each(func(i int) { VMULPS(v[i], v[i], s[i]) })
	v.each(func(i int) { VMULPS(splat.Float(c[0]), s[i], even[i]) })
	v.each(func(i int) { VMULPS(splat.Float(c[1]), s[i], odd[i]) })
	v.each(func(i int) { VADDPS(splat.Float(c[2]), even[i], even[i]) })
	v.each(func(i int) { VADDPS(splat.Float(c[3]), odd[i], odd[i]) })
	for k := 4; k < 8; k += 2 {
		v.each(func(i int) { VMULPS(s[i], even[i], even[i]) })
		v.each(func(i int) { VMULPS(s[i], odd[i], odd[i]) })
		v.each(func(i int) { VADDPS(splat.Float(c[k]), even[i], even[i]) })
		v.each(func(i int) { VADDPS(splat.Float(c[k+1]), odd[i], odd[i]) })
	}
	v.each(func(i int) { VMULPS(s[i], even[i], even[i]) })
	v.each(func(i int) { VMULPS(v[i], odd[i], odd[i]) })
	v.each(func(i int) { VADDPS(splat.Float(c[8]), even[i], even[i]) })
	v.each(func(i int) { VADDPS(odd[i], even[i], even[i]) })
}
