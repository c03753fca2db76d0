package model

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
)

func TestMLPShapes(t *testing.T) {
	for _, sample := range []graph.Shape{{2}, {1}, {28, 20, 3}} {
		r := newRig(t, dense(), sample)
		if !r.image.Equal(append(graph.Shape{2}, sample...)) || !r.logits.Equal(graph.Shape{2}) {
			t.Errorf("samples %s: G makes %s, logits %s", sample, r.image, r.logits)
		}
		n := sample.Size()
		if got, want := r.g.Count(), 3*5+5+5*6+6+6*n+n; got != want {
			t.Errorf("G has %d parameters, want %d", got, want)
		}
		if got, want := r.d.Count(), n*7+7+7*8+8+8+1; got != want {
			t.Errorf("D has %d parameters, want %d", got, want)
		}
	}
}

// With weights of one and biases of one half, a network of width one is its
// activations.
func TestMLPActivations(t *testing.T) {
	formulas := map[string]func(x float64) float64{
		"relu": func(x float64) float64 { return max(x, 0) },
		"leaky-relu": func(x float64) float64 {
			return max(x, .2*x)
		},
		"tanh":     math.Tanh,
		"sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"softplus": func(x float64) float64 { return math.Log1p(math.Exp(x)) },
		"linear":   func(x float64) float64 { return x },
	}
	for _, k := range []struct{ g, d, output string }{
		{"relu", "leaky-relu", "tanh"}, {"leaky-relu", "relu", "linear"}, {"tanh", "sigmoid", "sigmoid"}, {"softplus", "tanh", "linear"},
	} {
		c := dense()
		c.Z, c.MLP.GHidden, c.MLP.DHidden = 1, []int{1}, []int{1}
		c.MLP.GActivation, c.MLP.DActivation, c.MLP.Output = k.g, k.d, k.output
		r := newRig(t, c, graph.Shape{1})
		for _, v := range slices.Concat(r.g.Params(), r.d.Params()) {
			x := 1.
			if strings.HasSuffix(v.Name, "/b") {
				x = .5
			}
			r.values[v] = reference.Array{DType: v.DType, Shape: v.Shape, Data: []float64{x}}
		}
		z := []float64{-2, -.75, .25, 1}
		out := r.run(func(b *graph.Builder) {
			in := b.Literal(graph.F32, graph.Shape{4, 1}, z)
			b.Output("x", r.Generator(r.g.Pass(b, nn.Mode{}), in))
			b.Output("d", r.Discriminator(r.d.Pass(b, nn.Mode{}), in))
		})
		for i, z := range z {
			x := formulas[k.output](formulas[k.g](z+.5) + .5)
			d := formulas[k.d](z+.5) + .5
			if math.Abs(out[0][i]-x) > 1e-6 || math.Abs(out[1][i]-d) > 1e-6 {
				t.Errorf("%+v of %g: G %g and D %g, want %g and %g", k, z, out[0][i], out[1][i], x, d)
			}
		}
	}
}

func TestMLPTorchNames(t *testing.T) {
	linear := func(at ...string) (list []string) {
		for _, i := range at {
			list = append(list, "main."+i+".weight", "main."+i+".bias")
		}
		return list
	}
	for _, k := range []struct {
		in, hidden float64
		d          []string
	}{
		{0, 0, linear("0", "2", "4")},
		{.2, 0, linear("1", "3", "5")},
		{0, .5, linear("0", "3", "6")},
		{.2, .5, linear("1", "4", "7")},
	} {
		c := dense()
		c.MLP.DDropoutIn, c.MLP.DDropout = k.in, k.hidden
		r := newRig(t, c, graph.Shape{2})
		g, d := r.Torch()
		r.torch("g", r.g, g, linear("0", "2", "4"))
		r.torch("d", r.d, d, k.d)
	}
}

// Dropout draws in training, from streams of the pass's own.
func TestMLPDropout(t *testing.T) {
	c := dense()
	c.MLP.DDropoutIn, c.MLP.DDropout = .2, .5
	r := newRig(t, c, graph.Shape{2})
	p, err := graph.Build("p", r.vars, func(b *graph.Builder) {
		b.UseRandom(r.random)
		x := b.Input("x", graph.F32, graph.Shape{3, 2})
		for _, m := range []nn.Mode{{Label: "real", Train: true}, {Label: "fake", Train: true}, {Label: "use"}} {
			b.Output(m.Label, r.d.Pass(b, m).Scoped(func(p *nn.Pass) *graph.Node { return r.Discriminator(p, x) }))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var streams []string
	for _, n := range p.Nodes {
		if n.Op == graph.OpUniform {
			streams = append(streams, n.Attr.(*graph.Stream).Name)
		}
	}
	want := []string{"d/dropout.in.real", "d/dropout0.real", "d/dropout1.real", "d/dropout.in.fake", "d/dropout0.fake", "d/dropout1.fake"}
	if !slices.Equal(streams, want) {
		t.Errorf("streams %q, want %q", streams, want)
	}
}

// A hidden unit of maxout is the largest of its sums, which are neighbours among the
// layer's outputs.
func TestMLPMaxout(t *testing.T) {
	c := dense()
	c.MLP.DHidden, c.MLP.DActivation, c.MLP.DPieces = []int{2}, "maxout", 3
	r := newRig(t, c, graph.Shape{1})
	for name, data := range map[string][]float64{
		"d/dense0/w": {1, -1, 0, 2, .5, -3}, "d/dense0/b": {0, 0, .25, 0, 1, 0}, "d/logit/w": {1, 10}, "d/logit/b": {.5},
	} {
		v := r.vars.ByName(name)
		if v.Shape.Size() != len(data) {
			t.Fatalf("%s is %s, want %d numbers", name, v.Shape, len(data))
		}
		r.values[v] = reference.Array{DType: v.DType, Shape: v.Shape, Data: data}
	}
	x := []float64{-2, .1, 1}
	out := r.run(func(b *graph.Builder) {
		b.Output("d", r.Discriminator(r.d.Pass(b, nn.Mode{}), b.Literal(graph.F32, graph.Shape{3, 1}, x)))
	})
	for i, x := range x {
		want := max(x, -x, .25) + 10*max(2*x, .5*x+1, -3*x) + .5
		if math.Abs(out[0][i]-want) > 1e-5 {
			t.Errorf("D of %g is %g, want %g", x, out[0][i], want)
		}
	}
}

// The discriminator's first weights may have a scale of their own.
func TestMLPInitScales(t *testing.T) {
	c := dense()
	c.Init, c.InitScale, c.MLP.DInitScale = "uniform", .05, .005
	r := newRig(t, c, graph.Shape{40})
	r.init()
	for name, half := range map[string]float64{"g/sample/w": .05, "d/dense0/w": .005, "d/dense1/w": .005} {
		most := 0.
		for _, x := range r.values[r.vars.ByName(name)].Data {
			most = max(most, math.Abs(x))
		}
		if most > half || most < .8*half {
			t.Errorf("%s reaches to %g, want to nearly %g", name, most, half)
		}
	}
}
