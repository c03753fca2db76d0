package graph

import "fmt"

// MatMulAttr says which operands are transposed.
type MatMulAttr struct {
	TransA, TransB bool
	TF32           bool // the device may round fp32 operands to tf32
}

// Conv is the one record that a convolution and both its gradients share.
// With x [n, In[0], In[1], c], w [k, Kernel[0], Kernel[1], c/Groups] (KRSC)
// and y [n, Out[0], Out[1], k]:
//
//	y[n,p,q,k] = sum over r,s,c of x[n, p*Stride[0]-PadLow[0]+r, q*Stride[1]-PadLow[1]+s, c] * w[k,r,s,c]
type Conv struct {
	Stride, PadLow, PadHigh [2]int // per axis: rows, columns
	In, Kernel              [2]int
	Groups                  int
	TF32                    bool
}

// Out is the spatial size of y.
func (c Conv) Out() [2]int {
	var o [2]int
	for i := range o {
		o[i] = (c.In[i]+c.PadLow[i]+c.PadHigh[i]-c.Kernel[i])/c.Stride[i] + 1
	}
	return o
}

func productRows() []Row {
	return []Row{
		{Op: OpMatMul, Name: "MatMul", Arity: 2, Class: Product, Doc: "op(a) op(b), op the identity or the transpose", Domain: anywhere,
			infer: inferMatMul, vjp: vjpMatMul},
		{Op: OpConv2D, Name: "Conv2D", Arity: 2, Class: Product, Doc: "cross-correlation of x NHWC with w KRSC", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				x, w, c := n.Inputs[0], n.Inputs[1], n.Attr.(Conv)
				if err := c.check(x.Shape, w.Shape, nil); err != nil {
					return nil, 0, err
				}
				o := c.Out()
				return Shape{x.Shape[0], o[0], o[1], w.Shape[0]}, x.DType, alike(x, w)
			},
			vjp: func(n, dy *Node, i int) *Node {
				if i == 0 {
					return n.b.node(OpConv2DInputGrad, n.Attr, dy, n.Inputs[1])
				}
				return n.b.node(OpConv2DFilterGrad, n.Attr, n.Inputs[0], dy)
			}},
		{Op: OpConv2DInputGrad, Name: "Conv2DInputGrad", Arity: 2, Class: Product, Doc: "the transposed convolution of dy NHWC with w KRSC", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				dy, w, c := n.Inputs[0], n.Inputs[1], n.Attr.(Conv)
				if err := c.check(nil, w.Shape, dy.Shape); err != nil {
					return nil, 0, err
				}
				return Shape{dy.Shape[0], c.In[0], c.In[1], w.Shape[3] * c.Groups}, dy.DType, alike(dy, w)
			},
			vjp: func(n, dx *Node, i int) *Node {
				if i == 0 {
					return n.b.node(OpConv2D, n.Attr, dx, n.Inputs[1])
				}
				return n.b.node(OpConv2DFilterGrad, n.Attr, dx, n.Inputs[0])
			}},
		{Op: OpConv2DFilterGrad, Name: "Conv2DFilterGrad", Arity: 2, Class: Product, Doc: "gradient of the filters from x NHWC and dy NHWC", Domain: anywhere,
			infer: func(n *Node) (Shape, DType, error) {
				x, dy, c := n.Inputs[0], n.Inputs[1], n.Attr.(Conv)
				if len(x.Shape) != 4 || len(dy.Shape) != 4 {
					return nil, 0, fmt.Errorf("needs NHWC operands, got %s and %s", x.Shape, dy.Shape)
				}
				w := Shape{dy.Shape[3], c.Kernel[0], c.Kernel[1], x.Shape[3] / max(c.Groups, 1)}
				if err := c.check(x.Shape, w, dy.Shape); err != nil {
					return nil, 0, err
				}
				return w, x.DType, alike(x, dy)
			},
			vjp: func(n, dw *Node, i int) *Node {
				if i == 0 {
					return n.b.node(OpConv2DInputGrad, n.Attr, n.Inputs[1], dw)
				}
				return n.b.node(OpConv2D, n.Attr, n.Inputs[0], dw)
			}},
	}
}

func alike(x, y *Node) error {
	if x.DType != y.DType || !x.DType.IsFloat() {
		return fmt.Errorf("operands are %s and %s; both must be one float type", x.DType, y.DType)
	}
	return nil
}

// check compares the record with the shapes that are known (nil: not known).
func (c Conv) check(x, w, y Shape) error {
	for i := range 2 {
		if c.Stride[i] < 1 || c.PadLow[i] < 0 || c.PadHigh[i] < 0 || c.Groups < 1 ||
			c.In[i]+c.PadLow[i]+c.PadHigh[i] < c.Kernel[i] {
			return fmt.Errorf("kernel %v, stride %v, padding %v %v, groups %d do not fit an image of %v",
				c.Kernel, c.Stride, c.PadLow, c.PadHigh, c.Groups, c.In)
		}
	}
	o := c.Out()
	switch {
	case len(w) != 4 || w[1] != c.Kernel[0] || w[2] != c.Kernel[1] || w[0]%c.Groups != 0:
		return fmt.Errorf("filters %s are not [k,%d,%d,c/%d]", w, c.Kernel[0], c.Kernel[1], c.Groups)
	case x != nil && (len(x) != 4 || x[1] != c.In[0] || x[2] != c.In[1] || x[3] != w[3]*c.Groups):
		return fmt.Errorf("image %s is not [n,%d,%d,%d]", x, c.In[0], c.In[1], w[3]*c.Groups)
	case y != nil && (len(y) != 4 || y[1] != o[0] || y[2] != o[1] || y[3] != w[0]):
		return fmt.Errorf("result %s is not [n,%d,%d,%d]", y, o[0], o[1], w[0])
	case x != nil && y != nil && x[0] != y[0]:
		return fmt.Errorf("batches of %d and %d", x[0], y[0])
	}
	return nil
}

func inferMatMul(n *Node) (Shape, DType, error) {
	a, b, t := n.Inputs[0], n.Inputs[1], n.Attr.(MatMulAttr)
	if len(a.Shape) != 2 || len(b.Shape) != 2 {
		return nil, 0, fmt.Errorf("needs matrices, got %s and %s", a.Shape, b.Shape)
	}
	m, k := a.Shape[0], a.Shape[1]
	if t.TransA {
		m, k = k, m
	}
	k2, c := b.Shape[0], b.Shape[1]
	if t.TransB {
		k2, c = c, k2
	}
	if k != k2 {
		return nil, 0, fmt.Errorf("inner extents differ: %d of %s and %d of %s", k, a.Shape, k2, b.Shape)
	}
	return Shape{m, c}, a.DType, alike(a, b)
}

// vjpMatMul: with y = A B, dA = dy B' and dB = A' dy; the other three forms
// follow by transposing.
func vjpMatMul(n, dy *Node, i int) *Node {
	a, b, t := n.Inputs[0], n.Inputs[1], n.Attr.(MatMulAttr)
	mm := func(x, y *Node, tx, ty bool) *Node {
		return n.b.node(OpMatMul, MatMulAttr{tx, ty, t.TF32}, x, y)
	}
	if i == 0 {
		if t.TransA {
			return mm(b, dy, t.TransB, true)
		}
		return mm(dy, b, false, !t.TransB)
	}
	if t.TransB {
		return mm(dy, a, true, t.TransA)
	}
	return mm(a, dy, !t.TransA, false)
}

// operand is x as the current precision wants it: one cast per value, however
// often it is used.
func (b *Builder) operand(x *Node) *Node {
	if b.prec != BF16Mode || x.DType != F32 {
		return x
	}
	key := castKey{x, BF16}
	if b.casts[key] == nil {
		b.casts[key] = Cast(x, BF16)
	}
	return b.casts[key]
}

// product applies a matrix operator in the current precision. The result of
// bf16 operands is bf16 in memory and widened at once, so that everything
// between two products is computed in fp32; clusters make the casts free.
func (b *Builder) product(op Op, attr any, x, y *Node) *Node {
	out := b.node(op, attr, b.operand(x), b.operand(y))
	return Cast(out, x.DType)
}

// MatMul is a b, for matrices.
func MatMul(a, b *Node) *Node { return MatMulT(a, b, false, false) }

// MatMulT is op(a) op(b) with either operand transposed.
func MatMulT(a, b *Node, transA, transB bool) *Node {
	return a.b.product(OpMatMul, MatMulAttr{transA, transB, a.b.prec == TF32}, a, b)
}

// Conv2D is the convolution (cross-correlation) of x NHWC with w KRSC. In and
// Kernel of c are taken from the operands.
func Conv2D(x, w *Node, c Conv) *Node {
	if len(x.Shape) != 4 || len(w.Shape) != 4 {
		fail("Conv2D", "needs an NHWC image and KRSC filters, got %s and %s", x.Shape, w.Shape)
	}
	c.In = [2]int{x.Shape[1], x.Shape[2]}
	c.Kernel = [2]int{w.Shape[1], w.Shape[2]}
	c.Groups = max(c.Groups, 1)
	c.TF32 = x.b.prec == TF32
	return x.b.product(OpConv2D, c, x, w)
}

// ConvTranspose2D is the transposed convolution of x NHWC with w KRSC, where
// k is x's channels: the input gradient of the convolution that c describes.
// The result has the smallest size that such a convolution maps to x's, plus
// extra (the output padding).
func ConvTranspose2D(x, w *Node, c Conv, extra [2]int) *Node {
	if len(x.Shape) != 4 || len(w.Shape) != 4 {
		fail("ConvTranspose2D", "needs an NHWC image and KRSC filters, got %s and %s", x.Shape, w.Shape)
	}
	c.Kernel = [2]int{w.Shape[1], w.Shape[2]}
	for i := range c.In {
		c.In[i] = (x.Shape[1+i]-1)*c.Stride[i] - c.PadLow[i] - c.PadHigh[i] + c.Kernel[i] + extra[i]
	}
	c.Groups = max(c.Groups, 1)
	c.TF32 = x.b.prec == TF32
	return x.b.product(OpConv2DInputGrad, c, x, w)
}
