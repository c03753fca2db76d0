package systems

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/model"
)

// residual is sngan's networks of blocks that add to what they are given, all of one width
// (1802.05957, Table 4; 1802.05637, appendix A).
type residual struct {
	spectral
	inner nn.Init // of the 3x3 convolutions of blocks
}

var point = nn.Window{Kernel: 1, Stride: 1}

// generator is a 4x4 map of z that blocks double, and an image of the last. in is z [n, z]
// and perhaps classes i32 [n].
func (k *residual) generator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	n, c := in[0].Shape[0], k.GChannels
	x := nn.Dense(p, "dense", in[0], 16*c, k.weight, nn.Constant(0))
	x = graph.Transpose(graph.Reshape(x, graph.Shape{n, c, 4, 4}), 0, 2, 3, 1) // PyTorch's order
	for i := range doublings(k.sample) {
		p.In("up"+strconv.Itoa(i), func() {
			h := doubled(graph.Relu(k.norm(p, "norm0", x, in[1:])))
			h = nn.Conv(p, "conv0", h, c, same, k.inner, nn.Constant(0))
			h = graph.Relu(k.norm(p, "norm1", h, in[1:]))
			h = nn.Conv(p, "conv1", h, c, same, k.inner, nn.Constant(0))
			// A product with pixels is the same before they are doubled, and a quarter of the work.
			x = graph.Add(h, doubled(nn.Conv(p, "shortcut", x, c, point, k.weight, nn.Constant(0))))
		})
	}
	x = graph.Relu(nn.BatchNorm(p, "norm", x, nn.NormOptions{}))
	return one(graph.Tanh(nn.Conv(p, "image", x, k.sample[2], same, k.weight, nn.Constant(0))))
}

// norm is batch norm, with the gains and biases of the class where there is one: the two
// halves of its row in a table, as PyTorch's modules have it.
func (k *residual) norm(p *nn.Pass, name string, x *graph.Node, class []*graph.Node) (y *graph.Node) {
	if len(class) == 0 {
		return nn.BatchNorm(p, name, x, nn.NormOptions{})
	}
	p.In(name, func() {
		n, c := x.Shape[0], x.Shape[3]
		row := nn.Embedding(p, "embed", class[0], k.classes, 2*c, gainsAndBiases)
		half := func(from int) *graph.Node {
			return graph.Reshape(columns(row, from, c), graph.Shape{n, 1, 1, c})
		}
		y = graph.Add(graph.Mul(nn.BatchNorm(p, "batch", x, nn.NormOptions{Plain: true}), half(0)), half(c))
	})
	return y
}

// gainsAndBiases has the first half of each row N(1, 0.02²), the second 0.
func gainsAndBiases(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
	half := graph.Shape{s[0], s[1] / 2}
	gains := nn.Normal(1, .02)(half, d)
	return func(b *graph.Builder) *graph.Node {
		return graph.Concat(1, gains(b), graph.Broadcast(b.Const(d, 0), half))
	}
}

// discriminator is blocks that halve an image down to 8x8, two more, and the logit of what
// they give. in is samples and perhaps classes i32 [n].
func (k *residual) discriminator(p *nn.Pass, in []*graph.Node) []*graph.Node {
	x, halvings := in[0], doublings(k.sample)-1
	for i := range halvings + 2 {
		p.In("down"+strconv.Itoa(i), func() { x = k.block(p, x, i > 0, i < halvings) })
	}
	return one(k.judge(p, graph.LeakyRelu(x, k.slope), in[1:]))
}

// block is one of the discriminator's. The first is of an image as it is.
func (k *residual) block(p *nn.Pass, x *graph.Node, activate, halves bool) *graph.Node {
	h, sn := x, nn.SpectralNorm{}
	if activate {
		h = graph.LeakyRelu(x, k.slope)
	}
	h = nn.Conv(p, "conv0", h, k.DChannels, same, k.inner, nn.Constant(0), sn)
	h = nn.Conv(p, "conv1", graph.LeakyRelu(h, k.slope), k.DChannels, same, k.inner, nn.Constant(0), sn)
	if !halves {
		return graph.Add(h, x)
	}
	return graph.Add(halved(h), nn.Conv(p, "shortcut", halved(x), k.DChannels, point, k.weight, nn.Constant(0), sn))
}

// torch names the generator's tensors as kwotsin/mimicry's SNGANGenerator32 and, with
// classes, CGANPDGenerator32 do.
func (k *residual) torch() (g []model.Tensor) {
	add := func(module, layer string, filter bool) {
		g = append(g, model.Tensor{Name: module + ".weight", Variable: layer + "/w", Filter: filter},
			model.Tensor{Name: module + ".bias", Variable: layer + "/b"})
	}
	norm := func(module, layer string, told bool) {
		if told {
			g = append(g, model.Tensor{Name: module + ".embed.weight", Variable: layer + "/embed/w"})
			module, layer = module+".bn", layer+"/batch"
		} else {
			g = append(g, model.Tensor{Name: module + ".weight", Variable: layer + "/gain"}, model.Tensor{Name: module + ".bias", Variable: layer + "/bias"})
		}
		g = append(g, model.Tensor{Name: module + ".running_mean", Variable: layer + "/mean"}, model.Tensor{Name: module + ".running_var", Variable: layer + "/var"},
			model.Tensor{Name: module + ".num_batches_tracked", Count: true})
	}
	add("l1", "dense", false)
	blocks := doublings(k.sample)
	for i := range blocks {
		module, layer := "block"+strconv.Itoa(i+2), "up"+strconv.Itoa(i)
		norm(module+".b1", layer+"/norm0", k.classes > 0)
		add(module+".c1", layer+"/conv0", true)
		norm(module+".b2", layer+"/norm1", k.classes > 0)
		add(module+".c2", layer+"/conv1", true)
		add(module+".c_sc", layer+"/shortcut", true)
	}
	last := strconv.Itoa(blocks + 2)
	norm("b"+last, "norm", false)
	add("c"+last, "image", true)
	return g
}
