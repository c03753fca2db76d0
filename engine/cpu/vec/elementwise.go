package vec

// Unary stores op(x) in dst.
func (o Ops[T]) Unary(op UnaryOp, dst, x []T) {
	x = x[:len(dst)]
	if len(dst) == 0 || o.simd && unarySIMD(o.wide, op, f32(dst), f32(x)) {
		return
	}
	unaryLoop(op, dst, x)
}

// Binary stores a op b in dst.
func (o Ops[T]) Binary(op BinaryOp, dst, a, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if len(dst) == 0 || o.simd && binarySIMD(o.wide, op, f32(dst), f32(a), f32(b)) {
		return
	}
	binaryLoop(op, dst, a, b)
}

// BinaryScalar stores a op s in dst.
func (o Ops[T]) BinaryScalar(op BinaryOp, dst, a []T, s T) {
	a = a[:len(dst)]
	if len(dst) == 0 || o.simd && binaryScalarSIMD(o.wide, op, f32(dst), f32(a), float32(s)) {
		return
	}
	binaryScalarLoop(op, dst, a, s)
}

// ScalarBinary stores s op b in dst. For the commutative instructions it is
// BinaryScalar.
func (o Ops[T]) ScalarBinary(op BinaryOp, dst []T, s T, b []T) {
	switch op {
	case Add, Mul, Max, Min, Equal:
		o.BinaryScalar(op, dst, b, s)
		return
	}
	b = b[:len(dst)]
	if len(dst) == 0 || o.simd && scalarBinarySIMD(o.wide, op, f32(dst), float32(s), f32(b)) {
		return
	}
	scalarBinaryLoop(op, dst, s, b)
}

// LeakyRelu stores x where x > 0 and slope*x elsewhere.
func (o Ops[T]) LeakyRelu(dst, x []T, slope T) {
	x = x[:len(dst)]
	if len(dst) == 0 || o.simd && leakyReluSIMD(o.wide, f32(dst), f32(x), float32(slope)) {
		return
	}
	for i, v := range x {
		if v > 0 {
			dst[i] = v
		} else {
			dst[i] = slope * v
		}
	}
}

// LeakyReluGrad stores g where y > 0 and slope*g elsewhere. For slope >= 0, y
// may be either the input or the output of LeakyRelu.
func (o Ops[T]) LeakyReluGrad(dst, g, y []T, slope T) {
	g, y = g[:len(dst)], y[:len(dst)]
	if len(dst) == 0 || o.simd && leakyReluGradSIMD(o.wide, f32(dst), f32(g), f32(y), float32(slope)) {
		return
	}
	for i, v := range y {
		if v > 0 {
			dst[i] = g[i]
		} else {
			dst[i] = slope * g[i]
		}
	}
}

// Select stores a where mask is not zero and b elsewhere.
func (o Ops[T]) Select(dst, mask, a, b []T) {
	mask, a, b = mask[:len(dst)], a[:len(dst)], b[:len(dst)]
	if len(dst) == 0 || o.simd && selectSIMD(f32(dst), f32(mask), f32(a), f32(b)) {
		return
	}
	for i, m := range mask {
		if m != 0 {
			dst[i] = a[i]
		} else {
			dst[i] = b[i]
		}
	}
}

// MulAdd stores a*b + c, each step rounded.
func (o Ops[T]) MulAdd(dst, a, b, c []T) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	if len(dst) == 0 || o.simd && mulAddSIMD(o.wide, f32(dst), f32(a), f32(b), f32(c)) {
		return
	}
	for i, v := range a {
		dst[i] = T(v*b[i]) + c[i]
	}
}

// Axpy stores a*s + b, each step rounded.
func (o Ops[T]) Axpy(dst, a []T, s T, b []T) {
	a, b = a[:len(dst)], b[:len(dst)]
	if len(dst) == 0 || o.simd && axpySIMD(o.wide, f32(dst), f32(a), float32(s), f32(b)) {
		return
	}
	for i, v := range a {
		dst[i] = T(v*s) + b[i]
	}
}

// AllFinite says that x holds neither NaN nor an infinity.
func (o Ops[T]) AllFinite(x []T) bool {
	if len(x) > 0 && o.simd {
		return allFiniteSIMD(f32(x))
	}
	for _, v := range x {
		if v-v != 0 {
			return false
		}
	}
	return true
}

// Fill stores s everywhere.
func Fill[T Float](dst []T, s T) {
	for i := range dst {
		dst[i] = s
	}
}
