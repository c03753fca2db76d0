// Package convtest is what the tests of the CPU's engines of convolutions share: the
// three directions, and every product of one.
package convtest

import "ganengine/engine/cpu/gemm"

// Operation is one of the three directions. Run takes image, filters and result of
// the forward convolution in all of them.
type Operation[T any] struct {
	Name      string
	Result    int // which of image, filters and result it computes
	Workspace func(e gemm.Convolver[T], c gemm.Conv) int
	Run       func(e gemm.Convolver[T], ws, x, w, y []T, c gemm.Conv)
}

// Operations are the three directions.
func Operations[T any]() []Operation[T] {
	return []Operation[T]{
		{"Forward", 2, gemm.Convolver[T].ConvForwardWorkspace, func(e gemm.Convolver[T], ws, x, w, y []T, c gemm.Conv) { e.ConvForward(ws, x, w, y, c) }},
		{"InputGrad", 0, gemm.Convolver[T].ConvInputGradWorkspace, func(e gemm.Convolver[T], ws, x, w, y []T, c gemm.Conv) { e.ConvInputGrad(ws, y, w, x, c) }},
		{"FilterGrad", 1, gemm.Convolver[T].ConvFilterGradWorkspace, func(e gemm.Convolver[T], ws, x, w, y []T, c gemm.Conv) { e.ConvFilterGrad(ws, x, y, w, c) }},
	}
}

// Square is a convolution of square images with equal padding on all sides.
func Square(n, size, c, k, taps, stride, pad int) gemm.Conv {
	out := (size+2*pad-taps)/stride + 1
	return gemm.Conv{N: n, H: size, W: size, C: c, K: k, R: taps, S: taps, P: out, Q: out,
		StrideH: stride, StrideW: stride, PadTop: pad, PadLeft: pad}
}

// Each calls f for every product of the convolution: x at xi meets w at wi, for all
// channels from there on, in y at yi.
func Each(c gemm.Conv, f func(xi, wi, yi int)) {
	for n := range c.N {
		for p := range c.P {
			for q := range c.Q {
				for r := range c.R {
					for s := range c.S {
						h, w := p*c.StrideH-c.PadTop+r, q*c.StrideW-c.PadLeft+s
						if h < 0 || h >= c.H || w < 0 || w >= c.W {
							continue
						}
						for k := range c.K {
							f(((n*c.H+h)*c.W+w)*c.C, ((k*c.R+r)*c.S+s)*c.C, ((n*c.P+p)*c.Q+q)*c.K+k)
						}
					}
				}
			}
		}
	}
}
