package game_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/gan/config"
	"ganengine/gan/game"
)

// lab is a game in the float64 interpreter, from its first values on.
type lab struct {
	*testing.T
	*game.Game
	steps  []*game.Step
	values map[*graph.Variable]reference.Array
}

// labSystem is a system with one optimiser's section, "a".
func labSystem(declare func(s *game.Setup) error) *game.Systems {
	return game.NewSystems(game.System{Kind: config.Kind{Name: "lab", Doc: "test", Keys: struct{}{}, Optims: []string{"a"}}, Declare: declare})
}

func newLab(t *testing.T, declare func(s *game.Setup) error, set ...string) *lab {
	t.Helper()
	l := &lab{T: t, Game: declared(t, labSystem(declare), set...), values: map[*graph.Variable]reference.Array{}}
	var err error
	if l.steps, err = l.Steps(); err != nil {
		t.Fatal(err)
	}
	for _, v := range l.Vars.All() {
		l.values[v] = reference.New(v.DType, v.Shape)
	}
	l.set("seed", 7, 0)
	first, err := l.Init()
	if err != nil {
		t.Fatal(err)
	}
	l.run(first)
	for _, p := range l.Averaged() { // as whoever begins a run does
		for _, v := range slices.Concat(p.Net.Params(), p.Net.Stats()) {
			l.set(p.Average().Variable(v).Name, slices.Clone(l.get(v.Name))...)
		}
	}
	return l
}

// run runs a program and gives its outputs.
func (l *lab) run(p *graph.Program, in ...reference.Array) map[string][]float64 {
	l.Helper()
	outputs, updates, err := reference.Run(p, func(v *graph.Variable) reference.Array { return l.values[v] }, in)
	if err != nil {
		l.Fatal(err)
	}
	for v, x := range updates {
		l.values[v] = x
	}
	out := map[string][]float64{}
	for i, o := range p.Outputs {
		out[o.Name] = outputs[i].Data
	}
	return out
}

func (l *lab) set(name string, x ...float64) {
	v := l.Vars.ByName(name)
	l.values[v] = reference.Array{DType: v.DType, Shape: v.Shape, Data: x}
}

func (l *lab) get(name string) []float64 { return l.values[l.Vars.ByName(name)].Data }

func (l *lab) near(what string, got, want []float64) {
	l.Helper()
	if !slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(b)) }) {
		l.Errorf("%s is %v, want %v", what, got, want)
	}
}

// image is 3 examples of 2x2 pixels with 2 channels.
var imageShape = graph.Shape{3, 2, 2, 2}

func image(t *game.Turn) *graph.Node { return t.B.Literal(graph.F64, imageShape, imageData()) }

func imageData() (x []float64) {
	for i := range imageShape.Size() {
		x = append(x, math.Sin(float64(i*i))+float64(i%5))
	}
	return x
}

// normal is imageData normalised over the elements that of says are of one set.
func normal(of func(i int) int) []float64 {
	x, out := imageData(), make([]float64, imageShape.Size())
	for i := range x {
		mean, variance, _ := moments(x, func(j int) bool { return of(j) == of(i) })
		out[i] = (x[i] - mean) / math.Sqrt(variance+1e-5)
	}
	return out
}

func moments(x []float64, in func(i int) bool) (mean, variance, n float64) {
	for i, v := range x {
		if in(i) {
			mean, n = mean+v, n+1
		}
	}
	mean /= n
	for i, v := range x {
		if in(i) {
			variance += (v - mean) * (v - mean) / n
		}
	}
	return mean, variance, n
}

func channel(i int) int { return i % 2 }

// running is imageData normalised by means and variances of the channels.
func running(mean, variance [2]float64) (out []float64) {
	for i, v := range imageData() {
		out = append(out, (v-mean[i%2])/math.Sqrt(variance[i%2]+1e-5))
	}
	return out
}

func batchNorm(p *nn.Pass, in []*graph.Node) []*graph.Node {
	return []*graph.Node{nn.BatchNorm(p, "bn", in[0], nn.NormOptions{Plain: true})}
}

// Batch norm uses the statistics that a pass asks for, in a turn and for people, and
// running ones follow a batch's alone.
func TestPassStats(t *testing.T) {
	const usual = nn.StatsByTrain
	kinds := map[string]nn.Stats{"usual": usual, "batch": nn.StatsBatch, "running": nn.StatsRunning, "own": nn.StatsOwn}
	for _, track := range []nn.Stats{usual, nn.StatsBatch, nn.StatsRunning, nn.StatsOwn} {
		l := newLab(t, func(s *game.Setup) error {
			s.Stream("real", game.StreamOptions{})
			p := s.Player("p", batchNorm, game.In{Shape: imageShape[1:]})
			s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
				x := image(t)
				for name, stats := range kinds {
					t.B.Output(name, t.RunAs(game.Pass{Label: name, Stats: stats}, p, x)[0])
				}
				t.RunAs(game.Pass{Label: "tracked", Track: true, Stats: track}, p, x)
			})})
			s.Sampler("encode", func(t *game.Turn) {
				x := image(t)
				for name, stats := range kinds {
					if stats != nn.StatsBatch {
						t.Numbers(name, t.RunAs(game.Pass{Label: name, Stats: stats}, p, x)[0])
					}
				}
			})
			return nil
		})
		mean, variance := [2]float64{1, -2}, [2]float64{4, 9}
		l.set("p/bn/mean", mean[:]...)
		l.set("p/bn/var", variance[:]...)
		batch, own, before := normal(channel), normal(func(i int) int { return i/8*2 + i%2 }), running(mean, variance)

		people, err := l.Sampler("encode").Program("encode", 3, false)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]float64{"usual": before, "running": before, "own": own} {
			l.near("for people, "+name, l.run(people)[name], want)
		}
		out := l.run(l.steps[0].Program)
		for name, want := range map[string][]float64{"usual": batch, "batch": batch, "running": before, "own": own} {
			l.near("while training, "+name, out[name], want)
		}
		follows := track == usual || track == nn.StatsBatch
		if follows {
			for c := range mean {
				m, v, n := moments(imageData(), func(i int) bool { return channel(i) == c })
				mean[c], variance[c] = .9*mean[c]+.1*m, .9*variance[c]+.1*v*n/(n-1)
			}
		}
		l.near("the running mean", l.get("p/bn/mean"), mean[:])
		l.near("the running variance", l.get("p/bn/var"), variance[:])
		passes := l.Sequence.Order()[0].Turn.Uses.Passes
		if r := passes[len(passes)-1]; r.Tracks() != follows {
			t.Errorf("a pass with statistics %d is said to track: %v", track, r.Tracks())
		}
	}
}

// A sampler is refused statistics that its pass cannot have.
func TestSamplerStats(t *testing.T) {
	for stats, want := range map[nn.Stats]string{
		nn.StatsBatch: "pass s of player p uses a batch's statistics, and a sampler's rows are of whoever asks",
		nn.StatsOwn:   "examples of [2] have no statistics of their own",
	} {
		g := declared(t, labSystem(func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			p := s.Player("p", batchNorm, game.In{Shape: real.Shape})
			s.Order(game.Entry{Turn: s.Turn("turn", func(*game.Turn) {})})
			s.Sampler("encode", func(t *game.Turn) {
				t.Numbers("z", t.RunAs(game.Pass{Label: "s", Stats: stats}, p, t.Batch(real, game.Points))[0])
			})
			return nil
		}))
		if _, err := g.Sampler("encode").Uses(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

// A pass with a player's average sees the one of the steps before, also once the turn
// moved the player's weights: as data, with its own running statistics.
func TestPassWithAverage(t *testing.T) {
	norm := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Mul(batchNorm(p, in)[0], p.Param("w", graph.Shape{1}, nn.Constant(3)))}
	}
	l := newLab(t, func(s *game.Setup) error {
		s.Stream("real", game.StreamOptions{})
		p := s.Player("p", norm, game.In{Shape: imageShape[1:]})
		opt := s.Optimizer("a", "a", p)
		s.Average(game.AverageOptions{Mean: true}, p)
		s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
			x := image(t)
			averaged := func(label string, stats nn.Stats) *graph.Node {
				return t.RunAs(game.Pass{Label: label, With: game.Averaged, Stats: stats}, p, x)[0]
			}
			before := averaged("before", nn.StatsByTrain)
			product := graph.Mul(t.RunAs(game.Pass{Label: "own", Track: true}, p, x)[0], before) // w ema, times squares whose mean is 1
			t.B.Output("dx", graph.Gradients(graph.Total(graph.Square(averaged("dx", nn.StatsRunning))), nil, x)[0])
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(product)})
			t.B.Output("running", averaged("after", nn.StatsRunning))
		})})
		return nil
	})
	square := 0. // of what batch norm gives, on average
	for _, x := range normal(channel) {
		square += x * x / float64(imageShape.Size())
	}
	w, sum := 3., 0.
	for step := range 4 {
		ema := l.get("p_ema/w")[0]
		l.set("p_ema/bn/mean", 1, -2)
		l.set("p_ema/bn/var", 4, 9)
		out := l.run(l.steps[0].Program)
		w -= .5 * ema * square
		sum += w
		l.near("w", l.get("p/w"), []float64{w})
		l.near("the average", l.get("p_ema/w"), []float64{sum / float64(step+1)})
		want, slope := running([2]float64{1, -2}, [2]float64{4, 9}), make([]float64, imageShape.Size())
		for i := range want {
			want[i] *= ema
			slope[i] = 2 * want[i] * ema / math.Sqrt([2]float64{4, 9}[i%2]+1e-5)
		}
		l.near("what the average gives", out["running"], want)
		l.near("its gradient to the operand", out["dx"], slope)
	}
}
