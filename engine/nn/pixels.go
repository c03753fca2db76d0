package nn

import (
	"slices"

	"ganengine/engine/graph"
)

// PixelShuffle makes r by r pixels of each pixel's channels (Shi et al. 2016):
// [n, h, w, c r r] to [n, h r, w r, c]. Channel (k r + i) r + j goes to row i and
// column j, as in PyTorch.
func PixelShuffle(x *graph.Node, r int) *graph.Node {
	s := x.Shape
	if r < 1 || s[3]%(r*r) != 0 {
		wrong("PixelShuffle", "%d channels are not %d by %d pixels", s[3], r, r)
	}
	c := s[3] / (r * r)
	y := graph.Reshape(x, graph.Shape{s[0], s[1], s[2], c, r, r})
	return graph.Reshape(graph.Transpose(y, 0, 1, 4, 2, 5, 3), graph.Shape{s[0], s[1] * r, s[2] * r, c})
}

// PixelUnshuffle is the inverse of PixelShuffle, a flow's squeeze:
// [n, h r, w r, c] to [n, h, w, c r r].
func PixelUnshuffle(x *graph.Node, r int) *graph.Node {
	s := x.Shape
	if r < 1 || s[1]%r != 0 || s[2]%r != 0 {
		wrong("PixelUnshuffle", "an image of %d by %d is not made of %d by %d pixels", s[1], s[2], r, r)
	}
	y := graph.Reshape(x, graph.Shape{s[0], s[1] / r, r, s[2] / r, r, s[3]})
	return graph.Reshape(graph.Transpose(y, 0, 1, 3, 5, 2, 4), graph.Shape{s[0], s[1] / r, s[2] / r, s[3] * r * r})
}

// MeanPool is the means over squares of r by r pixels: [n, h r, w r, c] to [n, h, w, c].
func MeanPool(x *graph.Node, r int) *graph.Node {
	s := x.Shape
	if r < 1 || s[1]%r != 0 || s[2]%r != 0 {
		wrong("MeanPool", "an image of %d by %d is not made of %d by %d pixels", s[1], s[2], r, r)
	}
	h, w := s[1]/r, s[2]/r
	x = graph.Mean(graph.Reshape(x, graph.Shape{s[0], h, r, w, r, s[3]}), 2, 4)
	return graph.Reshape(x, graph.Shape{s[0], h, w, s[3]})
}

// Flatten is examples [n, ...] as vectors, [n, k].
func Flatten(x *graph.Node) *graph.Node {
	return graph.Reshape(x, graph.Shape{x.Shape[0], x.Shape.Size() / x.Shape[0]})
}

// ReflectionPad continues x NHWC by n pixels on each side as its mirror image
// about the outermost pixels, which are not repeated.
func ReflectionPad(x *graph.Node, n int) *graph.Node {
	if n < 0 || n >= min(x.Shape[1], x.Shape[2]) {
		wrong("ReflectionPad", "an image of %s is too small for %d pixels more", x.Shape, n)
	}
	if n == 0 {
		return x
	}
	for axis := 1; axis <= 2; axis++ {
		x = graph.Concat(axis, mirrored(x, axis, 1, n), x, mirrored(x, axis, x.Shape[axis]-1-n, n))
	}
	return x
}

// mirrored are n of x along an axis from start, in opposite order.
func mirrored(x *graph.Node, axis, start, n int) *graph.Node {
	from, size := make([]int, len(x.Shape)), slices.Clone(x.Shape)
	from[axis], size[axis] = start, n
	return graph.Reverse(graph.Slice(x, from, nil, size), axis)
}
