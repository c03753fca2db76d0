package gemm

// Convolver computes convolutions of elements of type T in three directions: Engine
// does, and so do those of packages winograd and amx.
type Convolver[T any] interface {
	ConvForwardWorkspace(c Conv) int
	ConvInputGradWorkspace(c Conv) int
	ConvFilterGradWorkspace(c Conv) int
	ConvForward(ws, x, w, y []T, c Conv)
	ConvInputGrad(ws, dy, w, dx []T, c Conv)
	ConvFilterGrad(ws, x, dy, dw []T, c Conv)
}

// Conv describes a two-dimensional convolution: activations NHWC, filters KRSC
// with R×S taps and C/Groups channels each, results N×P×Q×K,
//
//	y[n,p,q,k] = sum over r,s,c of x[n, p*StrideH-PadTop+r, q*StrideW-PadLeft+s, c] w[k,r,s,c]
//
// with zeros outside x. Padding below and to the right is what P and Q imply.
type Conv struct {
	N, H, W, C       int
	K, R, S          int
	P, Q             int
	StrideH, StrideW int
	PadTop, PadLeft  int
	Groups           int // zero means one
}

// groups is the number of groups and the channels and filters of each.
func (c Conv) groups() (g, channels, filters int) {
	g = max(c.Groups, 1)
	return g, c.C / g, c.K / g
}

// patches is the view of x that the result's pixels have.
func (c Conv) patches() patches {
	_, channels, _ := c.groups()
	return patches{h: c.H, w: c.W, c: channels, ld: c.C, s: c.S, p: c.P, q: c.Q,
		strideH: c.StrideH, strideW: c.StrideW, padTop: c.PadTop, padLeft: c.PadLeft}
}

// sized cuts the three arrays to their sizes, so that one too short is found
// before any loop without bounds checks.
func sized[T Float](c Conv, x, w, y []T) (_, _, _ []T) {
	_, channels, _ := c.groups()
	return x[:c.N*c.H*c.W*c.C], w[:c.K*c.R*c.S*channels], y[:c.N*c.P*c.Q*c.K]
}

// ConvForward computes y from x and w.
func (e *Engine[T]) ConvForward(ws []T, x, w, y []T, c Conv) {
	x, w, y = sized(c, x, w, y)
	if e.bands(c) {
		e.bandForward(ws, x, w, y, c)
		return
	}
	j := forward[T](c)
	j.a.data, j.b.data, j.c = x, w, y
	e.run(ws, j)
}

// ConvForwardWorkspace is the number of elements of workspace for ConvForward.
func (e *Engine[T]) ConvForwardWorkspace(c Conv) int {
	if e.bands(c) {
		return e.bandWorkspace(c, false)
	}
	return e.workspace(forward[T](c))
}

// forward: pixels × filters, summed over taps.
func forward[T Float](c Conv) job[T] {
	g, channels, filters := c.groups()
	taps := c.R * c.S * channels
	return job[T]{
		m: c.N * c.P * c.Q, n: filters, k: taps, batch: g, step: filters, alpha: 1,
		a:     operand[T]{view: gathered, patches: c.patches(), step: channels},
		b:     operand[T]{free: taps, red: 1, step: filters * taps},
		rowAt: linear(c.K), colAt: linear(1),
	}
}

// ConvFilterGrad computes dw, the gradient with respect to w, from x and dy.
func (e *Engine[T]) ConvFilterGrad(ws []T, x, dy, dw []T, c Conv) {
	x, dw, dy = sized(c, x, dw, dy)
	if e.bands(c) {
		e.bandFilterGrad(ws, x, dy, dw, c)
		return
	}
	j := filterGrad[T](c)
	j.a.data, j.b.data, j.c = dy, x, dw
	e.run(ws, j)
}

// ConvFilterGradWorkspace is the number of elements of workspace for
// ConvFilterGrad.
func (e *Engine[T]) ConvFilterGradWorkspace(c Conv) int {
	if e.bands(c) {
		return e.bandWorkspace(c, true)
	}
	return e.workspace(filterGrad[T](c))
}

// filterGrad: filters × taps, summed over pixels.
func filterGrad[T Float](c Conv) job[T] {
	g, channels, filters := c.groups()
	taps := c.R * c.S * channels
	return job[T]{
		m: filters, n: taps, k: c.N * c.P * c.Q, batch: g, step: filters * taps, alpha: 1,
		a:     operand[T]{free: 1, red: c.K, step: filters},
		b:     operand[T]{view: spread, patches: c.patches(), step: channels},
		rowAt: linear(taps), colAt: linear(1),
	}
}

// ConvInputGrad computes dx, the gradient with respect to x, from dy and w. It
// is the transposed convolution.
func (e *Engine[T]) ConvInputGrad(ws []T, dy, w, dx []T, c Conv) {
	dx, w, dy = sized(c, dx, w, dy)
	if c.narrow() {
		e.narrowInputGrad(ws, dy, w, dx, c)
		return
	}
	for phase := range c.phases() {
		j := inputGrad[T](c, phase)
		j.a.data, j.b.data, j.c = dy, w, dx
		e.run(ws, j)
	}
}

// ConvInputGradWorkspace is the number of elements of workspace for
// ConvInputGrad.
func (e *Engine[T]) ConvInputGradWorkspace(c Conv) int {
	if c.narrow() {
		return e.narrowWorkspace(c)
	}
	n := 0
	for phase := range c.phases() {
		n = max(n, e.workspace(inputGrad[T](c, phase)))
	}
	return n
}

// whole says that the taps are exactly the image and there is one result pixel:
// a plain matrix product.
func (c Conv) whole() bool {
	return c.P == 1 && c.Q == 1 && c.H == c.R && c.W == c.S && c.PadTop == 0 && c.PadLeft == 0 && c.Groups <= 1
}

// phases is the number of classes of pixels of x, by place modulo the stride,
// that meet different taps.
func (c Conv) phases() int {
	if c.whole() {
		return 1
	}
	return c.StrideH * c.StrideW
}

// axis is one direction of one phase: the pixels phase, phase+stride, ... of x
// meet the taps first, first+stride, ..., of which the last meets result pixel
// i-pad of the i-th of them.
type axis struct{ phase, pixels, first, taps, pad int }

func newAxis(phase, size, taps, stride, pad int) axis {
	a := axis{phase: phase, first: (phase + pad) % stride}
	a.pixels = max(ceil(size-phase, stride), 0)
	a.taps = max(ceil(taps-a.first, stride), 0)
	a.pad = a.taps - 1 - (phase+pad-a.first)/stride
	return a
}

// inputGrad: pixels of one phase of x × channels, summed over the taps that
// they meet and the filters.
func inputGrad[T Float](c Conv, phase int) job[T] {
	g, channels, filters := c.groups()
	size := c.R * c.S * channels
	if c.whole() {
		return job[T]{
			m: c.N, n: size, k: c.K, batch: 1, alpha: 1,
			a:     operand[T]{free: c.K, red: 1},
			b:     operand[T]{free: 1, red: size},
			rowAt: linear(size), colAt: linear(1),
		}
	}
	v := newAxis(phase/c.StrideW, c.H, c.R, c.StrideH, c.PadTop)
	h := newAxis(phase%c.StrideW, c.W, c.S, c.StrideW, c.PadLeft)
	return job[T]{
		m: c.N * v.pixels * h.pixels, n: channels, k: v.taps * h.taps * filters,
		batch: g, step: channels, alpha: 1,
		a: operand[T]{view: gathered, step: filters, patches: patches{
			h: c.P, w: c.Q, c: filters, ld: c.K, s: h.taps, p: v.pixels, q: h.pixels,
			strideH: 1, strideW: 1, padTop: v.pad, padLeft: h.pad,
		}},
		b: operand[T]{view: filterTaps, free: 1, red: size, step: filters * size, taps: taps{
			base: ((v.first+c.StrideH*(v.taps-1))*c.S + h.first + c.StrideW*(h.taps-1)) * channels,
			row:  -c.StrideH * c.S * channels, col: -c.StrideW * channels,
			cols: h.taps, depth: filters,
		}},
		rowAt: placement{
			base: (v.phase*c.W + h.phase) * c.C, count1: v.pixels, count2: h.pixels,
			step0: c.H * c.W * c.C, step1: c.StrideH * c.W * c.C, step2: c.StrideW * c.C,
		},
		colAt: linear(1),
	}
}
