package explore

import (
	"errors"
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/game"
)

// bent is a game whose samples are 2a + 1 and a + b - 1 of normal latents, less something of
// their squares.
func bent(t *testing.T, squares float64) *Explorer {
	t.Helper()
	all := game.NewSystems(game.System{
		Kind: config.Kind{Name: "bent", Doc: "closed forms", Keys: struct{}{}, Optims: []string{"g"}},
		Declare: func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return []*graph.Node{nn.Dense(p, "out", in[0], 1, nn.Normal(0, 1), nn.Constant(0))}
			}, game.In{Shape: real.Shape})
			opt, z := s.Optimizer("g", "g", g), s.Code("z", game.Normal, 2)
			s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
				t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(t.Run(g, t.Batch(real, game.Points))[0]))})
			})})
			s.Sampler("sample", func(t *game.Turn) {
				z := t.Draw("z", 0, z).All()
				x := graph.MatMul(z, t.B.Literal(graph.F32, graph.Shape{2, 2}, []float64{2, 1, 0, 1}))
				x = graph.Add(x, t.B.Literal(graph.F32, graph.Shape{1, 2}, []float64{1, -1}))
				t.Show(game.Samples, real, graph.Sub(x, graph.Scale(graph.Square(z), squares)))
			})
			return nil
		},
	})
	return openOf(t, all, anyPoints, Options{}, 2)
}

func pointsOf(x ...float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(x)/2, 2), tensor.WithBacking(x))
}

// An affine generator makes a Gaussian, whose density is exact; a bent one is refused.
func TestDensity(t *testing.T) {
	density, err := bent(t, 0).Density(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := density(t.Context(), pointsOf(1, -1, 3, 2)) // latents 0, 0 and 1, 2; the map doubles areas
	if err != nil {
		t.Fatal(err)
	}
	for i, square := range []float64{0, 5} {
		if want := -square/2 - math.Log(2*math.Pi) - math.Log(2); math.Abs(got[i]-want) > 1e-5 {
			t.Errorf("density %d is %g, want %g", i, got[i], want)
		}
	}
	for name, e := range map[string]*Explorer{"bent": bent(t, .01), "dense layers": open(t, makeRun(t, tinyPoints, 2), Options{}), "images": open(t, makeRun(t, tinyImages, 8, 8, 3), Options{})} {
		if _, err := e.Density(t.Context()); err == nil || !strings.Contains(err.Error(), "is not known: a flow tells it") {
			t.Errorf("%s: %v", name, err)
		}
	}
	flow := open(t, makeRun(t, "[data]\nkind = \"mixture\"\n[model]\nkind = \"realnvp\"\nlayers = 2\nhidden = [4]\n", 2), Options{})
	if density, err = flow.Density(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err = density(t.Context(), pointsOf(0, 1)); err != nil || math.Abs(got[0]+.5+math.Log(2*math.Pi)) > 1e-5 {
		t.Errorf("a flow that is still the identity: %v (%v)", got, err)
	}
}

// Only a discriminator whose logits mean probabilities can be wrong.
func TestJudge(t *testing.T) {
	judge, err := open(t, makeRun(t, tinyPoints, 2), Options{Chunk: 2}).Judge()
	if err != nil {
		t.Fatal(err)
	}
	all, err := judge(t.Context(), pointsOf(0, 0, 1, 2, -3, 4))
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	if one, err := judge(t.Context(), pointsOf(-3, 4)); err != nil || one[0] != all[2] || all[0] == all[1] {
		t.Errorf("alone %v, among others %v (%v)", one, all, err)
	}
	_, err = open(t, makeRun(t, tinyPoints+"[loss]\nkind = \"wasserstein\"\n", 2), Options{}).Judge()
	if err == nil || !strings.Contains(err.Error(), "no discriminator that gives probabilities") {
		t.Errorf("a critic: %v", err)
	}
	var lacks *NoSampler
	if _, err := bent(t, 0).Judge(); !errors.As(err, &lacks) {
		t.Errorf("no discriminator: %v", err)
	}
}
