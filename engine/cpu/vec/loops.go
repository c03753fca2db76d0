package vec

import "math"

func unaryLoop[T Float](op UnaryOp, dst, x []T) {
	dst = dst[:len(x)]
	switch op {
	case Copy:
		copy(dst, x)
	case Neg:
		for i, v := range x {
			dst[i] = -v
		}
	case Abs:
		for i, v := range x {
			dst[i] = T(math.Abs(float64(v)))
		}
	case Sqrt:
		for i, v := range x {
			dst[i] = T(math.Sqrt(float64(v)))
		}
	case Rsqrt:
		for i, v := range x {
			dst[i] = 1 / T(math.Sqrt(float64(v)))
		}
	case Reciprocal:
		for i, v := range x {
			dst[i] = 1 / v
		}
	case Square:
		for i, v := range x {
			dst[i] = v * v
		}
	case Relu:
		for i, v := range x {
			if 0 > v {
				v = 0
			}
			dst[i] = v
		}
	default:
		f := function(op)
		for i, v := range x {
			dst[i] = T(f(float64(v)))
		}
	}
}

// function is the instruction on one float64.
func function(op UnaryOp) func(float64) float64 {
	switch op {
	case Sign:
		return func(x float64) float64 {
			if x != x || x == 0 {
				return x
			}
			return math.Copysign(1, x)
		}
	case Floor:
		return math.Floor
	case IsFinite:
		return func(x float64) float64 { return one[float64](x-x == 0) }
	case Exp:
		return math.Exp
	case Log:
		return math.Log
	case Log1p:
		return math.Log1p
	case Tanh:
		return math.Tanh
	case Sigmoid:
		return func(x float64) float64 {
			e := math.Exp(-math.Abs(x))
			if x < 0 {
				return e / (1 + e)
			}
			return 1 / (1 + e)
		}
	case Softplus:
		return func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
	}
	panic("vec: no unary instruction " + op.String())
}

// one is 1 for true and 0 for false.
func one[T Float](b bool) T {
	if b {
		return 1
	}
	return 0
}

func larger[T Float](a, b T) T {
	if a > b || a != a {
		return a
	}
	return b
}

func smaller[T Float](a, b T) T {
	if a < b || a != a {
		return a
	}
	return b
}

func binaryLoop[T Float](op BinaryOp, dst, a, b []T) {
	dst, b = dst[:len(a)], b[:len(a)]
	switch op {
	case Add:
		for i, v := range a {
			dst[i] = v + b[i]
		}
	case Sub:
		for i, v := range a {
			dst[i] = v - b[i]
		}
	case Mul:
		for i, v := range a {
			dst[i] = v * b[i]
		}
	case Div:
		for i, v := range a {
			dst[i] = v / b[i]
		}
	case Max:
		for i, v := range a {
			dst[i] = larger(v, b[i])
		}
	case Min:
		for i, v := range a {
			dst[i] = smaller(v, b[i])
		}
	case Less:
		for i, v := range a {
			dst[i] = one[T](v < b[i])
		}
	case LessEqual:
		for i, v := range a {
			dst[i] = one[T](v <= b[i])
		}
	case Equal:
		for i, v := range a {
			dst[i] = one[T](v == b[i])
		}
	default:
		panic("vec: no binary instruction " + op.String())
	}
}

// chunk is how many elements of a scalar operand are spread out at once.
const chunk = 64

func binaryScalarLoop[T Float](op BinaryOp, dst, a []T, s T) {
	var b [chunk]T
	Fill(b[:], s)
	for len(dst) > 0 {
		n := min(chunk, len(dst))
		binaryLoop(op, dst[:n], a[:n], b[:n])
		dst, a = dst[n:], a[n:]
	}
}

func scalarBinaryLoop[T Float](op BinaryOp, dst []T, s T, b []T) {
	var a [chunk]T
	Fill(a[:], s)
	for len(dst) > 0 {
		n := min(chunk, len(dst))
		binaryLoop(op, dst[:n], a[:n], b[:n])
		dst, b = dst[n:], b[n:]
	}
}
