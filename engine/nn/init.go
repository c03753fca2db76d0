package nn

import (
	"math"

	"ganengine/engine/graph"
)

// Init chooses the first value of a parameter of shape s: it gives the builder
// of a Variable's initial value. Shapes are [out, in] for matrices and KRSC
// for filters.
type Init func(s graph.Shape, d graph.DType) func(b *graph.Builder) *graph.Node

// fans counts the inputs that one output sums over, and the outputs that one
// input reaches, for [out, in] and for KRSC filters of a convolution. For a
// transposed convolution they are those of the convolution that it is the
// gradient of, as in PyTorch.
func fans(s graph.Shape) (in, out float64) {
	if len(s) < 2 {
		return float64(s.Size()), float64(s.Size())
	}
	window := 1
	for _, d := range s[1 : len(s)-1] {
		window *= d
	}
	return float64(s[len(s)-1] * window), float64(s[0] * window)
}

// Constant is c everywhere.
func Constant(c float64) Init {
	return func(_ graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node { return graph.Fill(d, c) }
}

// Normal is N(mean, std^2), DCGAN's choice with mean 0 (gains: 1) and std 0.02.
func Normal(mean, std float64) Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		return func(b *graph.Builder) *graph.Node {
			return graph.Shift(graph.Scale(b.Normal("normal", d, s), std), mean)
		}
	}
}

// Uniform is U[-a, a).
func Uniform(a float64) Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		return func(b *graph.Builder) *graph.Node {
			return graph.Shift(graph.Scale(b.Uniform("uniform", d, s), 2*a), -a)
		}
	}
}

// HeNormal is N(0, 2/fan_in) (He et al. 2015).
func HeNormal() Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		in, _ := fans(s)
		return Normal(0, math.Sqrt(2/in))(s, d)
	}
}

// HeUniform is U with variance 2/fan_in.
func HeUniform() Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		in, _ := fans(s)
		return Uniform(math.Sqrt(6/in))(s, d)
	}
}

// GlorotUniform is U with variance 2/(fan_in + fan_out) (Glorot and Bengio 2010).
func GlorotUniform() Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		in, out := fans(s)
		return Uniform(math.Sqrt(6/(in+out)))(s, d)
	}
}

// TruncatedNormal is N(0, std^2) without what lies beyond two std, so its own
// standard deviation is .88 std.
func TruncatedNormal(std float64) Init {
	return func(s graph.Shape, d graph.DType) func(*graph.Builder) *graph.Node {
		return func(b *graph.Builder) *graph.Node {
			// Inverts the distribution function F at U(F(-2), F(2)) by Newton's method.
			// From 0 it never overshoots, F being convex below and concave above.
			half := math.Erf(math.Sqrt2) / 2 // F(2) - 1/2
			p := graph.Shift(graph.Scale(b.Uniform("uniform", d, s), 2*half), -half)
			x := graph.Scale(p, math.Sqrt(2*math.Pi))
			for range 6 {
				miss := graph.Sub(p, graph.Scale(graph.Erf(graph.Scale(x, 1/math.Sqrt2)), .5))
				density := graph.Exp(graph.Scale(graph.Square(x), -.5))
				x = graph.Add(x, graph.Scale(graph.Div(miss, density), math.Sqrt(2*math.Pi)))
			}
			return graph.Scale(x, std)
		}
	}
}
