package graph

import (
	"fmt"
	"slices"
)

// FIR is the attribute of Resample: an image is stretched by zeros between its
// elements, padded or cropped, filtered, and thinned out (upfirdn of Karras et al. 2021,
// arXiv 2106.12423, with one filter along rows and one along columns).
// With x [n, In[0], In[1], c] and y [n, Out[0], Out[1], c]:
//
//	z[n, i, j, c] = x[n, (i-Low[0])/Up[0], (j-Low[1])/Up[1], c]  where both divide and lie in x, else 0
//	y[n, p, q, c] = sum over r, s of Taps[0][r] * Taps[1][s] * z[n, p*Down[0]+r, q*Down[1]+s, c]
//
// z has In*Up+Low+High elements along an axis; where Low or High is negative, so many
// are cut off.
type FIR struct {
	In, Up, Down, Low, High [2]int // per axis: rows, columns
	Taps                    [2][]float32
}

// Out is the spatial size of y.
func (f FIR) Out() [2]int {
	var o [2]int
	for i := range o {
		o[i] = (f.stretched(i)-len(f.Taps[i]))/f.Down[i] + 1
	}
	return o
}

// stretched is z's extent along an axis.
func (f FIR) stretched(i int) int { return f.In[i]*f.Up[i] + f.Low[i] + f.High[i] }

func (f FIR) check(x Shape) error {
	if len(x) != 4 || x[1] != f.In[0] || x[2] != f.In[1] {
		return fmt.Errorf("image %s is not [n,%d,%d,c]", x, f.In[0], f.In[1])
	}
	for i := range 2 {
		if f.Up[i] < 1 || f.Down[i] < 1 || len(f.Taps[i]) < 1 || f.stretched(i) < len(f.Taps[i]) {
			return fmt.Errorf("up %v, down %v, padding %v %v and filters of %d and %d do not fit an image of %v",
				f.Up, f.Down, f.Low, f.High, len(f.Taps[0]), len(f.Taps[1]), f.In)
		}
	}
	return nil
}

// transposed is the resampling that takes y's gradient to x's.
func (f FIR) transposed() FIR {
	t := FIR{In: f.Out(), Up: f.Down, Down: f.Up}
	for i, taps := range f.Taps {
		t.Taps[i] = slices.Clone(taps)
		slices.Reverse(t.Taps[i])
		t.Low[i] = len(taps) - 1 - f.Low[i]
		// The extent whose last window is that of x's last element.
		t.High[i] = f.Up[i]*(f.In[i]-1) + len(taps) - t.In[i]*t.Up[i] - t.Low[i]
	}
	return t
}

func resampleRow() Row {
	return Row{Op: OpResample, Name: "Resample", Arity: 1, Class: Composite, Domain: anywhere,
		Doc: "x NHWC with zeros between its elements, padded or cropped, filtered along rows and columns, every down-th element",
		infer: func(n *Node) (Shape, DType, error) {
			s, d, err := sameFloat(n)
			f := n.Attr.(FIR)
			if err == nil {
				err = f.check(s)
			}
			if err != nil {
				return nil, 0, err
			}
			o := f.Out()
			return Shape{s[0], o[0], o[1], s[3]}, d, nil
		},
		vjp: func(n, dy *Node, _ int) *Node {
			return n.b.node(OpResample, n.Attr.(FIR).transposed(), dy)
		},
		define: func(n *Node) *Node {
			f, x := n.Attr.(FIR), n.Inputs[0]
			if x.DType == BF16 { // whose numbers are too coarse for taps
				x = Cast(x, F32)
			}
			return Cast(f.filtered(f.stretch(x)), n.DType)
		}}
}

// stretch gives z.
func (f FIR) stretch(x *Node) *Node {
	pad, low, high := Padding{make([]int, 4), make([]int, 4), make([]int, 4)}, make([]int, 4), make([]int, 4)
	size := slices.Clone(x.Shape)
	for i := range 2 {
		pad.Inner[1+i] = f.Up[i] - 1
		pad.Low[1+i], pad.High[1+i] = max(f.Low[i], 0), f.Up[i]-1+max(f.High[i], 0)
		low[1+i], high[1+i] = max(-f.Low[i], 0), max(-f.High[i], 0)
		size[1+i] = f.stretched(i)
	}
	return Slice(PadInner(x, pad), low, nil, size)
}

// filtered gives y of z: each channel is an image of its own.
func (f FIR) filtered(z *Node) *Node {
	n, h, w, c := z.Shape[0], z.Shape[1], z.Shape[2], z.Shape[3]
	z = Reshape(Transpose(z, 0, 3, 1, 2), Shape{n * c, h, w, 1})
	filter := make([]float64, 0, len(f.Taps[0])*len(f.Taps[1]))
	for _, r := range f.Taps[0] {
		for _, s := range f.Taps[1] {
			filter = append(filter, float64(r)*float64(s))
		}
	}
	kernel := Shape{1, len(f.Taps[0]), len(f.Taps[1]), 1}
	conv := Conv{Stride: f.Down, In: [2]int{h, w}, Kernel: [2]int{kernel[1], kernel[2]}, Groups: 1}
	y := z.b.node(OpConv2D, conv, z, z.b.Literal(z.DType, kernel, filter))
	o := f.Out()
	return Transpose(Reshape(y, Shape{n, c, o[0], o[1]}), 0, 2, 3, 1)
}

// Resample is upfirdn of x NHWC; In of f is taken from it.
func Resample(x *Node, f FIR) *Node {
	if len(x.Shape) != 4 {
		fail("Resample", "needs an NHWC image, got %s", x.Shape)
	}
	f.In = [2]int{x.Shape[1], x.Shape[2]}
	return x.b.node(OpResample, f, x)
}
