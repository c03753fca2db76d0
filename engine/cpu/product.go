package cpu

import (
	"unsafe"

	"ganengine/engine/cpu/amx"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/onednn"
	"ganengine/engine/cpu/vec"
	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// form is which product is computed.
type form uint8

const (
	matMul form = iota
	convForward
	convInputGrad
	convFilterGrad
)

var forms = map[graph.Op]form{graph.OpMatMul: matMul, graph.OpConv2D: convForward,
	graph.OpConv2DInputGrad: convInputGrad, graph.OpConv2DFilterGrad: convFilterGrad}

// productStep is a lowered product: z = x y in the order of the operator's
// operands and result. It runs on package amx (tiled), package winograd (short),
// oneDNN (primitive) or package gemm.
type productStep struct {
	form      form
	dtype     graph.DType // of the computation
	widen     bool        // operands and result are bf16, computed in f32
	values    [3]int
	sizes     [3]int
	workspace int64 // bytes, behind the widened values
	tiled     bool
	short     bool
	primitive *onednn.Primitive
	conv      gemm.Conv
	matmul    graph.MatMulAttr
	m, n, k   int
}

// product lowers a convolution or a matrix product.
func (l *lowering) product(n *graph.Node, p plan.Step) error {
	st := &productStep{form: forms[n.Op], dtype: n.DType}
	copy(st.values[:], l.Operands(n))
	st.sizes = [3]int{n.Inputs[0].Shape.Size(), n.Inputs[1].Shape.Size(), n.Shape.Size()}
	if st.form == matMul {
		st.matmul = n.Attr.(graph.MatMulAttr)
		st.m, st.n, st.k = n.Shape[0], n.Shape[1], n.Inputs[0].Shape[1]
		if st.matmul.TransA {
			st.k = n.Inputs[0].Shape[0]
		}
	} else {
		st.conv = convOf(n)
	}
	work := n.Flops()
	if err := l.choose(st, work); err != nil {
		return l.unsupported(n, err.Error())
	}
	l.lowered.work += gemm.Nanoseconds(work / 2)
	p.Scratch = st.workspace
	if st.widen {
		p.Scratch += st.widened()
	}
	l.add(st, device.Cost{Kind: n.Op.String() + " " + n.DType.String(), Type: n.Inputs[0].DType.String(), Flops: work, Least: st.least(work), Bytes: l.Bytes(p)}, p)
	return nil
}

// least counts what the cheapest algorithm known multiplies and adds, its
// transforms left out: Winograd's F(2×2,2×2), by phase, for 4×4 filters of
// stride 2 in all three directions, and F(2×2,3×3) for 3×3 filters of stride 1.
func (s *productStep) least(work int64) int64 {
	c := s.conv
	switch {
	case s.form == matMul:
		return work
	case c.R == 4 && c.S == 4 && c.StrideH == 2 && c.StrideW == 2:
		return work * 9 / 16
	case c.R == 3 && c.S == 3 && c.StrideH == 1 && c.StrideW == 1:
		return work * 4 / 9
	}
	return work
}

// shape is what a primitive is made for; steps with one shape share it.
type shape struct {
	form   form
	conv   onednn.Conv
	matmul onednn.MatMul
}

func (l *lowering) primitive(s *productStep) (*onednn.Primitive, error) {
	t := onednn.Float32
	if s.dtype == graph.BF16 {
		t = onednn.BFloat16
	}
	key := shape{form: s.form}
	if s.form == matMul {
		key.matmul = onednn.MatMul{Batch: 1, M: s.m, N: s.n, K: s.k, TransA: s.matmul.TransA, TransB: s.matmul.TransB, DType: t}
	} else {
		c := s.conv
		below, right := (c.P-1)*c.StrideH+c.R-c.H-c.PadTop, (c.Q-1)*c.StrideW+c.S-c.W-c.PadLeft
		key.conv = onednn.Conv{N: c.N, H: c.H, W: c.W, C: c.C, K: c.K, R: c.R, S: c.S, P: c.P, Q: c.Q,
			Stride: [2]int{c.StrideH, c.StrideW}, Pad: [4]int{c.PadTop, below, c.PadLeft, right}, Groups: c.Groups, DType: t}
	}
	if p := l.primitives[key]; p != nil {
		return p, nil
	}
	p, err := l.create(key)
	if err == nil {
		l.primitives[key] = p
	}
	return p, err
}

func (d *Device) create(key shape) (*onednn.Primitive, error) {
	switch key.form {
	case convForward:
		return d.library.ConvForward(key.conv)
	case convInputGrad:
		return d.library.ConvInputGrad(key.conv)
	case convFilterGrad:
		return d.library.ConvFilterGrad(key.conv)
	}
	return d.library.MatMul(key.matmul)
}

// convOf is a convolution's sizes as gemm has them.
func convOf(n *graph.Node) gemm.Conv {
	a := n.Attr.(graph.Conv)
	o := a.Out()
	c := gemm.Conv{H: a.In[0], W: a.In[1], R: a.Kernel[0], S: a.Kernel[1], P: o[0], Q: o[1],
		StrideH: a.Stride[0], StrideW: a.Stride[1], PadTop: a.PadLow[0], PadLeft: a.PadLow[1], Groups: a.Groups}
	x, y := n.Inputs[0].Shape, n.Shape // images before and after
	switch n.Op {
	case graph.OpConv2DInputGrad:
		x, y = y, x
	case graph.OpConv2DFilterGrad:
		y = n.Inputs[1].Shape
	}
	c.N, c.C, c.K = x[0], x[3], y[3]
	return c
}

// matrices is a matrix product as gemm has it.
func matrices[T gemm.Float](s *productStep) gemm.Product[T] {
	return gemm.Product[T]{M: s.m, N: s.n, K: s.k, TransA: s.matmul.TransA, TransB: s.matmul.TransB, Alpha: 1}
}

func convWorkspace[T any](e gemm.Convolver[T], s *productStep) int {
	switch s.form {
	case convForward:
		return e.ConvForwardWorkspace(s.conv)
	case convInputGrad:
		return e.ConvInputGradWorkspace(s.conv)
	}
	return e.ConvFilterGradWorkspace(s.conv)
}

func convRun[T any](e gemm.Convolver[T], s *productStep, ws, x, y, z []T) {
	switch s.form {
	case convForward:
		e.ConvForward(ws, x, y, z, s.conv)
	case convInputGrad:
		e.ConvInputGrad(ws, x, y, z, s.conv)
	default:
		e.ConvFilterGrad(ws, x, y, z, s.conv)
	}
}

func gemmWorkspace[T gemm.Float](e *gemm.Engine[T], s *productStep) int {
	if s.form == matMul {
		return e.MultiplyWorkspace(matrices[T](s))
	}
	return convWorkspace(e, s)
}

func gemmRun[T gemm.Float](e *gemm.Engine[T], s *productStep, ws, x, y, z []T) {
	if s.form == matMul {
		e.Multiply(ws, matrices[T](s), x, y, z)
		return
	}
	convRun(e, s, ws, x, y, z)
}

// tiledMatrices is a matrix product as package amx has it.
func tiledMatrices(s *productStep) amx.Product {
	return amx.Product{M: s.m, N: s.n, K: s.k, TransA: s.matmul.TransA, TransB: s.matmul.TransB}
}

func tiledWorkspace(e *amx.Engine, s *productStep) int {
	if s.form == matMul {
		return e.MultiplyWorkspace(tiledMatrices(s))
	}
	return convWorkspace(e, s)
}

func tiledRun(e *amx.Engine, s *productStep, ws, x, y, z []uint16) {
	if s.form == matMul {
		e.Multiply(ws, tiledMatrices(s), x, y, z)
		return
	}
	convRun(e, s, ws, x, y, z)
}

// line rounds up to a cache line.
func line(bytes int64) int64 { return (bytes + plan.Align - 1) &^ (plan.Align - 1) }

// widened is the room for f32 operands and result.
func (s *productStep) widened() int64 {
	var sum int64
	for _, n := range s.sizes {
		sum += line(4 * int64(n))
	}
	return sum
}

// productKernel is a product at its addresses.
type productKernel struct {
	*productStep
	x       *executable
	scratch unsafe.Pointer
	convert conversion
}

func (s *productStep) bind(x *executable, i int) (kernel, error) {
	x.needsLibrary = x.needsLibrary || s.primitive != nil
	return &productKernel{productStep: s, x: x, scratch: x.scratch[i], convert: conversion{pool: x.pool, ops: x.ops32}}, nil
}

// run implements kernel.
func (k *productKernel) run() error {
	var p [3]unsafe.Pointer
	for i, v := range k.values {
		p[i] = k.x.addr[v]
	}
	if !k.widen {
		return k.compute(p, k.scratch)
	}
	wide, rest := p, k.scratch
	for i, n := range k.sizes {
		wide[i], rest = rest, unsafe.Add(rest, line(4*int64(n)))
	}
	for i := range 2 {
		k.convert.run(false, span[float32](wide[i], 0, k.sizes[i]), span[uint16](p[i], 0, k.sizes[i]))
	}
	if err := k.compute(wide, rest); err != nil {
		return err
	}
	k.convert.run(true, span[float32](wide[2], 0, k.sizes[2]), span[uint16](p[2], 0, k.sizes[2]))
	return nil
}

// compute runs the product on values of its own type.
func (k *productKernel) compute(p [3]unsafe.Pointer, ws unsafe.Pointer) error {
	values := func() (x, y, z []float32) {
		return span[float32](p[0], 0, k.sizes[0]), span[float32](p[1], 0, k.sizes[1]), span[float32](p[2], 0, k.sizes[2])
	}
	switch {
	case k.tiled:
		tiledRun(k.x.amx, k.productStep, span[uint16](ws, 0, int(k.workspace/2)), span[uint16](p[0], 0, k.sizes[0]),
			span[uint16](p[1], 0, k.sizes[1]), span[uint16](p[2], 0, k.sizes[2]))
	case k.short:
		x, y, z := values()
		convRun(k.x.winograd, k.productStep, span[float32](ws, 0, int(k.workspace/4)), x, y, z)
	case k.primitive != nil:
		x, w, y := p[0], p[1], p[2]
		switch k.form { // Run takes image, filters and result of the forward convolution
		case convInputGrad:
			x, y = y, x
		case convFilterGrad:
			w, y = y, w
		}
		return k.primitive.Run(x, w, y, ws)
	case k.dtype == graph.F64:
		gemmRun(k.x.gemm64, k.productStep, span[float64](ws, 0, int(k.workspace/8)), span[float64](p[0], 0, k.sizes[0]),
			span[float64](p[1], 0, k.sizes[1]), span[float64](p[2], 0, k.sizes[2]))
	default:
		x, y, z := values()
		gemmRun(k.x.gemm32, k.productStep, span[float32](ws, 0, int(k.workspace/4)), x, y, z)
	}
	return nil
}

// conversion widens bf16 values to f32, or narrows them, in chunks.
type conversion struct {
	pool   *pool
	ops    vec.Ops[float32]
	narrow bool
	wide   []float32
	bits   []uint16
}

func (c *conversion) run(narrow bool, wide []float32, bits []uint16) {
	c.narrow, c.wide, c.bits = narrow, wide, bits
	c.pool.run(c, (len(bits)+chunkSize-1)/chunkSize)
}

// chunk implements task.
func (c *conversion) chunk(_, i int) {
	lo, hi := i*chunkSize, min((i+1)*chunkSize, len(c.bits))
	if c.narrow {
		c.ops.ToBF16(c.bits[lo:hi], c.wide[lo:hi])
	} else {
		c.ops.FromBF16(c.wide[lo:hi], c.bits[lo:hi])
	}
}
