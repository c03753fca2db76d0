package systems

import (
	"math"
	"strconv"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
)

// realnvp is a flow of affine couplings, arXiv 1605.08803, on points of the plane.
var realnvp = game.System{Declare: declareRealNVP, Kind: config.Kind{
	Name:   "realnvp",
	Doc:    "a flow of affine couplings (arXiv 1605.08803) for points of the plane, trained by likelihood without an opponent",
	Keys:   &realnvpKeys{},
	Optims: []string{"flow"},
	Check:  checkRealNVP,
}}

type realnvpKeys struct {
	Model struct {
		couplings
	} `toml:"model"`
}

type couplings struct {
	Layers int   `toml:"layers" default:"8" range:"[2,64]" doc:"couplings; they move the two coordinates in turn"`
	Hidden []int `toml:"hidden" default:"[64, 64]" range:"[1,4096]" doc:"widths of the hidden layers in each coupling"`
}

func checkRealNVP(c *config.Config) *config.Error {
	if c.Data.Kind != "mixture" {
		return &config.Error{Key: "model.kind", Msg: "realnvp makes points of the plane; use data.kind = \"mixture\""}
	}
	return nil
}

func declareRealNVP(s *game.Setup) error {
	k := s.Config.System.(*realnvpKeys).Model.couplings
	real := s.Stream("real", game.StreamOptions{})
	if !real.Shape.Equal(graph.Shape{2}) {
		return &config.Error{Key: "data.layout", Msg: "realnvp couples two coordinates, and these points have another number; use \"ring\" or \"grid\""}
	}
	z := s.Code("z", game.Normal, 2)
	flow := s.Player("flow", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		z, logDet := k.forward(p, in[0])
		return []*graph.Node{z, logDet}
	}, real.In()).Giving(z.Name, "log_det")
	inverse := flow.Part("inverse", func(p *nn.Pass, in []*graph.Node) []*graph.Node { return one(k.inverse(p, in[0])) }, game.Given(z)).Giving(real.Sample())
	opt := s.Optimizer("flow", "flow", flow)
	density := func(t *game.Turn) *graph.Node {
		out := t.Run(flow, t.Batch(real, game.Points))
		return logDensity(out[0], out[1])
	}
	s.Order(game.Entry{Turn: s.Turn("flow", func(t *game.Turn) {
		t.Minimise(game.Goal{By: opt, Loss: graph.Neg(graph.Average(density(t)))})
	})})
	s.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, real, t.Run(inverse, t.Draw("z", 0, z).All())[0]) })
	s.Sampler("field", func(t *game.Turn) { t.Numbers(game.Density, graph.Exp(density(t))) })
	s.Sampler("likelihood", func(t *game.Turn) { t.Numbers("log_density", density(t)) })
	s.Sampler("encode", func(t *game.Turn) { t.Numbers(game.Encoded, t.Run(flow, t.Batch(real, game.Points))[0]) })
	s.Sampler("reconstruct", func(t *game.Turn) {
		t.Show(game.Samples, real, t.Run(inverse, t.Run(flow, t.Batch(real, game.Points))[0])[0])
	})
	return nil
}

// logDensity is log p(x) = log N(f(x); 0, I) + log |det df/dx|, [n], in nats (eq. 3).
func logDensity(z, logDet *graph.Node) *graph.Node {
	n, dim := z.Shape[0], z.Shape[1]
	length := graph.Reshape(graph.ReduceSum(graph.Square(z), 1), graph.Shape{n})
	return graph.Add(graph.Shift(graph.Scale(length, -.5), -.5*float64(dim)*math.Log(2*math.Pi)), logDet)
}

// forward is x to z with log |det dz/dx|, [n] (eq. 4 to 6).
func (k couplings) forward(p *nn.Pass, x *graph.Node) (z, logDet *graph.Node) {
	halves := [2]*graph.Node{columns(x, 0, 1), columns(x, 1, 1)}
	for i := range k.Layers {
		s, t := k.affine(p, i, halves[i%2])
		moved := &halves[1-i%2]
		*moved = graph.Add(graph.Mul(*moved, graph.Exp(s)), t)
		logDet = plus(logDet, s)
	}
	return graph.Concat(1, halves[:]...), graph.Reshape(logDet, graph.Shape{x.Shape[0]})
}

// inverse is z to x (eq. 8).
func (k couplings) inverse(p *nn.Pass, z *graph.Node) *graph.Node {
	halves := [2]*graph.Node{columns(z, 0, 1), columns(z, 1, 1)}
	for i := k.Layers - 1; i >= 0; i-- {
		s, t := k.affine(p, i, halves[i%2])
		moved := &halves[1-i%2]
		*moved = graph.Mul(graph.Sub(*moved, t), graph.Exp(graph.Neg(s)))
	}
	return graph.Concat(1, halves[:]...)
}

// affine is coupling i's log scale, bounded by a learned multiple of tanh, and shift
// of one half given the other, [n, 1] each. At first both are zero.
func (k couplings) affine(p *nn.Pass, i int, kept *graph.Node) (s, t *graph.Node) {
	p.In("coupling"+strconv.Itoa(i), func() {
		h := kept
		for j, width := range k.Hidden {
			h = graph.Relu(nn.Dense(p, "dense"+strconv.Itoa(j), h, width, nn.HeNormal(), nn.Constant(0)))
		}
		out := nn.Dense(p, "affine", h, 2, nn.Constant(0), nn.Constant(0))
		s = graph.Mul(graph.Tanh(columns(out, 0, 1)), p.Param("bound", graph.Shape{1, 1}, nn.Constant(1)))
		t = columns(out, 1, 1)
	})
	return s, t
}
