package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The polynomials are those of Moshier's Cephes library, single precision
// (expf.c, logf.c, tanhf.c); the range reductions are written for FMA.

// ln2 = ln2High + ln2Low; n*ln2High is exact for the exponents that occur.
const (
	log2e   = 1.44269504088896341
	ln2High = 0.693359375
	ln2Low  = -2.12194440e-4
)

// horner gives c[0]*x^k + c[1]*x^(k-1) + ... + c[k].
func horner(x VecVirtual, c ...float64) VecVirtual {
	return out(func(r VecVirtual) {
		VMOVUPS(f32(c[0]), r)
		for _, k := range c[1:] {
			VFMADD213PS(f32(k), x, r)
		}
	})
}

// exp: x = n ln2 + r with |r| <= ln2/2; e^x = 2^n (1 + r + r^2 q(r)). The power
// of two is applied in two halves, so that results may be subnormal or
// infinite without a branch.
func exp(x VecVirtual) VecVirtual {
	r, n := YMM(), YMM()
	VMOVUPS(f32(89), r) // e^89 overflows, e^-104 rounds to zero
	VMINPS(x, r, r)     // NaN stays: it is the second operand
	t := YMM()
	VMOVUPS(f32(-104), t)
	VMAXPS(r, t, r)
	VMULPS(f32(log2e), r, n)
	VROUNDPS(Imm(8), n, n)
	VFNMADD231PS(f32(ln2High), n, r)
	VFNMADD231PS(f32(ln2Low), n, r)
	p := horner(r, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
		4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
	VMULPS(r, r, t)
	VFMADD213PS(r, t, p)
	VADDPS(f32(1), p, p)

	half := YMM()
	VCVTPS2DQ(n, n)
	VPSRAD(Imm(1), n, half)
	VPSUBD(half, n, n)
	for _, e := range []VecVirtual{half, n} {
		VPADDD(bits(127), e, e)
		VPSLLD(Imm(23), e, e)
		VMULPS(e, p, p)
	}
	return p
}

// log: x = 2^e m with m in [sqrt(1/2), sqrt(2)), f = m-1,
// log x = e ln2 + f - f^2/2 + f^3 q(f).
func log(x VecVirtual) VecVirtual {
	m, e, small := YMM(), YMM(), YMM()
	VCMPPS(less, f32(0x1p-126), x, small) // subnormals are scaled up
	VMULPS(f32(0x1p23), x, m)
	VBLENDVPS(small, m, x, m)
	VANDPS(f32(23), small, small)

	VPSUBD(bits(0x3f3504f3), m, e) // the bits of sqrt(1/2)
	VPSRAD(Imm(23), e, e)
	t := YMM()
	VPSLLD(Imm(23), e, t)
	VPSUBD(t, m, m)
	VCVTDQ2PS(e, e)
	VSUBPS(small, e, e)
	VSUBPS(f32(1), m, m)

	y := horner(m, 7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1,
		-1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
		2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
	VMULPS(m, m, t)
	VMULPS(m, y, y)
	VMULPS(t, y, y)
	VFMADD231PS(f32(ln2Low), e, y)
	VMULPS(f32(0.5), m, t)
	VFNMADD231PS(t, m, y)
	VADDPS(y, m, y)
	VFMADD231PS(f32(ln2High), e, y)

	VBLENDVPS(compare(notLess, x, bits(exponent)), x, y, y) // +Inf and NaN stay
	VBLENDVPS(compare(less, x, f32(0)), bits(0x7fc00000), y, y)
	VBLENDVPS(compare(equal, x, f32(0)), bits(signBit|exponent), y, y)
	return y
}

// log1p: with u = 1+x rounded and c = x - (u-1) what the rounding lost,
// log(1+x) = log u + c/u. Where c is zero or not a number (u = 0 or infinite)
// there is nothing to add.
func log1p(x VecVirtual) VecVirtual {
	u, c := YMM(), YMM()
	VADDPS(f32(1), x, u)
	VSUBPS(f32(1), u, c)
	VSUBPS(c, x, c)
	lost := compare(notEqual, c, f32(0))
	VDIVPS(u, c, c)
	VANDPS(lost, c, c)
	y := log(u)
	VADDPS(c, y, y)
	return y
}

// tanh: an odd polynomial below 0.625, 1 - 2/(e^2|x| + 1) with x's sign above.
func tanh(x VecVirtual) VecVirtual {
	a := abs(x)
	twice := YMM()
	VADDPS(a, a, twice)
	big := exp(twice)
	VADDPS(f32(1), big, big)
	two := YMM()
	VMOVUPS(f32(2), two)
	VDIVPS(big, two, two)
	VSUBPS(two, one(), big)
	sign := YMM()
	VANDPS(bits(signBit), x, sign)
	VORPS(sign, big, big)

	z := YMM()
	VMULPS(x, x, z)
	p := horner(z, -5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2,
		1.33314422036e-1, -3.33332819422e-1)
	VMULPS(z, p, p)
	VFMADD213PS(x, x, p)
	VBLENDVPS(compare(less, a, f32(0.625)), p, big, p)
	return p
}

// sigmoid: e = e^-|x|; 1/(1+e) for x >= 0 and e/(1+e) below.
func sigmoid(x VecVirtual) VecVirtual {
	e := YMM()
	VORPS(bits(signBit), x, e)
	e = exp(e)
	top := YMM()
	VBLENDVPS(x, e, one(), top)
	VADDPS(f32(1), e, e)
	VDIVPS(e, top, top)
	return top
}

// softplus: max(x, 0) + log1p(e^-|x|).
func softplus(x VecVirtual) VecVirtual {
	e := YMM()
	VORPS(bits(signBit), x, e)
	y := log1p(exp(e))
	VADDPS(positive(x), y, y)
	return y
}
