package amx

import "ganengine/engine/cpu/gemm"

// Product describes C = op(A) op(B) for row-major matrices, op(A) M×K and op(B)
// K×N, of which one may be stored transposed, as K×M or N×K.
type Product struct {
	M, N, K        int
	TransA, TransB bool
}

// SupportsProduct says whether the engine computes p.
func (e *Engine) SupportsProduct(p Product) bool {
	return min(p.M, p.N, p.K) > 0 && !(p.TransA && p.TransB)
}

// conv is the convolution of images of one pixel that p is: forward where B is
// transposed, the filter gradient where A is, else the input gradient.
func (p Product) conv() gemm.Conv {
	c := gemm.Conv{H: 1, W: 1, R: 1, S: 1, P: 1, Q: 1, StrideH: 1, StrideW: 1}
	switch {
	case p.TransB:
		c.N, c.C, c.K = p.M, p.K, p.N
	case p.TransA:
		c.N, c.C, c.K = p.K, p.N, p.M
	default:
		c.N, c.C, c.K = p.M, p.N, p.K
	}
	return c
}

// Multiply computes p.
func (e *Engine) Multiply(ws []uint16, p Product, a, b, c []uint16) {
	switch {
	case p.TransB:
		e.ConvForward(ws, a, b, c, p.conv())
	case p.TransA:
		e.ConvFilterGrad(ws, b, a, c, p.conv())
	default:
		e.ConvInputGrad(ws, a, b, c, p.conv())
	}
}

// MultiplyWorkspace is the number of elements of workspace that p needs.
func (e *Engine) MultiplyWorkspace(p Product) int {
	switch {
	case p.TransB:
		return e.ConvForwardWorkspace(p.conv())
	case p.TransA:
		return e.ConvFilterGradWorkspace(p.conv())
	}
	return e.ConvInputGradWorkspace(p.conv())
}
