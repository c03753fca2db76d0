package systems

import (
	"fmt"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// quarterNetworks are networks that halve an image twice and go on with dense layers: those
// of InfoGAN's appendix C.1 on MNIST.
type quarterNetworks struct {
	GChannels int `toml:"g_channels" default:"64" range:"[1,4096]" doc:"channels of the generator's last hidden layer; the one before has twice as many"`
	DChannels int `toml:"d_channels" default:"64" range:"[1,4096]" doc:"channels of the discriminator's first layer; the second has twice as many"`
	Hidden    int `toml:"width" default:"1024" range:"[1,65536]" doc:"width of the dense layers between the convolutions and what is made of them"`
}

// Convolutions of 5 by 5 pixels that halve an image, and transposed ones that double it.
var (
	halve  = nn.Window{Kernel: 5, Stride: 2, Pad: 2}
	double = nn.Window{Kernel: 5, Stride: 2, Pad: 2, Extra: 1}
)

// checkImages refuses points.
func checkImages(c *config.Config) *config.Error {
	if c.Data.Kind != "mixture" {
		return nil
	}
	return &config.Error{Key: "model.kind", Msg: fmt.Sprintf("%s makes images, and data.kind = \"mixture\" gives points; use model.kind = \"mlp\"", c.Model.Kind)}
}

// checkQuarters refuses what these networks cannot make.
func checkQuarters(c *config.Config) *config.Error {
	if d := &c.Data; d.Kind != "mixture" && (d.Height%4 != 0 || d.Width%4 != 0) {
		return &config.Error{Key: "data.size", Msg: fmt.Sprintf("%s halves images twice, and %d by %d is no multiple of 4; use 28 or 32", c.Model.Kind, d.Height, d.Width)}
	}
	return checkImages(c)
}

// quarters is these networks for samples of one shape.
type quarters struct {
	quarterNetworks
	slope  float64
	weight nn.Init
	sample graph.Shape // [h, w, c]
}

// normed is a layer's batch norm and ReLU.
func normed(p *nn.Pass, name string, x *graph.Node) *graph.Node {
	return graph.Relu(nn.BatchNorm(p, name+".norm", x, nn.NormOptions{}))
}

// generator is a latent [n, z] to images in [0, 1]: two dense layers, then two transposed
// convolutions.
func (k *quarters) generator(p *nn.Pass, z *graph.Node) *graph.Node {
	n, h, w, c := z.Shape[0], k.sample[0]/4, k.sample[1]/4, 2*k.GChannels
	x := normed(p, "dense0", nn.Dense(p, "dense0", z, k.Hidden, k.weight, nil))
	x = normed(p, "dense1", nn.Dense(p, "dense1", x, h*w*c, k.weight, nil))
	x = graph.Reshape(x, graph.Shape{n, h, w, c})
	x = normed(p, "up", nn.ConvTranspose(p, "up", x, k.GChannels, resize, k.weight, nil))
	return graph.Sigmoid(nn.ConvTranspose(p, "image", x, k.sample[2], resize, k.weight, nn.Constant(0)))
}

// convolve is images to the second convolution's maps, [n, h w c].
func (k *quarters) convolve(p *nn.Pass, x *graph.Node) *graph.Node {
	x = graph.LeakyRelu(nn.Conv(p, "down0", x, k.DChannels, resize, k.weight, nn.Constant(0)), k.slope)
	x = k.leaky(p, "down1", nn.Conv(p, "down1", x, 2*k.DChannels, resize, k.weight, nil))
	return nn.Flatten(x)
}

// trunk is images to [n, Hidden].
func (k *quarters) trunk(p *nn.Pass, x *graph.Node) *graph.Node {
	return k.leaky(p, "dense", nn.Dense(p, "dense", k.convolve(p, x), k.Hidden, k.weight, nil))
}

// leaky is a layer's batch norm and leaky ReLU.
func (k *quarters) leaky(p *nn.Pass, name string, x *graph.Node) *graph.Node {
	return graph.LeakyRelu(nn.BatchNorm(p, name+".norm", x, nn.NormOptions{}), k.slope)
}

// logit is a dense layer's one number of each row, [n, k] to [n].
func logit(p *nn.Pass, x *graph.Node, weight nn.Init) *graph.Node {
	return graph.Reshape(nn.Dense(p, "logit", x, 1, weight, nn.Constant(0)), graph.Shape{x.Shape[0]})
}
