package game

import (
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
)

// Data is what is known of a section of data before anything is declared.
type Data struct {
	Shape   graph.Shape // of one sample: [h, w, c], or [dim] for points
	Classes []string    // nil without labels
	Len     int         // samples
	// PerClass is how many samples a choice of n of each class holds, or why there is
	// none; nil where all classes have enough.
	PerClass func(n int) (int, error)
}

// Options of a game.
type Options struct {
	// Data tells of a section by name: "" is [data], "b" is [data.b].
	Data  func(section string) Data
	Float graph.DType // of parameters and activations: F32, or F64 in tests
}

// Setup is what a system declares its game on. Names must be unique among things
// of one sort; a mistake panics with a *graph.BuildError, as in graph builders, and
// whoever declares the game is told the line.
type Setup struct {
	Config *config.Config
	Float  graph.DType // of parameters, activations and batches
	g      *Game
	data   func(section string) Data
	names  map[[2]string]bool // sort and name
}

// name takes a name among things of one sort.
func (s *Setup) name(sort, name string) string {
	key := [2]string{sort, name}
	if s.names[key] {
		fail(sort, "there are two of the name %s", name)
	}
	s.names[key] = true
	return name
}

// fail reports a mistake of whoever wrote the system.
func fail(what, format string, args ...any) { graph.Fail(what, format, args...) }

// Stream declares endless batches of a section of data. The first one, of [data], is
// what images and epochs are counted in.
func (s *Setup) Stream(name string, o StreamOptions) *Stream {
	if o.Section != "" && s.Config.Stream(o.Section) == nil {
		fail("Stream", "stream %s reads [data.%s], and the kind has no such section", name, o.Section)
	}
	if o.Section != "" && len(s.g.Streams) == 0 {
		fail("Stream", "stream %s is the first one, in whose samples images and epochs are counted, and reads [data.%s]: declare one of [data] before it", name, o.Section)
	}
	if o.Batch == 0 {
		o.Batch = s.Config.Train.Batch
	}
	st := &Stream{Name: s.name("Stream", name), StreamOptions: o, Data: s.data(o.Section), index: len(s.g.Streams), float: s.Float}
	if o.PerClass > 0 {
		st.choose()
	}
	s.g.Streams = append(s.g.Streams, st)
	return st
}

// Code declares a block of a latent: size numbers, or for Class one of size classes. For
// people, a sample's numbers depend on its seed and the code's name alone.
func (s *Setup) Code(name string, k CodeKind, size int) *Code {
	if size < 1 {
		fail("Code", "code %s of size %d holds nothing", name, size)
	}
	c := &Code{Name: s.name("Code", name), Kind: k, Size: size, float: s.Float}
	s.g.Codes = append(s.g.Codes, c)
	return c
}

// Player declares a network. in are its operands without the batch axis. f runs once
// here, on two rows that are thrown away, to find its parameters; each later pass runs
// it again, and two layers of one name in it share theirs.
func (s *Setup) Player(name string, f Body, in ...In) *Player {
	return s.player(name, nn.NewNet(s.g.Vars, name, s.Float), f, in)
}

// Frozen declares a player whose weights are those of another run or a file: in no
// optimiser, average or checkpoint. It runs with its running statistics. A run remembers
// the file, and goes on with no other.
func (s *Setup) Frozen(name string, from Ref, f Body, in ...In) *Player {
	if from.Path == "" || from.Network == "" {
		fail("Frozen", "player %s has weights of no file, or of no network in it", name)
	}
	p := s.Player(name, f, in...)
	p.Ref = &from
	p.external()
	return p
}

func (s *Setup) player(name string, net *nn.Net, f Body, in []In) *Player {
	p := &Player{Name: s.name("Player", name), Net: net, body: f, in: in, setup: s}
	for i := range p.in {
		if p.in[i].DType == 0 {
			p.in[i].DType = s.Float
		}
	}
	known := len(variables(net))
	if err := net.Declare(func(pass *nn.Pass) { f(pass, p.operands(pass.B, 2)) }); err != nil {
		panic(err)
	}
	if by := s.g.settled(net); by != "" && len(variables(net)) > known {
		fail("Part", "part %s has layers that player %s has not, and %s is declared already: declare the part before it", name, net.Name, by)
	}
	s.g.Players = append(s.g.Players, p)
	if p.frozen() {
		p.external()
	}
	return p
}

// Average declares a second set of values that follows the players' once a step:
// what people see.
func (s *Setup) Average(o AverageOptions, of ...*Player) {
	for _, p := range of {
		if p.frozen() {
			fail("Average", "player %s is frozen, and has no average", p.Name)
		}
		s.g.averages = append(s.g.averages, average{nn.NewAverage(p.Net.Name+"_ema", p.Net), p, o})
	}
}

// AverageOptions say how an average follows.
type AverageOptions struct {
	Kimg  float64 // half-life in thousands of images of the first stream
	Mean  bool    // the plain mean of all values in place of that
	Start int     // at steps below it the average is a copy
}

// State declares a value that turns read with Get and move with Set, of shape sh (nil:
// one number). It lives on the device, is part of checkpoints and has no average.
func (s *Setup) State(name string, sh graph.Shape, d graph.DType, init nn.Init) *graph.Variable {
	return s.g.Vars.Add(&graph.Variable{Name: "state/" + name, Shape: sh, DType: d, Group: "state", Init: init(sh, d)})
}

// Lazy declares something that happens at each every-th run of the turns that ask
// for it: at run n, counted from 0 over all of them, where (n - offset) % every
// is 0. Every 1 is always. The name is part of programs' names.
func (s *Setup) Lazy(name string, every, offset int64) *Lazy {
	l := &Lazy{Name: s.name("Lazy", name), Every: max(every, 1), Offset: offset}
	s.g.lazies = append(s.g.lazies, l)
	return l
}

// Turn declares a program of training. build runs once when the game is declared, with
// everything lazy due, to see what the turn takes, and once for each variant that occurs.
func (s *Setup) Turn(name string, build func(t *Turn)) *TurnRef {
	r := &TurnRef{Name: s.name("Turn", name), build: build}
	s.g.turns = append(s.g.turns, r)
	return r
}

// Order says which turns make a step, in list order; a further call adds to the end.
func (s *Setup) Order(entries ...Entry) {
	for _, e := range entries {
		e.Times, e.Every = max(e.Times, 1), max(e.Every, 1)
		s.g.order = append(s.g.order, e)
	}
}

// Sampler declares a program for people: sample, field, encode, translate and so on.
func (s *Setup) Sampler(kind string, build func(t *Turn)) {
	s.g.Samplers = append(s.g.Samplers, &Sampler{Kind: s.name("Sampler", kind), build: build, game: s.g})
}
