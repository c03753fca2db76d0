package kernels

import (
	"encoding/binary"
	"fmt"
)

// Direction is which tensor of a convolution is computed from the other two.
type Direction uint8

// The directions, with their operands and result.
const (
	Forward    Direction = iota // x and w to y
	InputGrad                   // y and w to x: the transposed convolution
	FilterGrad                  // x and y to w
)

func (d Direction) String() string {
	return [...]string{"forward", "input gradient", "filter gradient"}[d]
}

// Shape relates x [N,H,W,C], w [K,R,S,C/Groups] and y [N,P,Q,K]:
//
//	y[n,p,q,k] = Σ_{r,s,c} x[n, p·Stride[0]+r-Pad[0], q·Stride[1]+s-Pad[1], c] · w[k,r,s,c]
//
// where x is zero outside, and c runs over the channels of k's group.
type Shape struct {
	N, H, W, C int
	K, R, S    int
	P, Q       int
	Stride     [2]int // down, right
	Pad        [2]int // at the top, at the left; P and Q imply the rest
	Groups     int
}

func (c Shape) String() string {
	return fmt.Sprintf("x[%d,%d,%d,%d] w[%d,%d,%d,%d] y[%d,%d,%d,%d] stride %d pad %d groups %d",
		c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.C/max(c.Groups, 1), c.N, c.P, c.Q, c.K, c.Stride, c.Pad, c.Groups)
}

// convTile and convStep are what conv.cu was compiled for.
var convTile = [2]int{64, 64}

const (
	convStep    = 16
	convThreads = 256
)

// Conv is a convolution in any direction, as a product of operands that are
// gathered on the way. Its sums are exact in fp32 (F64: in fp64), also where the
// precision is TF32, so it can judge other implementations.
func Conv(d Direction, c Shape, p Precision) (Product, error) {
	if d > FilterGrad || p > F64 {
		return Product{}, fmt.Errorf("convolution: unknown direction %d or precision %d", d, p)
	}
	t, err := c.tiling(d)
	if err != nil {
		return Product{}, err
	}
	name := "conv_" + [...]string{"forward_", "input_", "filter_"}[d] + p.kernel()
	product, err := t.product(name, convThreads, p, func(splits, depth int) []any {
		return []any{c.argument(c.Groups, splits, depth)}
	})
	if err != nil {
		return Product{}, fmt.Errorf("%v of %v: %w", d, c, err)
	}
	return product, nil
}

// tiling is the convolution as products of matrices, one a group.
func (c Shape) tiling(d Direction) (tiling, error) {
	for _, extent := range []int{c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.P, c.Q, c.Stride[0], c.Stride[1], c.Groups} {
		if extent < 1 || extent > maxExtent {
			return tiling{}, fmt.Errorf("convolution %v: every extent, stride and the number of groups must lie in 1 ... %d", c, maxExtent)
		}
	}
	if c.Pad[0] < 0 || c.Pad[1] < 0 || max(c.Pad[0], c.Pad[1]) > maxExtent {
		return tiling{}, fmt.Errorf("convolution %v: padding must lie in 0 ... %d", c, maxExtent)
	}
	if c.C%c.Groups != 0 || c.K%c.Groups != 0 {
		return tiling{}, fmt.Errorf("convolution %v: the groups do not divide the channels", c)
	}
	channels, filters := c.C/c.Groups, c.K/c.Groups
	in, out := volume(c.N, c.H, c.W), volume(c.N, c.P, c.Q)
	t := [...]tiling{
		Forward:    {rows: out, cols: filters, depth: volume(c.R, c.S, channels)},
		InputGrad:  {rows: in, cols: channels, depth: volume(c.R, c.S, filters)},
		FilterGrad: {rows: filters, cols: volume(c.R, c.S, channels), depth: out},
	}[d]
	if reach := max(volume(c.P, c.Stride[0]), volume(c.Q, c.Stride[1])); max(t.rows, t.cols, t.depth, reach) > maxExtent {
		return tiling{}, fmt.Errorf("%v of %v: more than %d rows, columns or terms", d, c, maxExtent)
	}
	t.groups, t.tile, t.step = c.Groups, convTile, convStep
	return t, nil
}

// argument is the structure Conv of conv.cu or Image of image.cu: the shape, and
// what each has behind it.
func (c Shape) argument(rest ...int) []byte {
	var b []byte
	for _, x := range append([]int{c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.P, c.Q, c.Stride[0], c.Stride[1], c.Pad[0], c.Pad[1]}, rest...) {
		b = binary.NativeEndian.AppendUint32(b, uint32(x))
	}
	return b
}

// volume is the product of extents, or a number beyond maxExtent.
func volume(extents ...int) int {
	v := 1
	for _, e := range extents {
		v = min(v*e, maxExtent+1)
	}
	return v
}
