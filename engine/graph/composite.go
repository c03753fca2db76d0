package graph

import "fmt"

// Norm is the attribute of Normalize: mean and variance are taken over Axes;
// Eps is added to the variance. All four normalisations are one operator:
// batch norm takes axes 0, 1, 2 of NHWC, instance norm 1, 2, layer norm 1, 2,
// 3; group norm and batch groups reshape first.
type Norm struct {
	Axes Axes
	Eps  float64
}

func compositeRows() []Row {
	return []Row{
		{Op: OpNormalize, Name: "Normalize", Arity: 1, Class: Composite, Domain: anywhere,
			Doc: "(x - mean) / sqrt(variance + eps), statistics over axes",
			infer: func(n *Node) (Shape, DType, error) {
				s, d, err := sameFloat(n)
				if err == nil {
					err = checkAxes(n.Attr.(Norm).Axes, s)
				}
				return s, d, err
			},
			vjp: func(n, dy *Node, _ int) *Node {
				return n.b.node(OpNormalizeGrad, n.Attr, dy, n.Inputs[0])
			},
			define: func(n *Node) *Node {
				centred, istd := standardize(n.Inputs[0], n.Attr.(Norm))
				return Mul(centred, istd)
			}},
		{Op: OpNormalizeGrad, Name: "NormalizeGrad", Arity: 2, Class: Composite, Domain: anywhere,
			Doc: "istd * (dy - mean(dy) - y*mean(dy*y)), y = Normalize(x)",
			infer: func(n *Node) (Shape, DType, error) {
				s, d, err := float2(n)
				if err == nil {
					err = checkAxes(n.Attr.(Norm).Axes, s)
				}
				return s, d, err
			},
			vjp: func(n, dy *Node, i int) *Node {
				if i == 1 && n.Inputs[0] == n.Inputs[1] {
					return nil // the first operand's rule has followed both uses
				}
				// Through the definition, so that every order follows.
				return gradients(Expand(n), dy, n.Inputs[i:i+1], n.Inputs)[0]
			},
			define: func(n *Node) *Node {
				dy, a := n.Inputs[0], n.Attr.(Norm)
				centred, istd := standardize(n.Inputs[1], a)
				y := Mul(centred, istd)
				inner := Sub(Sub(dy, Mean(dy, a.Axes...)), Mul(y, Mean(Mul(dy, y), a.Axes...)))
				return Mul(inner, istd)
			}},
		resampleRow(),
	}
}

// standardize gives x - mean and 1/sqrt(variance + eps).
func standardize(x *Node, a Norm) (centred, istd *Node) {
	centred = Sub(x, Mean(x, a.Axes...))
	variance := Mean(Square(centred), a.Axes...)
	return centred, Rsqrt(Shift(variance, a.Eps))
}

// Normalize is (x - mean) / sqrt(variance + eps) with statistics over the axes
// (Ioffe and Szegedy 2015; the variance is divided by n). Gain and bias are
// ordinary products and sums, so that clusters take them in.
func Normalize(x *Node, eps float64, axes ...int) *Node {
	if eps <= 0 {
		fail("Normalize", "eps must be positive, got %g", eps)
	}
	return x.b.node(OpNormalize, Norm{Axes(axes), eps}, x)
}

// Expand is a composite's value built from its definition.
func Expand(n *Node) *Node {
	d := n.Op.Info().define
	if d == nil {
		panic(fmt.Sprintf("graph: %s has no definition", n.Op))
	}
	return d(n)
}
