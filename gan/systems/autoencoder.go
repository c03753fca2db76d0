package systems

import (
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// autoencoder is dense layers from a sample to a code and back.
type autoencoder struct {
	hidden   []int // widths of the decoder's hidden layers; the encoder has them the other way round
	z        int
	sample   graph.Shape
	activate func(x *graph.Node) *graph.Node // after each hidden layer
	weight   nn.Init
}

// decoder is a code, [n, z], to all of a sample's numbers, not bounded.
func (a autoencoder) decoder(p *nn.Pass, z *graph.Node) *graph.Node {
	x := z
	for i, width := range a.hidden {
		x = a.activate(nn.Dense(p, "decode"+strconv.Itoa(i), x, width, a.weight, nn.Constant(0)))
	}
	x = nn.Dense(p, "sample", x, a.sample.Size(), a.weight, nn.Constant(0))
	return graph.Reshape(x, append(graph.Shape{z.Shape[0]}, a.sample...))
}

// encoder is the decoder's mirror image.
func (a autoencoder) encoder(p *nn.Pass, x *graph.Node) *graph.Node {
	x = graph.Reshape(x, graph.Shape{x.Shape[0], a.sample.Size()})
	for i := range a.hidden {
		x = a.activate(nn.Dense(p, "encode"+strconv.Itoa(i), x, a.hidden[len(a.hidden)-1-i], a.weight, nn.Constant(0)))
	}
	return nn.Dense(p, "code", x, a.z, a.weight, nn.Constant(0))
}

// encode and decode list the layers for PyTorch, "" for an activation.
func (a autoencoder) encode() (layers []string) {
	for i := range a.hidden {
		layers = append(layers, "encode"+strconv.Itoa(i), "")
	}
	return append(layers, "code")
}

func (a autoencoder) decode() (layers []string) {
	for i := range a.hidden {
		layers = append(layers, "decode"+strconv.Itoa(i), "")
	}
	return append(layers, "sample")
}
