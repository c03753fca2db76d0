//go:build cuda && cgo && linux

package cuda

import (
	"fmt"
	"time"

	"ganengine/cuda/cudnn"
	"ganengine/cuda/emit"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
	"ganengine/kernels"
)

// convolution is a convolution of cuDNN's: the plan, and the values of x, w and y.
type convolution struct {
	plan    *cudnn.Plan
	x, w, y int
}

// product lowers a matrix product or a convolution.
func (l *lowering) product(n *graph.Node, p plan.Step) error {
	work := n.Flops()
	cost := device.Cost{Kind: n.Op.String() + " " + n.DType.String(), Type: n.DType.String(), Flops: work, Least: work, Bytes: l.Bytes(p)}
	if n.Op == graph.OpMatMul {
		a := n.Attr.(graph.MatMulAttr)
		precision, err := precisionOf(n.DType, a.TF32)
		if err != nil {
			return l.unsupported(n.Describe(), err)
		}
		depth := n.Inputs[0].Shape[1]
		if a.TransA {
			depth = n.Inputs[0].Shape[0]
		}
		q, err := kernels.MatMul(n.Shape[0], n.Shape[1], depth, a.TransA, a.TransB, precision)
		return l.ownProduct(n, q, err, cost, p)
	}
	c := conv(n)
	precision, err := precisionOf(n.DType, n.Attr.(graph.Conv).TF32)
	if err != nil {
		return l.unsupported(n.Describe(), err)
	}
	if precision == kernels.BF16 {
		if q, ok := kernels.Image(kernels.Direction(c.Direction), ownShape(c)); ok { // cuDNN pads such images
			return l.ownProduct(n, q, nil, cost, p)
		}
	}
	if precision != kernels.F64 {
		c.Type = [...]cudnn.Type{kernels.F32: cudnn.Float32, kernels.TF32: cudnn.TF32, kernels.BF16: cudnn.BFloat16}[precision]
		began := time.Now()
		found, err := l.planFor(c)
		l.planning += time.Since(began)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Describe(), err)
		}
		if found != nil {
			p.Scratch = found.Workspace
			l.add(step{conv: l.place(n, found)}, cost, p)
			return nil
		}
	}
	q, err := kernels.Conv(kernels.Direction(c.Direction), ownShape(c), precision)
	return l.ownProduct(n, q, err, cost, p)
}

// resample lowers Resample.
func (l *lowering) resample(n *graph.Node, p plan.Step) error {
	precision, err := precisionOf(n.DType, false)
	if err != nil {
		return l.unsupported(n.Describe(), err)
	}
	q, err := kernels.Resample(emit.Resampling(n), precision)
	return l.ownProduct(n, q, err, device.Cost{Kind: n.Op.String(), Type: n.DType.String(), Bytes: l.Bytes(p)}, p)
}

// place says which of the operator's operands and result are x, w and y.
func (l *lowering) place(n *graph.Node, p *cudnn.Plan) *convolution {
	v, at := l.Operands(n), operands(p.Conv.Direction)
	return &convolution{p, v[at[0]], v[at[1]], v[at[2]]}
}

// ownProduct adds a product of package kernels.
func (l *lowering) ownProduct(n *graph.Node, q kernels.Product, err error, cost device.Cost, p plan.Step) error {
	if err != nil {
		return l.unsupported(n.Describe(), err)
	}
	st := step{launches: ownLaunches(q, l.Operands(n))}
	p.Scratch = q.Scratch
	l.add(st, cost, p)
	return nil
}

// ownLaunches are a product's launches on operands and a result, which are values.
func ownLaunches(q kernels.Product, v []int) []launch {
	var all []launch
	for _, e := range q.Launches {
		k := launch{entry: e.Entry, library: true, grid: e.Grid, block: e.Block}
		for _, a := range e.Pointers {
			if a == kernels.Scratch {
				k.arguments = append(k.arguments, argument{value: -1, scratch: true})
			} else {
				k.arguments = append(k.arguments, argument{value: v[a]})
			}
		}
		for _, s := range e.Scalars {
			k.arguments = append(k.arguments, argument{value: -1, scalar: s})
		}
		all = append(all, k)
	}
	return all
}

// conv is a convolution's node as cuDNN has it, but for the type.
func conv(n *graph.Node) cudnn.Conv {
	a := n.Attr.(graph.Conv)
	o := a.Out()
	c := cudnn.Conv{H: a.In[0], W: a.In[1], R: a.Kernel[0], S: a.Kernel[1], P: o[0], Q: o[1], Stride: a.Stride,
		Pad: [4]int{a.PadLow[0], a.PadHigh[0], a.PadLow[1], a.PadHigh[1]}, Groups: a.Groups}
	x, y := n.Inputs[0].Shape, n.Shape // images before and after
	switch n.Op {
	case graph.OpConv2DInputGrad:
		c.Direction = cudnn.InputGrad
		x, y = y, x
	case graph.OpConv2DFilterGrad:
		c.Direction = cudnn.FilterGrad
		y = n.Inputs[1].Shape
	}
	c.N, c.C, c.K = x[0], x[3], y[3]
	return c
}

// ownShape is a convolution as package kernels has it.
func ownShape(c cudnn.Conv) kernels.Shape {
	return kernels.Shape{N: c.N, H: c.H, W: c.W, C: c.C, K: c.K, R: c.R, S: c.S, P: c.P, Q: c.Q,
		Stride: c.Stride, Pad: [2]int{c.Pad[0], c.Pad[2]}, Groups: c.Groups}
}
