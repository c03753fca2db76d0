package model

import (
	"fmt"
	"math/bits"
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// DCGAN says how large DCGAN's networks are, and how they are normalised: batch, layer,
// instance or none.
type DCGAN struct {
	GChannels, DChannels int // of G's last hidden layer and of D's first
	GNorm, DNorm         string
	DDropout             float64 // share of the outputs of D's hidden layers that are dropped
}

// dcgan is Radford et al. 2016 with the details of the Torch code: 4x4
// kernels, stride 2, no biases where a norm follows, gains N(1, 0.02).
type dcgan struct {
	DCGAN
	slope  float64
	weight nn.Init
	gain   nn.Init
	stages int // doublings from 4x4 to the full size
	colors int
}

var (
	project = nn.Window{Kernel: 4, Stride: 1, Pad: 0} // 1x1 to 4x4 and back
	halve   = nn.Window{Kernel: 4, Stride: 2, Pad: 1}
)

// NewDCGAN makes DCGAN's networks for samples [h, w, c].
func NewDCGAN(z config.Latent, w config.Weights, o DCGAN, sample graph.Shape) (*Model, error) {
	if len(sample) != 3 {
		return nil, fmt.Errorf("model.kind: dcgan makes images, and the data are points; use mlp")
	}
	height, width := sample[0], sample[1]
	if height != width || height < 8 || height&(height-1) != 0 {
		return nil, fmt.Errorf("data.size: dcgan makes square images of 8, 16, 32, 64 ... pixels, not %dx%d", height, width)
	}
	m, weight, err := newModel(z, w, sample)
	if err != nil {
		return nil, err
	}
	gain := nn.Constant(1)
	if w.Init == "normal" {
		gain = nn.Normal(1, w.InitScale)
	}
	m.Networks = &dcgan{DCGAN: o, slope: w.Slope, weight: weight, gain: gain, stages: bits.Len(uint(height)) - 3, colors: sample[2]}
	return m, nil
}

// bias is a layer's bias: none where a norm follows.
func bias(norm string) nn.Init {
	if norm == "none" {
		return nn.Constant(0)
	}
	return nil
}

func (m *dcgan) norm(p *nn.Pass, kind, name string, x *graph.Node) *graph.Node {
	o := nn.NormOptions{Gain: m.gain}
	switch kind {
	case "batch":
		return nn.BatchNorm(p, name, x, o)
	case "layer":
		return nn.LayerNorm(p, name, x, o)
	case "instance":
		return nn.InstanceNorm(p, name, x, o)
	}
	return x
}

// Generator doubles a 4x4 map of the latent until it has the full size.
func (m *dcgan) Generator(p *nn.Pass, z *graph.Node) *graph.Node {
	norm, channels := m.GNorm, m.GChannels<<(m.stages-1)
	x := graph.Reshape(z, graph.Shape{z.Shape[0], 1, 1, z.Shape[1]})
	for i := range m.stages {
		name, w := "up"+strconv.Itoa(i), halve
		if i == 0 {
			w = project
		}
		p.In(name, func() {
			x = nn.ConvTranspose(p, "conv", x, channels>>i, w, m.weight, bias(norm))
			x = graph.Relu(m.norm(p, norm, "norm", x))
		})
	}
	return graph.Tanh(nn.ConvTranspose(p, "image", x, m.colors, halve, m.weight, bias(norm)))
}

// Discriminator halves the image down to 4x4, then takes one logit of it.
func (m *dcgan) Discriminator(p *nn.Pass, x *graph.Node) *graph.Node {
	norm := m.DNorm
	for i := range m.stages {
		p.In("down"+strconv.Itoa(i), func() {
			x = nn.Conv(p, "conv", x, m.DChannels<<i, halve, m.weight, bias(norm))
			if i > 0 { // the first layer has no norm
				x = m.norm(p, norm, "norm", x)
			}
			x = nn.Dropout(p, "dropout", graph.LeakyRelu(x, m.slope), 1-m.DDropout)
		})
	}
	y := nn.Conv(p, "logit", x, 1, project, m.weight, bias(norm))
	return graph.Reshape(y, graph.Shape{x.Shape[0]})
}

// Torch follows pytorch/examples: modules counted through one Sequential, the
// activations included.
func (m *dcgan) Torch() (g, d []Tensor) {
	gl, dl := &torchList{}, &torchList{}
	for i := range m.stages {
		at := "up" + strconv.Itoa(i)
		gl.layer(at+"/conv", true, m.GNorm == "none")
		gl.norm(at+"/norm", m.GNorm)
		gl.skip() // ReLU
		at = "down" + strconv.Itoa(i)
		dl.layer(at+"/conv", true, m.DNorm == "none")
		if i > 0 {
			dl.norm(at+"/norm", m.DNorm)
		}
		dl.skip() // LeakyReLU
		if m.DDropout > 0 {
			dl.skip()
		}
	}
	gl.layer("image", true, m.GNorm == "none")
	dl.layer("logit", true, m.DNorm == "none")
	return gl.tensors, dl.tensors
}
