package game

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// System is a kind of training: a file of gan/systems declares one.
type System struct {
	config.Kind
	Declare func(s *Setup) error
}

// Systems are those that configurations may choose.
type Systems struct {
	Schema *config.Schema
	All    []System // in the order of the schema's kinds
}

// NewSystems puts systems together; the first is the one that a configuration
// without model.kind means.
func NewSystems(all ...System) *Systems {
	var kinds []config.Kind
	for _, s := range all {
		kinds = append(kinds, s.Kind)
	}
	return &Systems{config.NewSchema(kinds...), all}
}

// Declare has the system of a configuration declare its game.
func (s *Systems) Declare(c *config.Config, o Options) (*Game, error) {
	at := slices.IndexFunc(s.All, func(s System) bool { return s.Name == c.Model.Kind })
	if at < 0 {
		return nil, &config.Error{Key: "model.kind", Msg: fmt.Sprintf("there is no system %q", c.Model.Kind)}
	}
	return New(s.All[at], c, o)
}

// Game is what a system declared for a configuration, over one set of Variables.
type Game struct {
	Config *config.Config
	Vars   *graph.Vars
	Float  graph.DType
	// Seed (I32 [2]) is the one number that every random stream depends on; the
	// host writes it before the first program runs.
	Seed *graph.Variable
	// Clock (I32 []) counts the finished steps. What changes in the course of a run
	// reads it; the last program of a step moves it.
	Clock *graph.Variable
	// Finite (Bool []) is true until a run of a training program met a NaN or an
	// infinity; from then on nothing is updated.
	Finite *graph.Variable
	// Slower (F32 []) multiplies learning rates, for the host to write where a run is rolled
	// back; nil where runs are not.
	Slower *graph.Variable

	Streams    []*Stream
	Codes      []*Code
	Players    []*Player // parts too
	Optimizers []*Optimizer
	Samplers   []*Sampler

	Sequence Sequence

	prec     graph.Precision
	frozen   []*graph.Variable
	given    map[*nn.Net]*graph.Variable // of networks that first passes set
	averages []average
	standing standing
	turns    []*TurnRef
	building *TurnRef // of which a training program is built; nil else
	samples  int      // of [data], for epochs
	order    []Entry
	lazies   []*Lazy
}

// New has a system declare its game.
func New(sys System, c *config.Config, o Options) (g *Game, err error) {
	g = &Game{Config: c, Vars: graph.NewVars(), Float: o.Float, given: map[*nn.Net]*graph.Variable{}, samples: o.Data("").Len}
	switch c.Run.Precision {
	case "bf16":
		g.prec = graph.BF16Mode
	case "tf32":
		g.prec = graph.TF32
	}
	counter := func(name string, s graph.Shape) *graph.Variable {
		return g.Vars.Add(&graph.Variable{Name: name, Shape: s, DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	}
	g.Seed, g.Clock = counter("seed", graph.Shape{2}), counter("clock/steps", nil)
	g.Finite = g.Vars.Add(&graph.Variable{Name: "finite", DType: graph.Bool, Group: "counters", Init: graph.Fill(graph.Bool, 1)})
	if c.Train.Rollback.On {
		g.Slower = g.Vars.Add(&graph.Variable{Name: "slower", DType: graph.F32, Group: "counters", Init: graph.Fill(graph.F32, 1)})
	}
	if err := g.declare(sys, &Setup{Config: c, Float: o.Float, g: g, data: o.Data, names: map[[2]string]bool{}}); err != nil {
		return nil, err
	}
	g.Sequence = Sequence{order: g.order, lazies: g.lazies, accumulate: max(int64(c.Train.Accumulate), 1)}
	if err := g.Sequence.find(); err != nil {
		return nil, fmt.Errorf("model %s: %w", sys.Name, err)
	}
	for _, check := range []func() error{g.checkBatches, g.begins, g.checkStanding} {
		if err := check(); errors.As(err, new(*config.Error)) { // whose key says enough
			return nil, err
		} else if err != nil {
			return nil, fmt.Errorf("model %s: %w", sys.Name, err)
		}
	}
	for _, v := range g.Sequence.variants {
		name := g.Sequence.name(v)
		if g.Vars.ByName("run/"+name) != nil {
			return nil, fmt.Errorf("model %s: there are two programs of the name %s: give turn %s another", sys.Name, name, v.turn.Name)
		}
		counter("run/"+name, nil)
	}
	return g, nil
}

// declare runs the system's declaration and builds each turn once, to see what it
// takes.
func (g *Game) declare(sys System, s *Setup) (err error) {
	defer refused(&err)
	defer func() {
		if r := recover(); r != nil {
			var mistake *graph.BuildError
			if e, ok := r.(error); !ok || !errors.As(e, &mistake) {
				panic(r)
			}
			err = fmt.Errorf("model %s: %w", sys.Name, mistake)
		}
	}()
	if err := sys.Declare(s); err != nil {
		return err
	}
	if len(g.Streams) == 0 {
		return fmt.Errorf("model %s: there is no stream, in whose samples images and epochs are counted", sys.Name)
	}
	for _, r := range g.turns {
		var found *Uses
		if _, err := graph.Build(r.Name, g.Vars, func(b *graph.Builder) {
			b.UseRandom(&graph.Random{Seed: g.Seed})
			t := g.newTurn(b)
			t.of, t.clock, t.due, t.looking = r, b.Read(g.Clock), map[*Lazy]bool{}, true
			for _, l := range g.lazies {
				t.due[l] = true
			}
			found = t.uses
			r.build(t)
		}); err != nil {
			return g.alone(err)
		}
		r.Uses = *found
		if why := r.Uses.single(); g.Config.Train.Accumulate > 1 && why != "" {
			return &config.Error{Key: "train.accumulate", Msg: fmt.Sprintf("turn %s of %s %s; set it to 1", r.Name, sys.Name, why)}
		}
	}
	return nil
}

// alone says by its key that a batch of one sample is too small for batch norm.
func (g *Game) alone(err error) error {
	var mistake *graph.BuildError
	if g.Config.Train.Batch > 1 || !errors.As(err, &mistake) || mistake.Op != "BatchNorm" {
		return err
	}
	return &config.Error{Key: "train.batch", Msg: "batch norm of dense layers takes a sample's distance from the mean of its batch, and one sample is its own mean; write 2 or more"}
}

// refused makes an error of a panic with one of the configuration's.
func refused(err *error) {
	if r := recover(); r != nil {
		var of *config.Error
		if e, ok := r.(error); !ok || !errors.As(e, &of) {
			panic(r)
		}
		*err = of
	}
}

func (g *Game) newTurn(b *graph.Builder) *Turn {
	return &Turn{B: b, g: g, values: map[*nn.Net]*nn.Values{}, state: map[*graph.Variable]*graph.Node{}, next: map[*graph.Variable]*graph.Node{}, versions: map[*graph.Variable][]*graph.Node{},
		labels: map[string]bool{}, passes: map[string]bool{}, uses: &Uses{}}
}

// Player is the player of a name; nil where there is none.
func (g *Game) Player(name string) *Player {
	for _, p := range g.Players {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Sampler is the sampler of a kind; nil where the system has none.
func (g *Game) Sampler(kind string) *Sampler {
	for _, s := range g.Samplers {
		if s.Kind == kind {
			return s
		}
	}
	return nil
}

// Nets are the networks of all players, each once, in order.
func (g *Game) Nets() (out []*nn.Net) {
	for _, p := range g.Players {
		if !slices.Contains(out, p.Net) {
			out = append(out, p.Net)
		}
	}
	return out
}

// Trained are the networks whose weights are the game's own, not those of frozen players.
func (g *Game) Trained() []*nn.Net {
	return slices.DeleteFunc(g.Nets(), func(n *nn.Net) bool {
		return slices.ContainsFunc(g.Players, func(p *Player) bool { return p.Net == n && p.Ref != nil })
	})
}

// Init builds the program that gives every Variable its first value. The seed
// is the host's to write, before.
func (g *Game) Init() (*graph.Program, error) {
	return g.Vars.InitProgram("init", &graph.Random{Seed: g.Seed}, func(v *graph.Variable) bool { return v == g.Seed })
}

// Step is a training program with the names of the numbers in its output
// "scores" (f32). Its output "finite" (bool []) is whether state was updated.
type Step struct {
	*graph.Program
	Turn   *TurnRef
	Scores []string
	Fed    []Fed // in the order of the program's inputs
}

// Steps builds the training programs, by the numbers that Sequence.At gives.
func (g *Game) Steps() (out []*Step, err error) {
	for _, v := range g.Sequence.variants {
		s, err := g.step(v)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// step builds one training program, guarded: where a loss or a gradient is not
// finite, nothing is updated.
func (g *Game) step(v variant) (step *Step, err error) {
	defer refused(&err)
	name := g.Sequence.name(v)
	g.building, step = v.turn, &Step{Turn: v.turn}
	defer func() { g.building = nil }()
	step.Program, err = graph.Build(name, g.Vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: g.Seed, Run: g.Vars.ByName("run/" + name)})
		t := g.newTurn(b)
		t.of, t.clock, t.due, t.adding = v.turn, b.Read(g.Clock), map[*Lazy]bool{}, v.adding
		for bit, l := range g.lazies {
			t.due[l] = v.due&(1<<bit) != 0
		}
		b.WithPrecision(g.prec, func() {
			v.turn.build(t)
			if v.last {
				t.tick()
			} else {
				t.startAverages()
			}
		})
		t.commit()
		b.Output("finite", b.GuardUpdates(g.Finite, t.finite...))
		step.Scores = t.output()
		step.Fed = t.uses.Fed
	})
	if err == nil {
		err = v.turn.holds(&Uses{Fed: step.Fed})
	}
	if err != nil {
		return nil, err
	}
	step.Fed, err = inOrder(step.Program, step.Fed)
	return step, err
}

// inOrder sorts what is fed as the program's inputs are.
func inOrder(p *graph.Program, fed []Fed) (out []Fed, err error) {
	for _, in := range p.Inputs {
		at := slices.IndexFunc(fed, func(f Fed) bool { return f.Name == in.InputName() })
		if at < 0 {
			return nil, fmt.Errorf("input %s of program %s is of no stream: take batches with Batch or Again", in.InputName(), p.Name)
		}
		out = append(out, fed[at])
	}
	return out, nil
}

// tick ends a step: averages follow, and the clock moves.
func (t *Turn) tick() {
	for _, a := range t.g.averages {
		rule := nn.AverageRule{Mean: a.o.Mean, Start: a.o.Start}
		if !a.o.Mean {
			t.halve(&rule, a.o.Kimg)
		}
		a.Follow(t.B, t.valuesOf(a.p), rule, t.clock)
	}
	t.B.Update(t.g.Clock, graph.Add(t.clock, t.B.Const(graph.I32, 1)), nil)
}

// halve has an average keep so much of its old value at each step that half of it is
// gone after kimg thousand images.
func (t *Turn) halve(rule *nn.AverageRule, kimg float64) {
	s, first := &t.g.Sequence, t.g.first()
	if s.even(first) {
		t.g.counted(t.g.ImagesPerStep())
		rule.Decay = math.Pow(.5, t.g.ImagesPerStep()/(1000*kimg))
		return
	}
	step := graph.Cast(t.clock, graph.F64)
	now := graph.Sub(s.taken(first, graph.Shift(step, 1)), s.taken(first, step))
	rule.Varies = graph.Pow(t.B.Const(graph.F64, .5), graph.Scale(now, 1/(1000*kimg)))
}

// commit stores new values: of nets that were trained, then of those that only
// tracked, then states.
func (t *Turn) commit() {
	done := map[*nn.Net]bool{}
	for _, net := range append(slices.Clone(t.trainedNets), t.nets...) {
		if !done[net] {
			done[net] = true
			for _, v := range net.Params() {
				if x := t.next[v]; x != nil {
					t.values[net].Set(v, x)
				}
			}
			t.values[net].Commit(t.B)
		}
	}
	for _, v := range t.moved {
		t.B.Update(v, t.state[v], nil)
	}
}

// output names the scores and puts them side by side.
func (t *Turn) output() (names []string) {
	var nodes []*graph.Node
	for _, s := range t.scores {
		names = append(names, s.name)
		nodes = append(nodes, graph.Reshape(graph.Cast(s.node, graph.F32), graph.Shape{1}))
	}
	if len(nodes) == 0 { // it moves state alone
		nodes = append(nodes, graph.Reshape(t.B.Const(graph.F32, 0), graph.Shape{1}))
	}
	t.B.Output("scores", graph.Concat(0, nodes...))
	return names
}

// Averaged are the players that averages follow.
func (g *Game) Averaged() (out []*Player) {
	for _, a := range g.averages {
		out = append(out, a.p)
	}
	return out
}
