package game_test

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/gan/game"
)

// normalizing declares a game whose g is batch norm of e^z and d is of z, and has sample
// say what it shows.
func normalizing(sample func(t *game.Turn, g, d *game.Player, z *game.Code, real *game.Stream)) func(s *game.Setup) error {
	return func(s *game.Setup) error {
		real := s.Stream("real", game.StreamOptions{})
		z := s.Code("z", game.Normal, 2)
		y := s.Code("y", game.Class, 3)
		body := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return []*graph.Node{nn.BatchNorm(p, "bn", in[0], nn.NormOptions{})}
		}
		g, d := s.Player("g", body, game.In{Shape: graph.Shape{2}}), s.Player("d", body, game.In{Shape: graph.Shape{2}})
		s.Average(game.AverageOptions{Kimg: 1}, g)
		s.Standing(g)
		s.Standing(g) // once more is no more
		opt := s.Optimizer("a", "a", g, d)
		s.Order(game.Entry{Turn: s.Turn("learn", func(t *game.Turn) {
			x := t.RunAs(game.Pass{Label: "g", Track: true}, g, t.Draw("z", 0, z).All())[0]
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Sub(t.Run(d, x)[0], t.Batch(real, game.Points)))})
		})})
		s.Sampler("sample", func(t *game.Turn) {
			t.Draw("y", 0, y)
			sample(t, g, d, z, real)
		})
		return nil
	}
}

func normalized(t *game.Turn, g, d *game.Player, z *game.Code, real *game.Stream) {
	x := t.Run(g, graph.Exp(t.Draw("z", 0, z).All()))[0]
	t.Show(game.Samples, real, t.Run(d, x)[0])
}

// Standing statistics are the mean over batches of train.batch samples that the program
// draws itself, each from its own run, and the same every time. Samples use them with the
// weights that they are asked for, whatever their number; players that do not ask for them
// keep the running ones.
func TestStandingStatistics(t *testing.T) {
	const runs, batch = 3, 4
	l := newLab(t, normalizing(normalized), "sample.standing=3", "train.batch=4")
	for _, name := range []string{"g", "g_ema", "d"} {
		l.set(name+"/bn/mean", 1, -2)
		l.set(name+"/bn/var", 4, 9)
	}
	l.set("g_ema/bn/gain", 5, 6)
	n, counter := l.StandingRuns()
	if n != runs || !counter.External {
		t.Fatalf("%d runs, want %d, counted outside of checkpoints: %v", n, runs, counter.External)
	}
	draws, err := graph.Build(game.Preparation, l.Vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: l.Seed, Run: counter})
		b.Output("z", b.Normal("z", graph.F64, graph.Shape{batch, 2}))
	})
	if err != nil {
		t.Fatal(err)
	}
	var mean, variance [2]float64
	l.set(counter.Name, 0)
	for range runs {
		z := l.run(draws)["z"]
		for i := range z {
			z[i] = math.Exp(z[i])
		}
		for c := range mean {
			m, v, n := moments(z, func(i int) bool { return i%2 == c })
			mean[c] += m / runs
			variance[c] += v * n / (n - 1) / runs
		}
	}
	prepare, err := l.Prepare(false)
	if err != nil {
		t.Fatal(err)
	}
	before := l.get("d/bn/mean")
	for range 2 { // the second time as the first
		l.set(counter.Name, 0)
		for range runs {
			l.run(prepare)
		}
		l.near("mean", l.get("g_standing/bn/mean"), mean[:])
		l.near("variance", l.get("g_standing/bn/var"), variance[:])
	}
	l.near("what trains", append(l.get("g/bn/mean"), l.get("g_ema/bn/mean")...), []float64{1, -2, 1, -2})
	l.near("d's", l.get("d/bn/mean"), before)

	for _, trained := range []bool{false, true} {
		p, err := l.Sampler("sample").Program("sample", 1, trained)
		if err != nil {
			t.Fatal(err)
		}
		z := []float64{.5, -1}
		var want []float64
		for c, x := range z {
			y := (math.Exp(x) - mean[c]) / math.Sqrt(variance[c]+1e-5)
			if !trained {
				y *= float64(5 + c)
			}
			want = append(want, (y-[]float64{1, -2}[c])/math.Sqrt([]float64{4, 9}[c]+1e-5))
		}
		in := reference.Array{DType: graph.F32, Shape: graph.Shape{1, 2}, Data: z}
		class := reference.Array{DType: graph.I32, Shape: graph.Shape{1}, Data: []float64{0}}
		if got := l.run(p, class, in)[game.Samples]; len(got) != 2 {
			t.Fatalf("%d numbers", len(got))
		} else {
			l.near("a sample", got, want)
		}
	}
}

// Without the key there is nothing of it, and a game that cannot have it says why.
func TestStandingStatisticsRefused(t *testing.T) {
	g := declared(t, labSystem(normalizing(normalized)))
	if p, err := g.Prepare(false); p != nil || err != nil || g.Vars.ByName("standing/runs") != nil || g.Vars.ByName("g_standing/bn/mean") != nil {
		t.Errorf("without sample.standing there is a program %v, %v, or a Variable", p, err)
	}
	twice := func(t *game.Turn, g, d *game.Player, z *game.Code, real *game.Stream) {
		t.Show(game.Samples, real, t.Run(g, t.Run(g, t.Draw("z", 0, z).All())...)[0])
	}
	fed := func(t *game.Turn, g, d *game.Player, z *game.Code, real *game.Stream) {
		t.Show(game.Samples, real, t.Run(g, t.Batch(real, game.Points))[0])
	}
	none := func(s *game.Setup) error {
		real, z := s.Stream("real", game.StreamOptions{}), s.Code("z", game.Normal, 2)
		g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return []*graph.Node{nn.Dense(p, "dense", in[0], 2, nn.HeNormal(), nil)}
		}, game.In{Shape: graph.Shape{2}})
		s.Standing(g)
		opt := s.Optimizer("a", "a", g)
		s.Order(game.Entry{Turn: s.Turn("learn", func(t *game.Turn) {
			t.Batch(real, game.Points)
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(t.Run(g, t.Draw("z", 0, z).All())[0])})
		})})
		return nil
	}
	for want, declaration := range map[string]func(s *game.Setup) error{
		"runs g twice for a sample, and statistics are of one pass; set it to 0": normalizing(twice),
		"makes its samples of real ones; set it to 0":                            normalizing(fed),
		"has no batch norm in what makes its samples; set it to 0":               none,
	} {
		if _, err := declare(t, labSystem(declaration), "sample.standing=2"); err == nil || !strings.Contains(err.Error(), "sample.standing: model lab "+want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
