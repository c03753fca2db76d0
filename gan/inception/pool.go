package inception

import "ganengine/engine/graph"

// Pools over 3x3 windows need no operator of their own: they are maxima and sums of three rows, then of three columns.

// maxPool is the largest in each window inside the image, every stride-th.
func maxPool(x *graph.Node, stride int) *graph.Node {
	for axis := 1; axis <= 2; axis++ {
		a, b, c := three(x, axis, stride)
		x = graph.Max(graph.Max(a, b), c)
	}
	return x
}

// samePool is the largest in the window around each place. Values come from rectifiers, so that the zeros around the
// image are never larger than what is in it.
func samePool(x *graph.Node) *graph.Node { return maxPool(around(x), 1) }

// averagePool is the mean of the window around each place, of those that are in the image: 4 at corners, 6 at edges.
func averagePool(x *graph.Node) *graph.Node {
	h, w := x.Shape[1], x.Shape[2]
	counts := make([]float64, 0, h*w)
	for i := range h {
		for j := range w {
			counts = append(counts, float64(within(i, h)*within(j, w)))
		}
	}
	n := x.Builder().Literal(graph.F32, graph.Shape{1, h, w, 1}, counts)
	shape := x.Shape
	x = around(x)
	for axis := 1; axis <= 2; axis++ {
		a, b, c := three(x, axis, 1)
		x = graph.Add(graph.Add(a, b), c)
	}
	return graph.Div(x, graph.Broadcast(n, shape))
}

// within is how many of the places i-1, i, i+1 are among the first n.
func within(i, n int) int { return min(i+1, n-1) - max(i-1, 0) + 1 }

func around(x *graph.Node) *graph.Node { return graph.Pad(x, []int{0, 1, 1, 0}, []int{0, 1, 1, 0}) }

// three are what windows of three along an axis hold first, in the middle and last.
func three(x *graph.Node, axis, stride int) (a, b, c *graph.Node) {
	var out [3]*graph.Node
	for k := range out {
		start, step, size := []int{0, 0, 0, 0}, []int{1, 1, 1, 1}, append([]int{}, x.Shape...)
		start[axis], step[axis], size[axis] = k, stride, (x.Shape[axis]-3)/stride+1
		out[k] = graph.Slice(x, start, step, size)
	}
	return out[0], out[1], out[2]
}
