package nn

import (
	"fmt"

	"ganengine/engine/graph"
)

// Dense is x W' + b for x [n, in], W [out, in]; bias nil leaves b out.
func Dense(p *Pass, name string, x *graph.Node, out int, weight, bias Init) (y *graph.Node) {
	p.In(name, func() {
		w := p.Param("w", graph.Shape{out, x.Shape[1]}, weight)
		y = addBias(p, graph.MatMulT(x, w, false, true), bias)
	})
	return y
}

// addBias adds a vector over the last axis, declared as b; nil adds nothing.
func addBias(p *Pass, y *graph.Node, bias Init) *graph.Node {
	if bias == nil {
		return y
	}
	return graph.Add(y, p.Param("b", graph.Shape{y.Shape[len(y.Shape)-1]}, bias))
}

// Window is a convolution's square kernel, stride and padding.
type Window struct{ Kernel, Stride, Pad int }

func (w Window) conv() graph.Conv {
	return graph.Conv{Stride: [2]int{w.Stride, w.Stride}, PadLow: [2]int{w.Pad, w.Pad}, PadHigh: [2]int{w.Pad, w.Pad}}
}

// Conv is a convolution of x NHWC with filters KRSC; bias nil leaves it out.
func Conv(p *Pass, name string, x *graph.Node, out int, w Window, weight, bias Init) (y *graph.Node) {
	p.In(name, func() {
		f := p.Param("w", graph.Shape{out, w.Kernel, w.Kernel, x.Shape[3]}, weight)
		y = addBias(p, graph.Conv2D(x, f, w.conv()), bias)
	})
	return y
}

// ConvTranspose is the transposed convolution of x NHWC; its filters are those
// of the convolution that it is the gradient of, [in, r, s, out].
func ConvTranspose(p *Pass, name string, x *graph.Node, out int, w Window, weight, bias Init) (y *graph.Node) {
	p.In(name, func() {
		f := p.Param("w", graph.Shape{x.Shape[3], w.Kernel, w.Kernel, out}, weight)
		y = addBias(p, graph.ConvTranspose2D(x, f, w.conv(), [2]int{}), bias)
	})
	return y
}

// Embedding is a learned row of length dim for each index of i32 [n].
func Embedding(p *Pass, name string, index *graph.Node, rows, dim int, weight Init) (y *graph.Node) {
	p.In(name, func() {
		y = graph.Gather(p.Param("w", graph.Shape{rows, dim}, weight), index)
	})
	return y
}

// Dropout keeps each element with probability keep and scales what it keeps by
// 1/keep (Srivastava et al. 2014, inverted); outside of training it is x. Its
// random stream is the name with the pass's label.
func Dropout(p *Pass, name string, x *graph.Node, keep float64) *graph.Node {
	if keep <= 0 {
		panic(&graph.BuildError{Op: "Dropout", Msg: fmt.Sprintf("%s keeps a share of %g; it must be above 0", name, keep)})
	}
	if !p.Mode.Train || keep >= 1 {
		return x
	}
	u := p.B.Uniform(p.stream(name), x.DType, x.Shape)
	kept := graph.Less(u, p.B.Const(x.DType, keep))
	return graph.Select(kept, graph.Scale(x, 1/keep), p.B.Const(x.DType, 0))
}
