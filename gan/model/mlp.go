package model

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// mlp is two dense networks, for points or flattened images (Goodfellow et al.
// 2014 on MNIST, with ordinary activations where the paper has maxout).
type mlp struct {
	cfg    config.MLP
	slope  float64
	weight nn.Init
	sample graph.Shape
}

func newMLP(c config.Model, weight nn.Init, sample graph.Shape) *mlp {
	return &mlp{cfg: c.MLP, slope: c.Slope, weight: weight, sample: sample}
}

func (m *mlp) activate(kind string, x *graph.Node) *graph.Node {
	switch kind {
	case "relu":
		return graph.Relu(x)
	case "leaky-relu":
		return graph.LeakyRelu(x, m.slope)
	case "tanh":
		return graph.Tanh(x)
	case "sigmoid":
		return graph.Sigmoid(x)
	case "softplus":
		return graph.Softplus(x)
	}
	return x // linear
}

// Generator is dense layers from the latent to all of a sample's numbers.
func (m *mlp) Generator(p *nn.Pass, z *graph.Node) *graph.Node {
	x := z
	for i, width := range m.cfg.GHidden {
		x = m.activate(m.cfg.GActivation, nn.Dense(p, "dense"+strconv.Itoa(i), x, width, m.weight, nn.Constant(0)))
	}
	x = m.activate(m.cfg.Output, nn.Dense(p, "sample", x, m.sample.Size(), m.weight, nn.Constant(0)))
	return graph.Reshape(x, append(graph.Shape{z.Shape[0]}, m.sample...))
}

// Discriminator is dense layers from a sample's numbers to one logit.
func (m *mlp) Discriminator(p *nn.Pass, x *graph.Node) *graph.Node {
	n := x.Shape[0]
	x = graph.Reshape(x, graph.Shape{n, x.Shape.Size() / n})
	x = nn.Dropout(p, "dropout.in", x, 1-m.cfg.DDropoutIn)
	for i, width := range m.cfg.DHidden {
		at := strconv.Itoa(i)
		x = m.activate(m.cfg.DActivation, nn.Dense(p, "dense"+at, x, width, m.weight, nn.Constant(0)))
		x = nn.Dropout(p, "dropout"+at, x, 1-m.cfg.DDropout)
	}
	return graph.Reshape(nn.Dense(p, "logit", x, 1, m.weight, nn.Constant(0)), graph.Shape{n})
}

// Torch names the layers of a Sequential: Linear and activation in turn, a
// Dropout before or after where there is one.
func (m *mlp) Torch() (g, d []Tensor) {
	gl, dl := &torchList{}, &torchList{}
	for i := range m.cfg.GHidden {
		gl.layer("dense"+strconv.Itoa(i), false, true)
		gl.skip()
	}
	gl.layer("sample", false, true)
	if m.cfg.DDropoutIn > 0 {
		dl.skip()
	}
	for i := range m.cfg.DHidden {
		dl.layer("dense"+strconv.Itoa(i), false, true)
		dl.skip()
		if m.cfg.DDropout > 0 {
			dl.skip()
		}
	}
	dl.layer("logit", false, true)
	return gl.tensors, dl.tensors
}
