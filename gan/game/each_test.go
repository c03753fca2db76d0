package game_test

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// kernels is a network that compares each example with the others of its batch.
func kernels(p *nn.Pass, in []*graph.Node) []*graph.Node {
	return []*graph.Node{nn.MinibatchDiscrimination(p, "near", in[0], 3, 2, nn.Constant(.25), nn.MinibatchOptions{})}
}

// Batches that share a pass of a network are seen each for itself by layers that look at a
// batch, as in passes of their own: while it is trained, in a sampler, and where it is frozen.
func TestEachBatchForItself(t *testing.T) {
	for _, frozen := range []bool{false, true} {
		compare := func(t *game.Turn, d *game.Player, x *graph.Node) (together, apart *graph.Node) {
			y := graph.Shift(graph.Scale(x, 3), 1)
			each := t.RunEach(game.Pass{Label: "each"}, d, []*graph.Node{x}, []*graph.Node{y})
			return graph.Concat(0, each[0][0], each[1][0]), graph.Concat(0, t.Run(d, x)[0], t.Run(d, y)[0])
		}
		all := game.NewSystems(game.System{
			Kind: config.Kind{Name: "kernels", Doc: "test", Keys: struct{}{}, Optims: []string{"a"}},
			Declare: func(s *game.Setup) error {
				real := s.Stream("real", game.StreamOptions{})
				d := s.Player("d", kernels, game.In{Shape: real.Shape})
				opt := s.Optimizer("d", "a", d)
				if frozen {
					d = s.Frozen("f", game.Ref{Path: "f.safetensors", Network: "d"}, kernels, game.In{Shape: real.Shape})
				}
				free := s.Player("free", kernels, game.In{Shape: real.Shape})
				optFree := s.Optimizer("free", "a", free)
				s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
					x := t.Batch(real, game.Points)
					together, apart := compare(t, d, x)
					t.B.Output("together", together)
					t.B.Output("apart", apart)
					if frozen {
						opt = optFree
						together = t.Run(free, x)[0]
					}
					t.Minimise(game.Goal{By: opt, Loss: graph.Average(together)})
				})})
				s.Sampler("encode", func(t *game.Turn) {
					together, apart := compare(t, d, t.Batch(real, game.Points))
					t.Numbers("together", together)
					t.Numbers("apart", apart)
				})
				return nil
			},
		})
		g := declared(t, all)
		steps, err := g.Steps()
		if err != nil {
			t.Fatal(err)
		}
		sampler, err := g.Sampler("encode").Program("encode", 4, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*graph.Program{steps[0].Program, sampler} {
			x := reference.New(p.Inputs[0].DType, p.Inputs[0].Shape)
			for i := range x.Data {
				x.Data[i] = math.Sin(float64(i))
			}
			out, _, err := reference.Run(p, func(v *graph.Variable) reference.Array {
				a := reference.New(v.DType, v.Shape)
				for i := range a.Data {
					a.Data[i] = .25 + .125*float64(i%5)
				}
				return a
			}, []reference.Array{x})
			if err != nil {
				t.Fatal(err)
			}
			at := func(name string) []float64 {
				return out[slices.IndexFunc(p.Outputs, func(o graph.Output) bool { return o.Name == name })].Data
			}
			together, apart := at("together"), at("apart")
			for i, want := range apart {
				if math.Abs(together[i]-want) > 1e-6 {
					t.Errorf("program %s, frozen %v: number %d is %g in a pass of two batches, and %g in one of its own", p.Name, frozen, i, together[i], want)
					break
				}
			}
		}
	}
}

// declared is the game of a system that has no keys, in batches of 4 points.
func declared(t *testing.T, all *game.Systems, set ...string) *game.Game {
	t.Helper()
	g, err := declare(t, all, set...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func declare(t *testing.T, all *game.Systems, set ...string) (*game.Game, error) {
	t.Helper()
	c := configtest.Of(t, all.Schema, "[data]\nkind = \"mixture\"\n[optim.a]\nkind = \"sgd\"\nlr = 0.5\n[train]\nbatch = 4\n", set...)
	return all.Declare(c, game.Options{Float: graph.F64, Data: func(string) game.Data { return game.Data{Shape: graph.Shape{2}, Len: 1000} }})
}

// A turn may move state alone, with nothing to minimise or to tell.
func TestTurnOfStateAlone(t *testing.T) {
	g := declared(t, game.NewSystems(game.System{
		Kind: config.Kind{Name: "count", Doc: "test", Keys: struct{}{}, Optims: []string{"a"}},
		Declare: func(s *game.Setup) error {
			s.Stream("real", game.StreamOptions{})
			n := s.State("n", nil, graph.F32, nn.Constant(3))
			s.Order(game.Entry{Turn: s.Turn("count", func(t *game.Turn) { t.Set(n, graph.Scale(t.Get(n), 2)) })})
			return nil
		},
	}))
	first, err := g.Init()
	if err != nil {
		t.Fatal(err)
	}
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	s := session.New(reference.NewDevice(), g.Vars, session.Options{})
	defer s.Close()
	if err := s.Compile(first, steps[0].Program); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{first.Name, steps[0].Name, steps[0].Name} {
		_, err := s.Program(name).Finish()
		if err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.ReadBytes("state/n")
	if err != nil {
		t.Fatal(err)
	}
	if n := math.Float32frombits(binary.LittleEndian.Uint32(b)); n != 12 || len(steps[0].Scores) != 0 {
		t.Errorf("n is %g after two runs, want 12; scores %v, want none", n, steps[0].Scores)
	}
}

// A part of a frozen network is of the file too, with layers of its own.
func TestPartOfFrozen(t *testing.T) {
	g := declared(t, game.NewSystems(game.System{
		Kind: config.Kind{Name: "part", Doc: "test", Keys: struct{}{}, Optims: []string{"a"}},
		Declare: func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			in := game.In{Shape: real.Shape}
			f := s.Frozen("f", game.Ref{Path: "f.safetensors", Network: "d"}, kernels, in)
			f.Part("head", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return []*graph.Node{nn.Dense(p, "head", in[0], 1, nn.HeNormal(), nn.Constant(0))}
			}, in)
			n := s.State("n", nil, graph.F32, nn.Constant(0))
			s.Order(game.Entry{Turn: s.Turn("none", func(t *game.Turn) { t.Set(n, t.Get(n)) })})
			return nil
		},
	}))
	for _, v := range g.Player("f").Net.Params() {
		if !v.External {
			t.Errorf("%s is one of the run's own", v.Name)
		}
	}
	if n := len(g.Player("f").Net.Params()); n != 3 {
		t.Errorf("%d parameters, want 3", n)
	}
}

// Images and epochs are counted in samples of [data], and checkpoints hold what they say
// of its files: the first stream reads it.
func TestFirstStreamReadsData(t *testing.T) {
	_, err := declare(t, game.NewSystems(game.System{
		Kind: config.Kind{Name: "other", Doc: "test", Keys: struct{}{}, Optims: []string{"a"}, Streams: []string{"b"}},
		Declare: func(s *game.Setup) error {
			n := s.State("n", nil, graph.F32, nn.Constant(0))
			b := s.Stream("b", game.StreamOptions{Section: "b"})
			a := s.Stream("a", game.StreamOptions{})
			s.Order(game.Entry{Turn: s.Turn("take", func(t *game.Turn) {
				t.Set(n, graph.Cast(graph.Add(graph.Average(t.Batch(a, game.Points)), graph.Average(t.Batch(b, game.Points))), graph.F32))
			})})
			return nil
		},
	}))
	if want := "stream b is the first one, in whose samples images and epochs are counted, and reads [data.b]: declare one of [data] before it"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want %q", err, want)
	}
}
