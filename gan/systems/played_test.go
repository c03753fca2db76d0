package systems_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// played is a game in float64 whose programs a test runs one by one, fed with what it
// chooses: batches and draws by their names.
type played struct {
	t     *testing.T
	game  *game.Game
	steps map[string]*game.Step
	memory
	in map[string]func(n int) []float64 // n numbers of an input; what is not there is drawn from N(0, 1)
}

// play declares a configuration's game on so many samples of a shape and gives its
// Variables first values, of vectors 0 and of matrices so that they keep the spread.
func play(t *testing.T, data game.Data, text string, set ...string) *played {
	t.Helper()
	g, err := systems.Table().Declare(configtest.Text(t, text, set...), game.Options{Data: func(string) game.Data { return data }, Float: graph.F64})
	if err != nil {
		t.Fatal(err)
	}
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	p := &played{t, g, map[string]*game.Step{}, memory{}, map[string]func(int) []float64{}}
	for _, s := range steps {
		feedStreams(t, s.Program)
		p.steps[s.Name] = s
	}
	init, err := g.Init()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Vars.All() {
		p.memory[v] = reference.New(v.DType, v.Shape)
	}
	p.memory.run(t, init)
	for _, net := range g.Nets() {
		for v, a := range drawn(net, 1) {
			p.memory[v] = a
		}
	}
	return p
}

// feedStreams turns the random streams of a finished program into inputs of the same
// names.
func feedStreams(t *testing.T, p *graph.Program) {
	t.Helper()
	for _, n := range p.Nodes {
		if n.Op == graph.OpNormal || n.Op == graph.OpUniform {
			n.Attr = &graph.Input{Name: n.Attr.(*graph.Stream).Name, DType: n.DType, Shape: n.Shape}
			n.Op, n.Inputs = graph.OpInput, nil
			p.Inputs = append(p.Inputs, n)
		}
	}
	if err := graph.Verify(p); err != nil {
		t.Fatal(err)
	}
}

// give has an input be these numbers.
func (p *played) give(name string, x ...float64) {
	p.in[name] = func(int) []float64 { return x }
}

// fed is what an input was given, or else draws of its own.
func (p *played) fed(name string, n int) []float64 {
	if f := p.in[name]; f != nil {
		return f(n)
	}
	random, x := rand.New(rand.NewPCG(uint64(len(name)), uint64(name[0]))), make([]float64, n)
	for i := range x {
		x[i] = random.NormFloat64()
	}
	return x
}

// step runs a training program, keeps what it updates, and gives its scores.
func (p *played) step(name string) map[string]float64 {
	p.t.Helper()
	s := p.steps[name]
	if s == nil {
		p.t.Fatalf("there is no program %s", name)
	}
	var in []reference.Array
	for _, n := range s.Inputs {
		a := reference.New(n.DType, n.Shape)
		if x := p.fed(n.InputName(), n.Shape.Size()); copy(a.Data, x) != len(a.Data) || len(x) != len(a.Data) {
			p.t.Fatalf("input %s has shape %s, and is given %d numbers", n.InputName(), n.Shape, len(x))
		}
		in = append(in, a)
	}
	out, next, err := reference.Run(s.Program, func(v *graph.Variable) reference.Array { return p.memory[v] }, in)
	if err != nil {
		p.t.Fatal(err)
	}
	for v, x := range next {
		p.memory[v] = x
	}
	scores := map[string]float64{}
	for i, o := range s.Outputs {
		if o.Name == "scores" {
			for j, name := range s.Scores {
				scores[name] = out[i].Data[j]
			}
		}
	}
	return scores
}

// values are copies of all Variables' values.
func (p *played) values() memory {
	m := memory{}
	for v, a := range p.memory {
		m[v] = reference.Array{Data: slices.Clone(a.Data), Shape: a.Shape, DType: a.DType}
	}
	return m
}

// ask is what a player gives of samples or codes, by the weights as they are, in a pass
// that is none of training.
func (p *played) ask(player string, s graph.Shape, x []float64) (out [][]float64) {
	p.t.Helper()
	prog, err := graph.Build("ask", p.game.Vars, func(b *graph.Builder) {
		for i, y := range p.game.Player(player).Apply(b, nn.Mode{Label: "ask"}, b.Literal(graph.F64, s, x)) {
			b.Output(string(rune('a'+i)), y)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	for _, a := range p.memory.run(p.t, prog) {
		out = append(out, a.Data)
	}
	return out
}

// refused holds a configuration with changes, key=value side by side, to be refused with a
// line that has some words.
func refused(t *testing.T, text, set, want string) {
	t.Helper()
	s, err := systems.Schema().Parse("test.toml", text)
	for _, kv := range strings.Fields(set) {
		key, value, _ := strings.Cut(kv, "=")
		if err == nil {
			err = s.Set(key, value)
		}
	}
	if err == nil {
		_, err = s.Resolve()
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %q", set, err, want)
	}
}
