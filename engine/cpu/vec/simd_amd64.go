package vec

import (
	"math"
	"unsafe"
)

// f32 is x itself as float32, which it is wherever an Ops has simd set.
func f32[T Float](x []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

var unaryAVX2 = [unaryOps]func(dst, x *float32, n int){
	Neg: negAVX2, Abs: absAVX2, Sqrt: sqrtAVX2, Rsqrt: rsqrtAVX2, Reciprocal: reciprocalAVX2,
	Square: squareAVX2, Sign: signAVX2, Floor: floorAVX2, Relu: reluAVX2, IsFinite: isFiniteAVX2,
	Exp: expAVX2, Log: logAVX2, Log1p: log1pAVX2, Tanh: tanhAVX2, Sigmoid: sigmoidAVX2,
	Softplus: softplusAVX2,
}

var binaryAVX2 = [binaryOps]func(dst, a, b *float32, n int){
	Add: addAVX2, Sub: subAVX2, Mul: mulAVX2, Div: divAVX2, Max: maxAVX2, Min: minAVX2,
	Less: lessAVX2, LessEqual: lessEqualAVX2, Equal: equalAVX2,
}

var binaryScalarAVX2 = [binaryOps]func(dst, a *float32, b float32, n int){
	Add: addScalarAVX2, Sub: subScalarAVX2, Mul: mulScalarAVX2, Div: divScalarAVX2,
	Max: maxScalarAVX2, Min: minScalarAVX2,
	Less: lessScalarAVX2, LessEqual: lessEqualScalarAVX2, Equal: equalScalarAVX2,
}

var scalarBinaryAVX2 = [binaryOps]func(dst *float32, a float32, b *float32, n int){
	Sub: subFromAVX2, Div: divFromAVX2, Less: lessFromAVX2, LessEqual: lessEqualFromAVX2,
}

// What AVX-512 has of its own.

var unaryAVX512 = [unaryOps]func(dst, x *float32, n int){Square: squareAVX512}

var binaryAVX512 = [binaryOps]func(dst, a, b *float32, n int){Add: addAVX512, Sub: subAVX512, Mul: mulAVX512}

var binaryScalarAVX512 = [binaryOps]func(dst, a *float32, b float32, n int){
	Add: addScalarAVX512, Sub: subScalarAVX512, Mul: mulScalarAVX512,
}

var scalarBinaryAVX512 = [binaryOps]func(dst *float32, a float32, b *float32, n int){Sub: subFromAVX512}

// The functions below do what their names say for slices of equal length that
// are not empty, and report false where the instruction has no assembly.

func unarySIMD(wide bool, op UnaryOp, dst, x []float32) bool {
	f := unaryAVX2[op]
	if wide && unaryAVX512[op] != nil {
		f = unaryAVX512[op]
	}
	if f != nil {
		f(&dst[0], &x[0], len(dst))
		return true
	}
	return false
}

func binarySIMD(wide bool, op BinaryOp, dst, a, b []float32) bool {
	f := binaryAVX2[op]
	if wide && binaryAVX512[op] != nil {
		f = binaryAVX512[op]
	}
	if f != nil {
		f(&dst[0], &a[0], &b[0], len(dst))
		return true
	}
	return false
}

func binaryScalarSIMD(wide bool, op BinaryOp, dst, a []float32, s float32) bool {
	f := binaryScalarAVX2[op]
	if wide && binaryScalarAVX512[op] != nil {
		f = binaryScalarAVX512[op]
	}
	if f != nil {
		f(&dst[0], &a[0], s, len(dst))
		return true
	}
	return false
}

func scalarBinarySIMD(wide bool, op BinaryOp, dst []float32, s float32, b []float32) bool {
	f := scalarBinaryAVX2[op]
	if wide && scalarBinaryAVX512[op] != nil {
		f = scalarBinaryAVX512[op]
	}
	if f != nil {
		f(&dst[0], s, &b[0], len(dst))
		return true
	}
	return false
}

func leakyReluSIMD(wide bool, dst, x []float32, slope float32) bool {
	if wide {
		leakyReluAVX512(&dst[0], &x[0], slope, len(dst))
	} else {
		leakyReluAVX2(&dst[0], &x[0], slope, len(dst))
	}
	return true
}

func leakyReluGradSIMD(wide bool, dst, g, y []float32, slope float32) bool {
	if wide {
		leakyReluGradAVX512(&dst[0], &g[0], &y[0], slope, len(dst))
	} else {
		leakyReluGradAVX2(&dst[0], &g[0], &y[0], slope, len(dst))
	}
	return true
}

func selectSIMD(dst, mask, a, b []float32) bool {
	selectAVX2(&dst[0], &mask[0], &a[0], &b[0], len(dst))
	return true
}

func mulAddSIMD(wide bool, dst, a, b, c []float32) bool {
	if wide {
		mulAddAVX512(&dst[0], &a[0], &b[0], &c[0], len(dst))
	} else {
		mulAddAVX2(&dst[0], &a[0], &b[0], &c[0], len(dst))
	}
	return true
}

func axpySIMD(wide bool, dst, a []float32, s float32, b []float32) bool {
	if wide {
		axpyAVX512(&dst[0], &a[0], s, &b[0], len(dst))
	} else {
		axpyAVX2(&dst[0], &a[0], s, &b[0], len(dst))
	}
	return true
}

func allFiniteSIMD(x []float32) bool { return allFiniteAVX2(&x[0], len(x)) }

// Those below take slices of any length and report how many elements, or
// columns, from the start they have dealt with.

func sumSIMD(x []float32, s *[lanes]float64) int {
	n := len(x) &^ (lanes - 1)
	sumAVX2(unsafe.SliceData(x), n, s)
	return n
}

func dotSIMD(x, y []float32, s *[lanes]float64) int {
	n := len(x) &^ (lanes - 1)
	dotAVX2(unsafe.SliceData(x), unsafe.SliceData(y), n, s)
	return n
}

func sumSquaresAboutSIMD(x []float32, mean float64, s *[lanes]float64) int {
	n := len(x) &^ (lanes - 1)
	sumSquaresAboutAVX2(unsafe.SliceData(x), mean, n, s)
	return n
}

func maximumSIMD(x []float32) (top float32, rest []float32) {
	var tops [32]float32
	Fill(tops[:], float32(math.Inf(-1)))
	n := len(x) &^ (len(tops) - 1)
	maximumAVX2(unsafe.SliceData(x), n, &tops)
	top = tops[0]
	for _, v := range tops[1:] {
		top = larger(top, v)
	}
	return top, x[n:]
}

func addColumnsSIMD(wide bool, acc []float64, x []float32) int {
	cols := len(acc)
	if cols < 4 {
		return 0
	}
	if wide {
		addColumnsAVX512(&acc[0], unsafe.SliceData(x), len(x)/cols, cols)
	} else {
		addColumnsAVX2(&acc[0], unsafe.SliceData(x), len(x)/cols, cols)
	}
	return cols &^ 3
}

func addColumnsProductSIMD(wide bool, acc []float64, x, y []float32) int {
	cols := len(acc)
	if cols < 4 {
		return 0
	}
	if wide {
		addColumnsProductAVX512(&acc[0], unsafe.SliceData(x), unsafe.SliceData(y), len(x)/cols, cols)
	} else {
		addColumnsProductAVX2(&acc[0], unsafe.SliceData(x), unsafe.SliceData(y), len(x)/cols, cols)
	}
	return cols &^ 3
}

func addColumnsSquaresAboutSIMD(wide bool, acc []float64, x []float32, mean []float64) int {
	cols := len(acc)
	if cols < 4 {
		return 0
	}
	if wide {
		addColumnsSquaresAboutAVX512(&acc[0], unsafe.SliceData(x), &mean[0], len(x)/cols, cols)
	} else {
		addColumnsSquaresAboutAVX2(&acc[0], unsafe.SliceData(x), &mean[0], len(x)/cols, cols)
	}
	return cols &^ 3
}

func toBF16SIMD(wide bool, dst []uint16, x []float32) int {
	if wide {
		toBF16AVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst))
		return len(dst)
	}
	toBF16AVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst))
	return len(dst) &^ 7
}

func fromBF16SIMD(wide bool, dst []float32, x []uint16) int {
	if wide {
		fromBF16AVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst))
		return len(dst)
	}
	fromBF16AVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(dst))
	return len(dst) &^ 7
}

func fromUint8SIMD(dst []float32, x []uint8, scale, shift float32) int {
	fromUint8AVX2(unsafe.SliceData(dst), unsafe.SliceData(x), scale, shift, len(dst))
	return len(dst) &^ 7
}
