package model

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// Improved says what the dense networks of Salimans et al. 2016 (arXiv 1606.03498) have
// besides MLP's.
type Improved struct {
	GNorm                        string  // after G's hidden layers: batch, virtual (by a reference batch) or none
	WeightNorm                   bool    // of all D's layers and of G's last
	DNoiseIn, DNoise             float64 // deviations of the noise on D's inputs and hidden units
	MinibatchRows, MinibatchDims int     // kernels of minibatch discrimination after D's hidden layers, and their dimensions; 0 rows: none
}

// ImprovedPair is these networks, for samples of any shape.
type ImprovedPair struct {
	*mlp
	Improved
	Range  Range
	logits int
}

// NewImproved makes them, with a discriminator of so many logits.
func NewImproved(w config.Weights, o MLP, more Improved, logits int, sample graph.Shape) (*ImprovedPair, error) {
	m, err := NewMLP(config.Latent{}, w, o, sample)
	if err != nil {
		return nil, err
	}
	return &ImprovedPair{m.Networks.(*mlp), more, m.Range, logits}, nil
}

// weighted is what D's weights, and those of G's last layer, are made of.
func (m *ImprovedPair) weighted() []nn.Weight {
	if !m.WeightNorm {
		return nil
	}
	return []nn.Weight{nn.WeightNorm{}}
}

// Generate is samples of latents z [n, z]. reference is a batch of others, of any size,
// that virtual batch norm goes by; nil else.
func (m *ImprovedPair) Generate(p *nn.Pass, z, reference *graph.Node) *graph.Node {
	x, ref := z, reference
	for i, width := range m.GHidden {
		dense := func(x *graph.Node) *graph.Node {
			return nn.Dense(p, "dense"+strconv.Itoa(i), x, width, m.weight, bias(m.GNorm))
		}
		x = dense(x)
		switch norm := "norm" + strconv.Itoa(i); m.GNorm {
		case "batch":
			x = nn.BatchNorm(p, norm, x, nn.NormOptions{})
		case "virtual":
			x, ref = nn.VirtualBatchNorm(p, norm, x, dense(ref), nn.NormOptions{})
			ref = m.activate(m.GActivation, ref)
		}
		x = m.activate(m.GActivation, x)
	}
	x = m.activate(m.Output, nn.Dense(p, "sample", x, m.sample.Size(), m.weight, nn.Constant(0), m.weighted()...))
	return graph.Reshape(x, append(graph.Shape{z.Shape[0]}, m.sample...))
}

// Judge is the logits of samples, [n, logits], and the features that they are made of, those
// of the last hidden layer alone, [n, width].
func (m *ImprovedPair) Judge(p *nn.Pass, x *graph.Node) (logits, features *graph.Node) {
	x = nn.Flatten(x)
	x = nn.Dropout(p, "dropout.in", nn.GaussianNoise(p, "noise.in", x, m.DNoiseIn), 1-m.DDropoutIn)
	for i := range m.DHidden {
		at := strconv.Itoa(i)
		features = m.hidden(p, i, x, m.weighted()...)
		x = features
		if i == len(m.DHidden)-1 && m.MinibatchRows > 0 {
			x = graph.Concat(1, x, nn.MinibatchDiscrimination(p, "minibatch", x, m.MinibatchRows, m.MinibatchDims, m.dWeight, nn.MinibatchOptions{Mean: true}))
		}
		x = nn.Dropout(p, "dropout"+at, nn.GaussianNoise(p, "noise"+at, x, m.DNoise), 1-m.DDropout)
	}
	return nn.Dense(p, "logit", x, m.logits, m.dWeight, nn.Constant(0), m.weighted()...), features
}

// Torch names the layers as MLP's, where they are no more than these.
func (m *ImprovedPair) Torch() (g, d []Tensor) {
	g, d = m.mlp.Torch()
	if m.GNorm != "none" || m.WeightNorm {
		g = nil
	}
	if m.WeightNorm || m.MinibatchRows > 0 {
		d = nil
	}
	return g, d
}
