package train

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// beginners is a game whose network with weight norm has first values from a batch, and
// then learns the points' mean.
var beginners = game.NewSystems(game.System{
	Kind: config.Kind{Name: "beginner", Doc: "has first values from data", Keys: struct{}{}, Optims: []string{"p"}},
	Declare: func(s *game.Setup) error {
		real := s.Stream("real", game.StreamOptions{})
		body := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return []*graph.Node{nn.Dense(p, "out", in[0], 2, nn.Normal(0, 1), nn.Constant(0), nn.WeightNorm{})}
		}
		p, other := s.Player("p", body, game.In{Shape: real.Shape}), s.Player("other", body, game.In{Shape: real.Shape})
		opt := s.Optimizer("p", "p", p, other)
		s.Average(game.AverageOptions{Mean: true, Start: 2}, p)
		s.Order(game.Entry{Until: 1, Turn: s.Turn("begin", func(t *game.Turn) {
			x := t.Batch(real, game.Points)
			t.RunAs(game.Pass{Label: "p", First: true}, p, x)
			t.RunAs(game.Pass{Label: "other", First: true}, other, x)
		})}, game.Entry{Turn: s.Turn("learn", func(t *game.Turn) {
			x := t.Batch(real, game.Points)
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(graph.Sub(x, graph.Add(t.Run(p, x)[0], t.Run(other, x)[0]))))})
		})})
		z := s.Code("z", game.Normal, 2)
		s.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, real, t.Run(p, t.Draw("z", 0, z).All())[0]) })
		return nil
	},
})

func beginnerConfig(t *testing.T, accumulate int) *config.Config {
	t.Helper()
	c := configtest.Of(t, beginners.Schema, fmt.Sprintf("[data]\nkind = \"mixture\"\n[optim.p]\nlr = 0.01\n[train]\nbatch = 8\naccumulate = %d\n", accumulate))
	return c
}

// A run with first values from data goes on exactly: within the step that sets them, and
// after it. Where gradients add up over batches the last of them sets the values.
func TestFirstValuesResume(t *testing.T) {
	for _, accumulate := range []int{1, 3} {
		c := beginnerConfig(t, accumulate)
		tr := beginTraining(t, c, beginners).trainer
		var x []float64
		for k := range int64(accumulate) {
			x = tr.points(t, 0, k)
		}
		value := func(name string) []float32 {
			b, err := tr.ses.ReadBytes(name)
			if err != nil {
				t.Fatal(err)
			}
			return floats(bytes.Clone(b))
		}
		v, g, b := value("p/out/v"), value("p/out/g"), value("p/out/b")
		for u := range 2 {
			var mean, square float64
			for i := 0; i < len(x); i += 2 {
				length := math.Hypot(float64(v[2*u]), float64(v[2*u+1]))
				y := float64(g[u])*(float64(v[2*u])*x[i]+float64(v[2*u+1])*x[i+1])/length + float64(b[u])
				mean, square = mean+y/8, square+y*y/8
			}
			if math.Abs(mean) > 1e-5 || math.Abs(square-1) > 1e-4 {
				t.Errorf("accumulate %d: unit %d of the last batch has mean %v and mean square %v, want 0 and 1", accumulate, u, mean, square)
			}
		}
		tr.place = int64(accumulate)
		states := []map[string][]byte{goneOn(t, c, beginners, tr, 4)}
		for _, step := range []int64{1, 4} {
			for tr.step < step {
				if err := tr.advance(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := tr.drain(); err != nil {
				t.Fatal(err)
			}
			if step == 1 {
				states = append(states, goneOn(t, c, beginners, tr, 4))
			}
		}
		for _, s := range states {
			sameState(t, s, tr.state(t))
		}
	}
}

// A run that starts from weights keeps them in the turn that sets first values: those of
// all networks, or of the one that the file has.
func TestFirstValuesKeepGivenWeights(t *testing.T) {
	c := beginnerConfig(t, 1)
	from := beginTraining(t, c, beginners).trainer
	if err := errors.Join(from.advance(t.Context()), from.advance(t.Context()), from.drain()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "c.safetensors")
	if err := from.ses.Save(path, from.mark().metadata()); err != nil {
		t.Fatal(err)
	}
	r := beginTraining(t, c, beginners)
	if err := r.trainer.initialise(path); err != nil {
		t.Fatal(err)
	}
	r.trainer.points(t, 0, 0)
	was, now := from.state(t), r.trainer.state(t)
	for _, name := range []string{"p/out/g", "p/out/b", "other/out/g", "other/out/b"} {
		if !bytes.Equal(was[name], now[name]) {
			t.Errorf("%s is %v of a given %v", name, floats(now[name]), floats(was[name]))
		}
	}
	if err := errors.Join(r.trainer.initialise(), (&weights{r.trainer.game, r.trainer.ses}).given(&part{nets: []*nn.Net{r.trainer.game.Player("p").Net}})); err != nil {
		t.Fatal(err)
	}
	r.trainer.points(t, 0, 0)
	g := r.trainer.state(t)
	if p, other := floats(g["p/out/g"]), floats(g["other/out/g"]); p[0] != 1 || other[0] == 1 {
		t.Errorf("with weights of p alone its g is %v, want 1, and that of other %v, want another", p, other)
	}
}
