package loss

import "ganengine/engine/graph"

// Critic is the discriminator as a function of its samples, giving logits [n].
type Critic func(x *graph.Node) *graph.Node

// squaredSlopes is the squared norm of the critic's gradient at each sample of
// x: [n].
func squaredSlopes(d Critic, x *graph.Node) *graph.Node {
	g := graph.Gradients(graph.Total(d(x)), nil, x)[0]
	n := x.Shape[0]
	return graph.Reshape(graph.ReduceSum(graph.Reshape(graph.Square(g), graph.Shape{n, x.Shape.Size() / n}), 1), graph.Shape{n})
}

// GradientPenalty is lambda E(|grad D(x)| - 1)^2 (Gulrajani et al. 2017,
// equation 3). Under the root stands 1e-12 more, so that the gradient of the
// penalty is finite where the critic is flat.
func GradientPenalty(d Critic, x *graph.Node, lambda float64) *graph.Node {
	norm := graph.Sqrt(graph.Shift(squaredSlopes(d, x), 1e-12))
	return graph.Scale(graph.Average(graph.Square(graph.Shift(norm, -1))), lambda)
}

// R1 is gamma/2 E|grad D(x)|^2 at real samples (Mescheder et al. 2018, equation 9), and at
// generated ones R2 (equation 10).
func R1(d Critic, x *graph.Node, gamma float64) *graph.Node {
	return graph.Scale(graph.Average(squaredSlopes(d, x)), gamma/2)
}

// Between is a + u (b - a), with one u from U[0, 1) for each sample: the lines
// between real and generated samples on which WGAN-GP penalises.
func Between(stream string, a, b *graph.Node) *graph.Node {
	one := make(graph.Shape, len(a.Shape))
	for i := range one {
		one[i] = 1
	}
	one[0] = a.Shape[0]
	u := a.Builder().Uniform(stream, a.DType, one)
	return graph.Add(a, graph.Mul(u, graph.Sub(b, a)))
}

// Around is a point between each real sample and a neighbour that lies up to
// half of the batch's standard deviation away (DRAGAN, Kodali et al. 2017).
func Around(stream string, x *graph.Node) *graph.Node {
	axes := make([]int, len(x.Shape))
	for i := range axes {
		axes[i] = i
	}
	std := graph.Sqrt(graph.Variance(x, axes...))
	u := x.Builder().Uniform(stream+".noise", x.DType, x.Shape)
	return Between(stream, x, graph.Add(x, graph.Mul(graph.Scale(std, .5), u)))
}

// Points are the samples at which a gradient penalty is taken: fake, real, around
// the real ones (dragan), or between the two (interpolate).
func Points(at, stream string, real, fake *graph.Node) *graph.Node {
	switch at {
	case "fake":
		return fake
	case "real":
		return real
	case "dragan":
		return Around(stream, real)
	}
	return Between(stream, fake, real)
}
