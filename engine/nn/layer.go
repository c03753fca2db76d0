package nn

import "ganengine/engine/graph"

// Dense is x W' + b for x [n, in], W [out, in]; bias nil leaves b out.
func Dense(p *Pass, name string, x *graph.Node, out int, weight, bias Init, how ...Weight) (y *graph.Node) {
	p.In(name, func() {
		y = linear(p, graph.Shape{out, x.Shape[1]}, 0, weight, bias, how,
			func(w *graph.Node) *graph.Node { return graph.MatMulT(x, w, false, true) })
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
type Window struct {
	Kernel, Stride, Pad int
	Extra               int // rows and columns more at the end of a transposed convolution's result (output padding)
	Groups              int // of channels, each convolved by itself; 0 means 1
}

func (w Window) conv() graph.Conv {
	return graph.Conv{Stride: [2]int{w.Stride, w.Stride}, PadLow: [2]int{w.Pad, w.Pad}, PadHigh: [2]int{w.Pad, w.Pad}, Groups: w.groups()}
}

func (w Window) groups() int { return max(w.Groups, 1) }

// Conv is a convolution of x NHWC with filters KRSC (c is x's channels over
// groups); bias nil leaves it out.
func Conv(p *Pass, name string, x *graph.Node, out int, w Window, weight, bias Init, how ...Weight) (y *graph.Node) {
	p.In(name, func() {
		y = linear(p, graph.Shape{out, w.Kernel, w.Kernel, x.Shape[3] / w.groups()}, 0, weight, bias, how,
			func(f *graph.Node) *graph.Node { return graph.Conv2D(x, f, w.conv()) })
	})
	return y
}

// ConvTranspose is the transposed convolution of x NHWC; its filters are those
// of the convolution that it is the gradient of, [in, r, s, out/groups].
func ConvTranspose(p *Pass, name string, x *graph.Node, out int, w Window, weight, bias Init, how ...Weight) (y *graph.Node) {
	p.In(name, func() {
		y = linear(p, graph.Shape{x.Shape[3], w.Kernel, w.Kernel, out / w.groups()}, 3, weight, bias, how,
			func(f *graph.Node) *graph.Node {
				return graph.ConvTranspose2D(x, f, w.conv(), [2]int{w.Extra, w.Extra})
			})
	})
	return y
}

// Embedding is a learned row of length dim for each index of i32 [n]; as a matrix
// for how, the rows are its outputs.
func Embedding(p *Pass, name string, index *graph.Node, rows, dim int, weight Init, how ...Weight) (y *graph.Node) {
	p.In(name, func() {
		y = graph.Gather(kind(how).Weight(p, graph.Shape{rows, dim}, 0, weight), index)
	})
	return y
}

// Projection is the part of a critic's logit that knows the class: the product
// [n, 1] of features [n, c] with a learned row for each index of i32 [n] (Miyato
// and Koyama 2018). It is added to the logit of the features alone.
func Projection(p *Pass, name string, features, index *graph.Node, classes int, weight Init, how ...Weight) *graph.Node {
	row := Embedding(p, name, index, classes, features.Shape[1], weight, how...)
	return graph.ReduceSum(graph.Mul(row, features), 1)
}

// GaussianNoise adds N(0, std²) to each element in training; outside of it, it is x. Its
// random stream is the name with the pass's label.
func GaussianNoise(p *Pass, name string, x *graph.Node, std float64) *graph.Node {
	if !p.Mode.Train || std == 0 {
		return x
	}
	return graph.Add(x, graph.Scale(p.B.Normal(p.stream(name), x.DType, x.Shape), std))
}

// Dropout keeps each element with probability keep and scales what it keeps by
// 1/keep (Srivastava et al. 2014, inverted); outside of training it is x. Its
// random stream is the name with the pass's label.
func Dropout(p *Pass, name string, x *graph.Node, keep float64) *graph.Node {
	if keep <= 0 {
		wrong("Dropout", "%s keeps a share of %g; it must be above 0", name, keep)
	}
	if !p.Mode.Train || keep >= 1 {
		return x
	}
	u := p.B.Uniform(p.stream(name), x.DType, x.Shape)
	kept := graph.Less(u, p.B.Const(x.DType, keep))
	return graph.Select(kept, graph.Scale(x, 1/keep), p.B.Const(x.DType, 0))
}
