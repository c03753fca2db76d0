package cpu

import (
	"errors"
	"unsafe"

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
// operands and result. It runs on package winograd (short), oneDNN (primitive) or
// package gemm.
type productStep struct {
	form      form
	dtype     graph.DType // of the computation
	widen     bool        // operands and result are bf16, computed in f32
	values    [3]int
	sizes     [3]int
	workspace int64 // bytes, behind the widened values
	short     bool
	primitive *onednn.Primitive
	conv      gemm.Conv
	matmul    graph.MatMulAttr
	m, n, k   int
}

const (
	// smallWork is the number of multiplications and additions below which
	// waking oneDNN's team costs more than it saves.
	smallWork = 2e6
	// fewChannels is where gemm's tiles of channels stay half empty, and oneDNN
	// has kernels made for images.
	fewChannels = 4
)

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

// choose looks for who computes the product: fewer multiplications, else oneDNN
// in its own type, else in f32, else gemm.
func (l *lowering) choose(s *productStep, work int64) error {
	if l.canBeShort(s) && l.prefersShort(s, work) {
		s.short, s.workspace = true, 4*int64(convWorkspace(l.winograd, s))
		return nil
	}
	if l.library != nil && l.prefers(s, work) {
		primitive, err := l.primitive(s)
		if err == nil {
			s.primitive, s.workspace = primitive, primitive.WorkspaceBytes()
			return nil
		}
		if !errors.Is(err, onednn.ErrUnsupported) {
			return err
		}
	}
	if s.dtype == graph.BF16 {
		s.dtype, s.widen = graph.F32, true
		return l.choose(s, work)
	}
	if s.dtype == graph.F64 {
		s.workspace = 8 * int64(gemmWorkspace(l.gemm64, s))
	} else {
		s.workspace = 4 * int64(gemmWorkspace(l.gemm32, s))
	}
	return nil
}

const (
	// shortTiles is the least number of tiles that makes up for transforming the
	// filters.
	shortTiles = 32
	// shortGain is what part of the multiplications must go to make up for the
	// transforms.
	shortGain = .4
)

// canBeShort says whether package winograd computes the product.
func (d *Device) canBeShort(s *productStep) bool {
	return d.winograd != nil && s.form != matMul && s.dtype == graph.F32 && d.winograd.Supports(s.conv)
}

// savesEnough says whether package winograd is the first choice for what it
// computes: where it takes much fewer multiplications.
func (d *Device) savesEnough(s *productStep, work int64) bool {
	return d.winograd.Tiles(s.conv) >= shortTiles && float64(d.winograd.Products(s.conv)) <= (1-shortGain)*float64(work/2)
}

// prefersLibrary says whether oneDNN is the first choice: for bf16, for what is
// large and not small on AVX-512, and on AVX2 alone for images of few channels; there
// gemm does the rest of DCGAN's products in 0.4 to 1 times the processor time of
// oneDNN 2.6. With AVX-512 a step of DCGAN that needs no oneDNN is a tenth faster,
// since its workers stay awake from kernel to kernel (pool). Input gradients of few
// channels are slow in oneDNN everywhere (a seventh of gemm's speed for one channel).
// Nothing is measured: bits would depend on it.
func (d *Device) prefersLibrary(s *productStep, work int64) bool {
	image := s.form != matMul && s.conv.C <= fewChannels
	switch {
	case s.dtype == graph.F64, image && s.form == convInputGrad:
		return false
	case s.dtype == graph.BF16:
		return true
	}
	return work > smallWork && !d.small(s) && image != d.wideVectors
}

// small says that the product is one of matrices that gemm reads where they lie.
func (d *Device) small(s *productStep) bool {
	return s.form == matMul && d.gemm32.IsSmall(matrices[float32](s))
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

// convolver computes convolutions in three directions: package gemm's engine,
// or package winograd's.
type convolver[T gemm.Float] interface {
	ConvForwardWorkspace(c gemm.Conv) int
	ConvInputGradWorkspace(c gemm.Conv) int
	ConvFilterGradWorkspace(c gemm.Conv) int
	ConvForward(ws, x, w, y []T, c gemm.Conv)
	ConvInputGrad(ws, dy, w, dx []T, c gemm.Conv)
	ConvFilterGrad(ws, x, dy, dw []T, c gemm.Conv)
}

func convWorkspace[T gemm.Float](e convolver[T], s *productStep) int {
	switch s.form {
	case convForward:
		return e.ConvForwardWorkspace(s.conv)
	case convInputGrad:
		return e.ConvInputGradWorkspace(s.conv)
	}
	return e.ConvFilterGradWorkspace(s.conv)
}

func convRun[T gemm.Float](e convolver[T], s *productStep, ws, x, y, z []T) {
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
