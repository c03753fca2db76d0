// Package model holds the networks: one file a kind, each a small pair of
// functions over nn's layers.
package model

import (
	"fmt"
	"math"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// Networks is a generator and a discriminator as functions. Samples are
// [n, height, width, channels], or [n, dim] for points.
type Networks interface {
	// Generator maps latents [n, z] to samples.
	Generator(p *nn.Pass, z *graph.Node) *graph.Node
	// Discriminator maps samples to logits [n].
	Discriminator(p *nn.Pass, x *graph.Node) *graph.Node
	// Torch lists both networks' tensors as PyTorch's modules name them, in layer order.
	Torch() (g, d []Tensor)
}

// Model is a pair of networks with what surrounds them.
type Model struct {
	Networks
	Z       int         // length of a latent
	Uniform bool        // latents are U(-sqrt 3, sqrt 3), not N(0, 1)
	Sample  graph.Shape // shape of one sample: [h, w, c], or [dim] for points
	Range   Range
}

// Range says what numbers the networks see for a pixel.
type Range uint8

// The ranges: black and white are -1 and 1, or 0 and 1; points are as they are.
const (
	Symmetric Range = iota
	Unit
	Points
)

// Tensor maps one of our Variables (without the network's name) to a name in a
// PyTorch module. Filters KRSC become [k, c, r, s].
type Tensor struct {
	Name, Variable string
	Filter         bool
	Count          bool // num_batches_tracked: no Variable, an int64 count of training steps
}

// newModel is a model without its networks, and the first weights that they take.
// sample is the shape of one real sample: [h, w, c], or [dim] for points.
func newModel(z config.Latent, w config.Weights, sample graph.Shape) (*Model, nn.Init, error) {
	m := &Model{Z: z.Z, Uniform: z.ZDist == "uniform", Sample: sample}
	if len(sample) == 1 {
		m.Range = Points
	}
	weight, err := Initializer(w)
	return m, weight, err
}

// Initializer gives the configured first weights. Their scale is the standard
// deviation, the half-width, or a factor of the ones that know their fans.
func Initializer(w config.Weights) (nn.Init, error) {
	scale := w.InitScale
	times := func(init nn.Init) nn.Init {
		return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
			first := init(s, d)
			return func(b *graph.Builder) *graph.Node { return graph.Scale(first(b), scale) }
		}
	}
	switch w.Init {
	case "normal":
		return nn.Normal(0, scale), nil
	case "uniform":
		return nn.Uniform(scale), nil
	case "he-normal":
		return times(nn.HeNormal()), nil
	case "he-uniform":
		return times(nn.HeUniform()), nil
	case "glorot-uniform":
		return times(nn.GlorotUniform()), nil
	}
	return nil, fmt.Errorf("model.init: there is no initialiser %q", w.Init)
}

// Latents draws z [n, Z] from the named stream of a training program.
func (m *Model) Latents(b *graph.Builder, stream string, d graph.DType, n int) *graph.Node {
	s := graph.Shape{n, m.Z}
	if m.Uniform {
		return spread(b.Uniform(stream, d, s))
	}
	return b.Normal(stream, d, s)
}

// LatentsBySeed draws z with one seed per row (i32 [n]).
func (m *Model) LatentsBySeed(b *graph.Builder, stream string, d graph.DType, seeds *graph.Node) *graph.Node {
	s := graph.Shape{seeds.Shape[0], m.Z}
	if m.Uniform {
		return spread(b.UniformBySeed(stream, d, s, seeds))
	}
	return b.NormalBySeed(stream, d, s, seeds)
}

// spread maps U[0, 1) to U(-sqrt 3, sqrt 3), which has variance 1.
func spread(u *graph.Node) *graph.Node {
	return graph.Scale(graph.Shift(graph.Scale(u, 2), -1), math.Sqrt(3))
}

// FromPixels maps real pixels (u8 NHWC) to what the networks see, in type d.
func (r Range) FromPixels(x *graph.Node, d graph.DType) *graph.Node {
	f := graph.Cast(x, d)
	if r == Unit {
		return graph.Scale(f, 1/255.)
	}
	return graph.Shift(graph.Scale(f, 1/127.5), -1)
}

// ToSymmetric maps samples to [-1, 1], whatever the networks' range.
func (r Range) ToSymmetric(x *graph.Node) *graph.Node {
	if r == Unit {
		return graph.Shift(graph.Scale(x, 2), -1)
	}
	return x
}

// ToPixels maps samples to u8: round(127.5 x + 127.5), clamped, for x in [-1, 1].
func (r Range) ToPixels(x *graph.Node) *graph.Node {
	b := x.Builder()
	y := graph.Floor(graph.Shift(graph.Scale(r.ToSymmetric(x), 127.5), 128))
	y = graph.Min(graph.Max(y, b.Const(y.DType, 0)), b.Const(y.DType, 255))
	return graph.Cast(y, graph.U8)
}
