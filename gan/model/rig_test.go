package model

import (
	"maps"
	"math"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/gan/config"
)

// rig is a model's two networks over one set of Variables.
type rig struct {
	*testing.T
	*Model
	g, d   *nn.Net
	vars   *graph.Vars
	values map[*graph.Variable]reference.Array
	random *graph.Random
	image  graph.Shape // what G makes of two latents
	logits graph.Shape // what D says of two samples
}

func newRig(t *testing.T, c options, sample graph.Shape) *rig {
	t.Helper()
	m, err := c.model(sample)
	if err != nil {
		t.Fatal(err)
	}
	vars := graph.NewVars()
	r := &rig{T: t, Model: m, vars: vars, values: map[*graph.Variable]reference.Array{},
		g: nn.NewNet(vars, "g", graph.F32), d: nn.NewNet(vars, "d", graph.F32)}
	err = r.g.Declare(func(p *nn.Pass) {
		r.image = m.Generator(p, p.B.Input("z", graph.F32, graph.Shape{2, m.Z})).Shape
	})
	if err == nil {
		err = r.d.Declare(func(p *nn.Pass) {
			r.logits = m.Discriminator(p, p.B.Input("x", graph.F32, append(graph.Shape{2}, sample...))).Shape
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	seed := vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Init: graph.Fill(graph.I32, 5)})
	run := vars.Add(&graph.Variable{Name: "run", DType: graph.I32, Init: graph.Fill(graph.I32, 0)})
	r.random = &graph.Random{Seed: seed, Run: run}
	return r
}

// run runs a program with random streams and gives its outputs in order.
func (r *rig) run(f func(b *graph.Builder)) [][]float64 {
	r.Helper()
	p, err := graph.Build("test", r.vars, func(b *graph.Builder) {
		b.UseRandom(r.random)
		f(b)
	})
	if err != nil {
		r.Fatal(err)
	}
	return r.execute(p)
}

// init gives all Variables their first values.
func (r *rig) init() {
	r.Helper()
	p, err := r.vars.InitProgram("init", &graph.Random{Seed: r.random.Seed}, nil)
	if err != nil {
		r.Fatal(err)
	}
	r.execute(p)
}

func (r *rig) execute(p *graph.Program) (data [][]float64) {
	r.Helper()
	out, updates, err := reference.Run(p, func(v *graph.Variable) reference.Array {
		if a, ok := r.values[v]; ok {
			return a
		}
		return reference.New(v.DType, v.Shape)
	}, nil)
	if err != nil {
		r.Fatal(err)
	}
	maps.Copy(r.values, updates)
	for _, a := range out {
		data = append(data, a.Data)
	}
	return data
}

// moments are those of a Variable's elements.
func moments(x []float64) (mean, std float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		std += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, math.Sqrt(std)
}

// options are those of either kind of networks.
type options struct {
	kind string
	config.Latent
	config.Weights
	DCGAN DCGAN
	MLP   MLP
}

func (o options) model(sample graph.Shape) (*Model, error) {
	if o.kind == "mlp" {
		return NewMLP(o.Latent, o.Weights, o.MLP, sample)
	}
	return NewDCGAN(o.Latent, o.Weights, o.DCGAN, sample)
}

func standard() options {
	return options{"dcgan", config.Latent{Z: 100, ZDist: "normal"}, config.Weights{Slope: .2, Init: "normal", InitScale: .02},
		DCGAN{GChannels: 64, DChannels: 64, GNorm: "batch", DNorm: "batch"}, MLP{}}
}

func dense() options {
	return options{"mlp", config.Latent{Z: 3, ZDist: "normal"}, config.Weights{Slope: .2, Init: "glorot-uniform", InitScale: 1}, DCGAN{},
		MLP{GHidden: []int{5, 6}, DHidden: []int{7, 8}, GActivation: "relu", DActivation: "leaky-relu", Output: "tanh", DInitScale: 1}}
}
