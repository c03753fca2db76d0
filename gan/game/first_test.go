package game_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/gan/game"
)

// beginner is a game on points whose player "d" of two layers with weight norm and "f" of
// activation norms get first values in a turn of their own, and then learn.
type beginner struct {
	*lab
	d, f *game.Player
}

// weightNormed gives what each of its layers does.
func weightNormed(p *nn.Pass, in []*graph.Node) []*graph.Node {
	h := nn.Dense(p, "one", in[0], 3, nn.HeNormal(), nn.Constant(.5), nn.WeightNorm{})
	return []*graph.Node{h, nn.Dense(p, "two", graph.Tanh(h), 2, nn.HeNormal(), nn.Constant(0), nn.WeightNorm{Scale: .25})}
}

func actNormed(p *nn.Pass, in []*graph.Node) []*graph.Node {
	y, _ := nn.ActNorm(p, "one", in[0])
	z, _ := nn.ActNorm(p, "two", graph.Exp(y))
	return []*graph.Node{y, z}
}

// newBeginner has the first turn see a batch as so many, each in statistics of its own.
func newBeginner(t *testing.T, batches int) *beginner {
	b := &beginner{}
	b.lab = newLab(t, func(s *game.Setup) error {
		real := s.Stream("real", game.StreamOptions{})
		in := game.In{Shape: real.Shape}
		b.d, b.f = s.Player("d", weightNormed, in), s.Player("f", actNormed, in)
		opt := s.Optimizer("a", "a", b.d, b.f)
		s.Average(game.AverageOptions{Mean: true}, b.d, b.f)
		s.Order(
			game.Entry{Until: 1, Turn: s.Turn("begin", func(t *game.Turn) {
				x := t.Batch(real, game.Points)
				var each [][]*graph.Node
				for i := range batches {
					each = append(each, []*graph.Node{graph.Slice(x, []int{i * 4 / batches, 0}, nil, []int{4 / batches, 2})})
				}
				t.RunEach(game.Pass{Label: "d", First: true, Track: batches > 1}, b.d, each...)
				t.RunEach(game.Pass{Label: "f", First: true}, b.f, each...)
			})},
			game.Entry{Turn: s.Turn("learn", func(t *game.Turn) {
				x := t.Batch(real, game.Points)
				t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(graph.Sub(t.Run(b.d, x)[1], t.Run(b.f, x)[1])))})
			})},
		)
		return nil
	})
	return b
}

// batch is the points of a run, four of two coordinates.
func (b *beginner) batch(taken int64) reference.Array {
	x := reference.New(graph.F32, graph.Shape{4, 2})
	for i := range x.Data {
		x.Data[i] = float64(float32(3*math.Sin(float64(taken)+float64(i*i)) + float64(i%2)))
	}
	return x
}

// step runs a whole step on the batches at its positions.
func (b *beginner) step(step int64) {
	for place, k := range slices.Clone(b.Sequence.At(step)) {
		b.run(b.steps[k].Program, b.batch(b.Sequence.Taken(b.Streams[0], step, place)))
	}
}

// moments are each unit's mean and deviation of what a player's layers give of a batch.
func (b *beginner) moments(p *game.Player, x reference.Array) (mean, deviation [][]float64) {
	b.Helper()
	probe, err := graph.Build("probe", b.Vars, func(g *graph.Builder) {
		for i, y := range p.Apply(g, nn.Mode{Label: "probe"}, g.Literal(graph.F64, x.Shape, x.Data)) {
			g.Output(string(rune('0'+i)), y)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	out := b.run(probe)
	for i := range 2 {
		y := out[string(rune('0'+i))]
		units := len(y) / 4
		mean, deviation = append(mean, make([]float64, units)), append(deviation, make([]float64, units))
		for u := range units {
			m, v, _ := moments(y, func(j int) bool { return j%units == u })
			mean[i][u], deviation[i][u] = m, math.Sqrt(v)
		}
	}
	return mean, deviation
}

// After step 0's first turn every unit of a layer has mean 0 and the deviation that it asks
// for on that batch, deep layers too; the averages have the same values; no step sets them
// again, and a run that goes on is the same.
func TestFirstValues(t *testing.T) {
	for _, batches := range []int{1, 2} {
		beginsNormal(t, newBeginner(t, batches))
	}
	whole, stopped, next := newBeginner(t, 1), newBeginner(t, 1), newBeginner(t, 1)
	stopped.step(0)
	for _, v := range next.Vars.All() {
		next.set(v.Name, slices.Clone(stopped.get(v.Name))...)
	}
	for step := range int64(4) {
		whole.step(step)
		if step > 0 {
			next.step(step)
		}
	}
	for _, v := range whole.Vars.All() {
		if !reflect.DeepEqual(whole.get(v.Name), next.get(v.Name)) {
			t.Errorf("%s is %v, and %v in a run that went on", v.Name, whole.get(v.Name), next.get(v.Name))
		}
	}
	for _, v := range stopped.d.Net.Params() {
		stopped.near("the average of "+v.Name+" after a step", stopped.get(stopped.d.Average().Variable(v).Name), stopped.get(v.Name))
	}
	if len(whole.Sequence.At(1)) != 1 {
		t.Error("first values are set in step 1 too")
	}
}

// beginsNormal looks at what the first turn sets.
func beginsNormal(t *testing.T, b *beginner) {
	t.Helper()
	first := b.steps[b.Sequence.At(0)[0]]
	b.run(first.Program, b.batch(0))
	same := func(n int, x float64) []float64 { return slices.Repeat([]float64{x}, n) }
	for p, want := range map[*game.Player][2][]float64{b.d: {same(3, 1), same(2, .25)}, b.f: {same(2, 1), same(2, 1)}} {
		mean, deviation := b.moments(p, b.batch(0))
		for i := range want {
			b.near(p.Name+"'s mean", mean[i], same(len(want[i]), 0))
			b.near(p.Name+"'s deviation", deviation[i], want[i])
		}
		for _, v := range p.Net.Params() {
			b.near(p.Average().Variable(v).Name, b.get(p.Average().Variable(v).Name), b.get(v.Name))
		}
	}
	if n := b.Sequence.Taken(b.Streams[0], 1, 0); n != 8 || b.ImagesPerStep() != 4 {
		t.Errorf("%d samples in step 0 and %v in later ones, want 8 and 4", n, b.ImagesPerStep())
	}
}

// First values that are not finite are not stored, and weights that were given stay.
func TestFirstValuesGuarded(t *testing.T) {
	for _, given := range []bool{false, true} {
		b := newBeginner(t, 1)
		x := b.batch(0)
		if given {
			b.set(b.Given(b.d.Net).Name, 1)
			b.set(b.Given(b.f.Net).Name, 1)
		} else {
			x.Data[0] = math.Inf(1)
		}
		before := map[string][]float64{}
		for _, p := range []*game.Player{b.d, b.f} {
			for _, v := range p.Net.Params() {
				before[v.Name] = b.get(v.Name)
			}
		}
		out := b.run(b.steps[b.Sequence.At(0)[0]].Program, x)
		if (out["finite"][0] == 1) != given {
			t.Errorf("given %v: finite is %v", given, out["finite"])
		}
		for name, want := range before {
			b.near(name, b.get(name), want)
		}
	}
}

// What a turn minimises behind a first pass starts at the values that it set, and a loss
// of what came before them is refused.
func TestFirstValuesAreData(t *testing.T) {
	dense := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return []*graph.Node{nn.Dense(p, "one", in[0], 1, nn.Constant(1), nn.Constant(0), nn.WeightNorm{})}
	}
	played := func(turn func(t *game.Turn, p *game.Player, x *graph.Node, minimise func(loss *graph.Node))) (*game.Game, func() *lab) {
		declare := func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			p := s.Player("p", dense, game.In{Shape: real.Shape})
			opt := s.Optimizer("a", "a", p)
			none := s.State("none", nil, graph.F32, nn.Constant(0))
			s.Order(game.Entry{Until: 1, Turn: s.Turn("begin", func(t *game.Turn) {
				turn(t, p, t.Batch(real, game.Points), func(loss *graph.Node) { t.Minimise(game.Goal{By: opt, Loss: loss}) })
			})}, game.Entry{Turn: s.Turn("rest", func(t *game.Turn) { t.Set(none, t.Get(none)) })})
			return nil
		}
		return declared(t, labSystem(declare)), func() *lab { return newLab(t, declare) }
	}
	after := func(learns bool) []float64 {
		_, lab := played(func(t *game.Turn, p *game.Player, x *graph.Node, minimise func(loss *graph.Node)) {
			t.RunAs(game.Pass{Label: "first", First: true}, p, x)
			if learns {
				minimise(graph.Average(t.Run(p, x)[0])) // b falls by 0.5; g's gradient is the mean of v'x/|v|
			}
		})
		l := lab()
		x := (&beginner{}).batch(0)
		l.run(l.steps[0].Program, x)
		var mean float64
		for _, v := range x.Data {
			mean += v / 4 / math.Sqrt2
		}
		return []float64{l.get("p/one/g")[0], l.get("p/one/b")[0], mean}
	}
	first, moved := after(false), after(true)
	for i, want := range []float64{first[0] - .5*first[2], first[1] - .5} {
		if math.Abs(moved[i]-want) > 1e-9 {
			t.Errorf("number %d is %v behind a first value of %v, want %v", i, moved[i], first[i], want)
		}
	}
	for want, turn := range map[string]func(t *game.Turn, p *game.Player, x *graph.Node, minimise func(loss *graph.Node)){
		"the loss of a depends on none of its parameters": func(t *game.Turn, p *game.Player, x *graph.Node, minimise func(loss *graph.Node)) {
			minimise(graph.Average(t.RunAs(game.Pass{Label: "first", First: true}, p, x)[0]))
		},
		"the loss of a reaches p/one/g as it was before": func(t *game.Turn, p *game.Player, x *graph.Node, minimise func(loss *graph.Node)) {
			y := t.Run(p, x)[0]
			t.RunAs(game.Pass{Label: "first", First: true}, p, x)
			minimise(graph.Average(y))
		},
	} {
		g, _ := played(turn)
		if _, err := g.Steps(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}
