package game

import (
	"fmt"
	"math"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
	"ganengine/engine/reference"
	"ganengine/gan/config"
)

// uneven is a game whose steps take different numbers of samples: two batches at each
// third step, one at others; and from step 5 on, in which an optimiser of its own runs,
// three or four. Each player is a number that falls by its optimiser's rate.
func uneven(s *Setup) error {
	real := s.Stream("real", StreamOptions{})
	early, late := falling(s, "early"), falling(s, "late")
	s.Average(AverageOptions{Kimg: .02}, early)
	turn := func(name string, p *Player, o *Optimizer) *TurnRef {
		return s.Turn(name, func(t *Turn) {
			t.Batch(real, Points)
			n := &config.Schedule{At: []float64{0, .1}, To: []float64{1, 2}, Unit: "kimg", Shape: "linear", From: "phase"}
			t.Score("weight", t.Value("loss", "weight", config.Number{Schedule: n}))
			t.Minimise(Goal{By: o, Loss: t.Run(p, t.B.Const(graph.F64, 0))[0]})
		})
	}
	optEarly, optLate := s.Optimizer("early", "early", early), s.Optimizer("late", "late", late)
	one := turn("one", early, optEarly)
	s.Order(Entry{Turn: one}, Entry{Turn: one, Every: 3, Offset: 1}, Entry{Turn: turn("two", late, optLate), Times: 2, From: 5})
	return nil
}

// falling is a player of one number, its loss.
func falling(s *Setup, name string) *Player {
	return s.Player(name, func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Reshape(p.Param("x", graph.Shape{1}, nn.Constant(0)), nil)}
	}, In{})
}

// A clock of samples shows how many the steps before took, one of a phase how many its
// own did, whatever each step takes; averages and what people are told go by the same.
func TestUnevenClock(t *testing.T) {
	for _, unit := range []string{"steps", "kimg", "epochs", "updates"} {
		for _, from := range []string{"start", "phase"} {
			if unit == "updates" && from == "phase" {
				continue
			}
			t.Run(unit+" from "+from, func(t *testing.T) { unevenClock(t, unit, from) })
		}
	}
}

func unevenClock(t *testing.T, unit, from string) {
	const batch, samples = 8, 50
	all := NewSystems(System{config.Kind{Name: "uneven", Doc: "test", Keys: struct{}{}, Optims: []string{"early", "late"}}, uneven})
	per := map[string]float64{"steps": 1, "kimg": 1000, "epochs": samples, "updates": 1}[unit]
	g := ofNumbers(t, all, samples, fmt.Sprintf("[data]\nkind=\"mixture\"\n[model]\nkind=\"uneven\"\n[train]\nbatch=%d\n[optim.early]\nkind=\"sgd\"\nlr={ at=[0.0, %g], to=[1.0, 0.0], unit=%q, from=%q }\n",
		batch, 300/per, unit, from))
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	values := map[*graph.Variable]reference.Array{}
	for _, v := range g.Vars.All() {
		values[v] = reference.New(v.DType, v.Shape)
	}
	values[g.Finite].Data[0] = 1
	number := func(name string) float64 { return values[g.Vars.ByName(name)].Data[0] }
	course := optim.Schedule{At: []float64{0, 300}, To: []float64{1, 0}}

	taken, average := 0., 0.
	phase := map[string]float64{} // what was taken before
	updates := map[string]float64{}
	for step := range int64(12) {
		before := taken
		if step == 5 {
			phase["late"] = taken
		}
		for _, p := range g.Sequence.At(step) {
			of := map[byte]string{'o': "early", 't': "late"}[steps[p].Name[0]]
			now := map[string]float64{"steps": float64(step), "updates": updates[of]}[unit]
			if unit == "kimg" || unit == "epochs" {
				now = before
			}
			if from == "phase" && of == "late" {
				if now -= 5; unit != "steps" {
					now = before - phase["late"]
				}
			}
			x := number(of + "/x")
			scores := execute(t, steps[p], values, reference.New(graph.F32, graph.Shape{batch, 1}))
			if rate, want := x-number(of+"/x"), course.Value(now); math.Abs(rate-want) > 1e-12 {
				t.Errorf("step %d: the rate of %s is %v, want %v", step, of, rate, want)
			}
			if want := 1 + min((before-phase[of])/100, 1); math.Abs(scores["weight"]-want) > 1e-6 { // f32
				t.Errorf("step %d: the weight of %s is %v, want %v", step, of, scores["weight"], want)
			}
			if o := g.Optimizers[map[string]int{"early": 0, "late": 1}[of]]; unit != "updates" || updates[of] == float64(g.Sequence.updates(o, step)) {
				if got, want := g.Rate(o, step), course.Value(now); math.Abs(got-want) > 1e-12 {
					t.Errorf("step %d: people are told a rate of %s of %v, want %v", step, of, got, want)
				}
			}
			updates[of]++
			taken += batch
		}
		if got := float64(g.Sequence.Taken(g.first(), step+1, 0)); got != taken {
			t.Fatalf("after step %d %v samples are counted, want %v", step, got, taken)
		}
		x := number("early/x")
		if average += (1 - math.Pow(.5, (taken-before)/20)) * (x - average); step == 0 {
			average = x
		}
		if got := number("early_ema/x"); math.Abs(got-average) > 1e-12 {
			t.Errorf("step %d: the average is %v, want %v", step, got, average)
		}
	}
}

// execute runs a training program on one batch, and gives its scores.
func execute(t *testing.T, step *Step, values map[*graph.Variable]reference.Array, batch reference.Array) map[string]float64 {
	t.Helper()
	out, updates, err := reference.Run(step.Program, func(v *graph.Variable) reference.Array { return values[v] }, []reference.Array{batch})
	if err != nil {
		t.Fatal(err)
	}
	for v, x := range updates {
		values[v] = x
	}
	scores := map[string]float64{}
	for i, o := range step.Outputs {
		for k, name := range step.Scores {
			if o.Name == "scores" {
				scores[name] = out[i].Data[k]
			}
		}
	}
	return scores
}

// A kind whose steps take other numbers of samples than it says would have lengths in
// images and epochs that are not those: it is refused.
func TestBatchesOfAStep(t *testing.T) {
	declared := func(batches func(*config.Config) int) error {
		twice := func(s *Setup) error {
			real := s.Stream("real", StreamOptions{})
			p := falling(s, "p")
			o := s.Optimizer("p", "p", p)
			s.Order(Entry{Times: 2, Turn: s.Turn("p", func(t *Turn) {
				t.Batch(real, Points)
				t.Minimise(Goal{By: o, Loss: t.Run(p, t.B.Const(graph.F64, 0))[0]})
			})})
			return nil
		}
		all := NewSystems(System{config.Kind{Name: "twice", Doc: "test", Keys: struct{}{}, Optims: []string{"p"}, Batches: batches}, twice})
		settings, err := all.Schema.Parse("twice.toml", "[data]\nkind=\"mixture\"\n[model]\nkind=\"twice\"\n[train]\nbatch=5\nkimg=0.1\n")
		if err != nil {
			t.Fatal(err)
		}
		c, err := settings.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		g, err := all.Declare(c, Options{Float: graph.F64, Data: func(string) Data { return Data{Shape: graph.Shape{1}, Len: 50} }})
		if err == nil && g.Sequence.Taken(g.first(), int64(c.Train.Steps), 0) != 100 {
			t.Errorf("%d steps are no 100 samples", c.Train.Steps)
		}
		return err
	}
	if err := declared(nil); err == nil || err.Error() != "model twice: a step takes 10 samples of [data], and the kind says 5; set Batches of its config.Kind" {
		t.Errorf("it says nothing: %v", err)
	}
	if err := declared(func(*config.Config) int { return 2 }); err != nil {
		t.Errorf("it says two: %v", err)
	}
}

// A phase is the turn's whose program needs the number: of one optimiser that two turns
// move, one from step 0 on and the other from step 3, each has its own clock, and a turn
// that comes more often from some step on is still in its phase.
func TestPhaseOfTheTurn(t *testing.T) {
	all := NewSystems(System{config.Kind{Name: "phased", Doc: "test", Keys: struct{}{}, Optims: []string{"p"}}, func(s *Setup) error {
		s.Stream("real", StreamOptions{})
		p := falling(s, "p")
		o := s.Optimizer("p", "p", p)
		turn := func(name string) *TurnRef {
			return s.Turn(name, func(t *Turn) { t.Minimise(Goal{By: o, Loss: t.Run(p, t.B.Const(graph.F64, 0))[0]}) })
		}
		always := turn("always")
		s.Order(Entry{Turn: always}, Entry{Turn: turn("late"), From: 3}, Entry{Turn: always, From: 5})
		return nil
	}})
	g := ofNumbers(t, all, 50, "[data]\nkind=\"mixture\"\n[optim.p]\nkind=\"sgd\"\nlr={ at=[0, 64], to=[1.0, 65.0], from=\"phase\" }\n")
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	values := map[*graph.Variable]reference.Array{}
	for _, v := range g.Vars.All() {
		values[v] = reference.New(v.DType, v.Shape)
	}
	values[g.Finite].Data[0] = 1
	x := 0.
	for step := range int64(8) {
		for _, k := range g.Sequence.At(step) {
			_, updates, err := reference.Run(steps[k].Program, func(v *graph.Variable) reference.Array { return values[v] }, nil)
			if err != nil {
				t.Fatal(err)
			}
			for v, a := range updates {
				values[v] = a
			}
			rate := float64(step + 1)
			if g.Sequence.variants[k].turn.Name == "late" {
				rate -= 3
			}
			if x -= rate; values[g.Vars.ByName("p/x")].Data[0] != x {
				t.Fatalf("step %d, program %s: the number is %v, want %v", step, steps[k].Name, values[g.Vars.ByName("p/x")].Data[0], x)
			}
		}
	}
}

// A length in samples is the least number of steps that take them, also where steps differ:
// where one takes more at first, or each so many-th, or none for some time.
func TestStepsOfSamples(t *testing.T) {
	const batch = 5
	for name, order := range map[string][]Entry{
		"first":      {{}, {Times: 3, Until: 4}},
		"each third": {{}, {Times: 7, Every: 3, Offset: 1}},
		"late":       {{From: 10, Every: 2}, {Times: 2, From: 13}},
		"first only": {{Until: 6, Every: 2}},
	} {
		all := NewSystems(System{config.Kind{Name: "uneven", Doc: "test", Keys: struct{}{}, Optims: []string{"p"}}, func(s *Setup) error {
			real := s.Stream("real", StreamOptions{Batch: batch})
			n := s.State("n", nil, graph.F64, nn.Constant(0))
			take := s.Turn("take", func(t *Turn) { t.Set(n, graph.Average(t.Batch(real, Points))) })
			s.Order(Entry{Turn: s.Turn("rest", func(t *Turn) { t.Set(n, t.Get(n)) })})
			for _, e := range order {
				e.Turn = take
				s.Order(e)
			}
			return nil
		}})
		g := ofNumbers(t, all, 50, "[data]\nkind=\"mixture\"\n")
		for images := int64(1); images < 150; images++ {
			var want, taken int64
			for ; want < 1000 && taken < images; want++ {
				for _, k := range g.Sequence.At(want) {
					if g.Sequence.variants[k].turn.Name == "take" {
						taken += batch
					}
				}
			}
			if steps, ok := g.StepsOf(images); ok != (taken >= images) || ok && steps != want {
				t.Fatalf("%s: %d samples are %d steps, %v; want %d", name, images, steps, ok, want)
			}
		}
	}
}

// ofNumbers declares a game in float64 whose data are so many single numbers.
func ofNumbers(t *testing.T, all *Systems, samples int, text string) *Game {
	t.Helper()
	settings, err := all.Schema.Parse("test.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	c, err := settings.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	g, err := all.Declare(c, Options{Float: graph.F64, Data: func(string) Data { return Data{Shape: graph.Shape{1}, Len: samples} }})
	if err != nil {
		t.Fatal(err)
	}
	return g
}
