//go:build linux && cgo

package onednn

// #include "shim.h"
import "C"

// ownBases says that the tensors of a computation are x, w and y.
var ownBases = [3]C.int{C.BASE_X, C.BASE_W, C.BASE_Y}

func (t DType) c() C.int {
	if t == BFloat16 {
		return C.TYPE_BF16
	}
	return C.TYPE_F32
}

// setTensor describes a tensor by the size and the stride of each dimension.
func setTensor(t *C.tensor_t, d DType, dims, strides []int) {
	t.n, t._type = C.int(len(dims)), d.c()
	for i := range dims {
		t.dims[i], t.strides[i] = C.int64_t(dims[i]), C.int64_t(strides[i])
	}
}

// computation describes c in oneDNN's order of dimensions: images NCHW, filters
// OIHW, or GOIHW with groups; the strides say that channels lie innermost.
func (c Conv) computation(direction C.int) *C.computation_t {
	k := &C.computation_t{direction: direction, bases: ownBases, convolution: 1}
	cg, kg := c.C/c.Groups, c.K/c.Groups
	setTensor(&k.tensors[0], c.DType, []int{c.N, c.C, c.H, c.W}, []int{c.H * c.W * c.C, 1, c.W * c.C, c.C})
	setTensor(&k.tensors[2], c.DType, []int{c.N, c.K, c.P, c.Q}, []int{c.P * c.Q * c.K, 1, c.Q * c.K, c.K})
	row := c.S * cg
	dims, strides := []int{c.Groups, kg, cg, c.R, c.S}, []int{kg * c.R * row, c.R * row, 1, row, cg}
	if c.Groups == 1 {
		dims, strides = dims[1:], strides[1:]
	}
	setTensor(&k.tensors[1], c.DType, dims, strides)
	if c.WideResult {
		k.tensors[[]int{2, 0, 1}[direction]]._type = C.TYPE_F32
	}
	for i := range c.Stride {
		k.strides[i] = C.int64_t(c.Stride[i])
		k.pad_l[i], k.pad_r[i] = C.int64_t(c.Pad[2*i]), C.int64_t(c.Pad[2*i+1])
	}
	return k
}

// whole says that the filter covers the image exactly once: the convolution is
// then a matrix product of x [N, R·S·C] and w [K, R·S·C], which is 3 to 5 times
// as fast as oneDNN's convolution of a single position.
func (c Conv) whole() bool {
	return c.P == 1 && c.Q == 1 && c.R == c.H && c.S == c.W && c.Pad == [4]int{} && c.Groups == 1
}

// product describes a whole convolution.
func (c Conv) product(direction C.int) *C.computation_t {
	m := MatMul{Batch: 1, DType: c.DType, WideResult: c.WideResult}
	var bases [3]C.int
	row := c.R * c.S * c.C
	switch direction {
	case C.FORWARD: // y = x·wᵀ
		m.M, m.K, m.N, m.TransB = c.N, row, c.K, true
		bases = ownBases
	case C.INPUT_GRAD: // x = y·w
		m.M, m.K, m.N = c.N, c.K, row
		bases = [3]C.int{C.BASE_Y, C.BASE_W, C.BASE_X}
	case C.FILTER_GRAD: // w = yᵀ·x
		m.M, m.K, m.N, m.TransA = c.K, c.N, row, true
		bases = [3]C.int{C.BASE_Y, C.BASE_X, C.BASE_W}
	}
	k := m.computation()
	k.bases = bases
	return k
}

// computation describes m as oneDNN's product of [Batch,M,K] and [Batch,K,N];
// a transposition is an exchange of strides.
func (m MatMul) computation() *C.computation_t {
	k := &C.computation_t{direction: C.FORWARD, bases: ownBases}
	a, b, c := m.stored()
	set := func(i int, t matrix, rows, cols int, transposed bool) {
		strides := []int{t.rows * t.ld, t.ld, 1}
		if transposed {
			strides[1], strides[2] = strides[2], strides[1]
		}
		setTensor(&k.tensors[i], m.DType, []int{m.Batch, rows, cols}, strides)
	}
	set(0, a, m.M, m.K, m.TransA)
	set(1, b, m.K, m.N, m.TransB)
	set(2, c, m.M, m.N, false)
	if m.WideResult {
		k.tensors[2]._type = C.TYPE_F32
	}
	return k
}
