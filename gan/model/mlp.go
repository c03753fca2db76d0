package model

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// MLP says how wide two dense networks are, and what follows each layer: relu,
// leaky-relu, tanh, sigmoid, softplus or linear, in D also maxout.
type MLP struct {
	GHidden, DHidden         []int
	GActivation, DActivation string
	DPieces                  int     // sums of a unit of maxout
	Output                   string  // after G's last layer; sigmoid makes pixels in [0, 1]
	DInitScale               float64 // of D's first weights
	DDropoutIn, DDropout     float64 // shares of D's inputs and hidden units that are dropped
}

// mlp is two dense networks, for points or flattened images (Goodfellow et al. 2014).
type mlp struct {
	MLP
	slope           float64
	weight, dWeight nn.Init // first ones
	sample          graph.Shape
}

// NewMLP makes dense networks for samples of any shape.
func NewMLP(z config.Latent, w config.Weights, o MLP, sample graph.Shape) (*Model, error) {
	m, weight, err := newModel(z, w, sample)
	if err != nil {
		return nil, err
	}
	if o.Output == "sigmoid" && m.Range == Symmetric {
		m.Range = Unit
	}
	w.InitScale = o.DInitScale
	dWeight, err := Initializer(w)
	m.Networks = &mlp{MLP: o, slope: w.Slope, weight: weight, dWeight: dWeight, sample: sample}
	return m, err
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
	for i, width := range m.GHidden {
		x = m.activate(m.GActivation, nn.Dense(p, "dense"+strconv.Itoa(i), x, width, m.weight, nn.Constant(0)))
	}
	x = m.activate(m.Output, nn.Dense(p, "sample", x, m.sample.Size(), m.weight, nn.Constant(0)))
	return graph.Reshape(x, append(graph.Shape{z.Shape[0]}, m.sample...))
}

// Discriminator is dense layers from a sample's numbers to one logit.
func (m *mlp) Discriminator(p *nn.Pass, x *graph.Node) *graph.Node {
	x = nn.Dropout(p, "dropout.in", nn.Flatten(x), 1-m.DDropoutIn)
	for i := range m.DHidden {
		x = nn.Dropout(p, "dropout"+strconv.Itoa(i), m.hidden(p, i, x), 1-m.DDropout)
	}
	return graph.Reshape(nn.Dense(p, "logit", x, 1, m.dWeight, nn.Constant(0)), graph.Shape{x.Shape[0]})
}

// hidden is the discriminator's hidden layer i with its activation; how is what its weight
// is made of.
func (m *mlp) hidden(p *nn.Pass, i int, x *graph.Node, how ...nn.Weight) *graph.Node {
	name, width := "dense"+strconv.Itoa(i), m.DHidden[i]
	if m.DActivation == "maxout" {
		return nn.Maxout(nn.Dense(p, name, x, width*m.DPieces, m.dWeight, nn.Constant(0), how...), m.DPieces)
	}
	return m.activate(m.DActivation, nn.Dense(p, name, x, width, m.dWeight, nn.Constant(0), how...))
}

// Torch names the layers of a Sequential: Linear and activation in turn, a
// Dropout before or after where there is one.
func (m *mlp) Torch() (g, d []Tensor) {
	var gl, dl []string
	for i := range m.GHidden {
		gl = append(gl, "dense"+strconv.Itoa(i), "")
	}
	if m.DDropoutIn > 0 {
		dl = append(dl, "")
	}
	for i := range m.DHidden {
		dl = append(dl, "dense"+strconv.Itoa(i), "")
		if m.DDropout > 0 {
			dl = append(dl, "")
		}
	}
	return Dense(append(gl, "sample")...), Dense(append(dl, "logit")...)
}
