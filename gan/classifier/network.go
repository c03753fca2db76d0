package classifier

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// Recipe says how a classifier is built and trained. It changes with anything that
// changes the weights which some data and a seed give, so that no other ones are taken
// for them.
const Recipe = "residual-2"

const (
	channels = 16      // of the first stage
	stages   = 3       // each halves the picture and doubles the channels
	longest  = 32      // pixels: greater pictures are averaged down to this side, or a little more
	classify = "logit" // the last layer
)

// Width is how many numbers a feature has.
const Width = channels << (stages - 1)

// shape is what a network is of.
type shape struct {
	h, w, c, classes int
}

// shrink is how many pixels a side are averaged to one before the first layer.
func (s shape) shrink() int { return max(1, min(s.h, s.w)/longest) }

// network is a residual network before activation (He et al. 2016, 1603.05027): of pixels
// U8 [n, h, w, c] the means over the last map, [n, Width], and of them logits
// [n, classes].
func (s shape) network(p *nn.Pass, pixels *graph.Node) (features, logits *graph.Node) {
	n := pixels.Shape[0]
	x := graph.Shift(graph.Scale(graph.Cast(pixels, p.Float()), 2./255), -1)
	x = s.small(x)
	norm := func(name string, x *graph.Node) *graph.Node {
		return graph.Relu(nn.BatchNorm(p, name, x, nn.NormOptions{}))
	}
	conv := func(name string, x *graph.Node, out, kernel, stride int) *graph.Node {
		return nn.Conv(p, name, x, out, nn.Window{Kernel: kernel, Stride: stride, Pad: kernel / 2}, nn.HeNormal(), nil)
	}
	x = conv("first", x, channels, 3, 2)
	for i := range stages {
		p.In("stage"+strconv.Itoa(i), func() {
			out, stride := channels<<i, min(2, i+1)
			y := norm("norm1", x)
			if out != x.Shape[3] {
				x = conv("skip", y, out, 1, stride)
			}
			y = norm("norm2", conv("conv1", y, out, 3, stride))
			x = graph.Add(x, conv("conv2", y, out, 3, 1))
		})
	}
	features = graph.Reshape(graph.Mean(norm("norm", x), 1, 2), graph.Shape{n, Width})
	return features, nn.Dense(p, classify, features, s.classes, nn.HeNormal(), nn.Constant(0))
}

// small averages squares of shrink by shrink pixels; rows and columns that are over at
// the end are left out.
func (s shape) small(x *graph.Node) *graph.Node {
	f := s.shrink()
	if f == 1 {
		return x
	}
	n, h, w := x.Shape[0], s.h/f, s.w/f
	return nn.MeanPool(graph.Slice(x, []int{0, 0, 0, 0}, nil, []int{n, h * f, w * f, s.c}), f)
}

// crossEntropy is the mean of -log softmax(logits)[label] over labels I32 [n].
func crossEntropy(logits, labels *graph.Node) *graph.Node {
	n, k := logits.Shape[0], logits.Shape[1]
	most := graph.StopGradient(graph.ReduceMax(logits, 1))
	x := graph.Sub(logits, most)
	own := graph.Equal(graph.Reshape(labels, graph.Shape{n, 1}), graph.Reshape(x.Builder().Iota(k), graph.Shape{1, k}))
	right := graph.ReduceSum(graph.Select(own, x, x.Builder().Const(x.DType, 0)), 1)
	return graph.Average(graph.Sub(graph.Log(graph.ReduceSum(graph.Exp(x), 1)), right))
}
