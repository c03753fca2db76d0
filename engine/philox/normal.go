package philox

import "math"

// Uniform maps a word to [0, 1): its upper 24 bits times 2^-24, exact in
// float32.
func Uniform(word uint32) float32 {
	return float32(word>>8) * UnitScale
}

// Normal maps a word to a standard normal through the inverse distribution
// function: √2·erfinv(x) with x = 2(k+½)/2²⁴ - 1 for k = word>>8.
//
// x is an odd multiple of 2^-24 in (-1, 1), so it is exact in float32, never
// 0 or ±1, and symmetric: words w and ^w give n and -n. The largest value
// is 5.42. Against the exact function of the same x the error is at most
// 4e-7 times the value (measured over every k by TestNormalEveryInput).
//
// The bits are part of the contract. Each product is rounded to float32
// before it is added, which the conversions force: Go may otherwise fuse
// x*y + z. A device writes the same operations in the same order with
// round-to-nearest multiply, add and square root.
func Normal(word uint32) float32 {
	x := symmetric(word)
	return quantile(x, negLog(oneMinusSquare(x)))
}

// symmetric is x, exact in float32.
func symmetric(word uint32) float32 {
	return float32(int32(word>>8)<<1+1-1<<24) * UnitScale
}

// oneMinusSquare is 1-x² with a small relative error everywhere: 1-|x| is exact.
func oneMinusSquare(x float32) float32 {
	a := math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	return (1 - a) * (1 + a)
}

// quantile is √2·erfinv(x), given w = -log(1-x²).
func quantile(x, w float32) float32 {
	var p float32
	if w < CentralLimit {
		p = polynomial(w-CentralShift,
			Central0, Central1, Central2, Central3, Central4, Central5, Central6, Central7, Central8)
	} else {
		p = polynomial(float32(math.Sqrt(float64(w)))-TailShift, // rounds as a float32 square root
			Tail0, Tail1, Tail2, Tail3, Tail4, Tail5, Tail6, Tail7, Tail8)
	}
	return float32(p * float32(x*Sqrt2))
}

// negLog is -log(t) for t in [2^-24, 1]. The exponent is taken so that the
// remaining factor 1+f lies in [√½, √2).
func negLog(t float32) float32 {
	bits := math.Float32bits(t)
	e := int32(bits-SqrtHalfBits) >> 23
	f := math.Float32frombits(bits-uint32(e)<<23) - 1
	s := float32(f * f)
	y := float32(float32(f*s) * polynomial(f, Log0, Log1, Log2, Log3, Log4, Log5, Log6, Log7, Log8))
	y += float32(float32(e) * Ln2Lo)
	y -= float32(0.5 * s)
	y += f
	return -(y + float32(float32(e)*Ln2Hi))
}

// polynomial is c0·v⁸ + c1·v⁷ + ... + c8, the even and the odd powers each by
// Horner's rule in v²: half as long a chain of operations as Horner's in v.
func polynomial(v, c0, c1, c2, c3, c4, c5, c6, c7, c8 float32) float32 {
	s := float32(v * v)
	even := float32(c0*s) + c2
	odd := float32(c1*s) + c3
	even = float32(even*s) + c4
	odd = float32(odd*s) + c5
	even = float32(even*s) + c6
	odd = float32(odd*s) + c7
	even = float32(even*s) + c8
	return float32(odd*v) + even
}
