package game

import (
	"slices"
	"strconv"
	"strings"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/model"
)

// Body is a network as a function of its operands, all with the batch axis first.
type Body func(p *nn.Pass, in []*graph.Node) []*graph.Node

// In is an operand: its name for other programs ("" is its place), and its type without the
// batch axis. DType 0 is the game's float.
type In struct {
	Name  string
	Shape graph.Shape
	DType graph.DType
	Codes []*Code // that are in it side by side; nil for what is no latent
	Times float64 // what they are multiplied by; 0 is 1
	// Held is what the operand always is outside of a turn: a state, with rows of its own,
	// such as a reference batch; nil for what is given.
	Held *graph.Variable
}

// Given is the operand that holds codes side by side, called as the first of them: numbers,
// or a class.
func Given(codes ...*Code) In {
	in := In{Name: codes[0].Name, Codes: codes}
	if codes[0].Kind == Class {
		in.Name, in.DType = "class", graph.I32
		return in
	}
	in.Shape = graph.Shape{0}
	for _, c := range codes {
		in.Shape[0] += c.Size
	}
	return in
}

// Ref names the weights of a network: those of a run, its latest checkpoint, or of a
// safetensors file.
type Ref struct {
	Path    string
	Network string // its name there, such as g, or g_ema for an average
}

// Player is a network by name.
type Player struct {
	Name  string
	Net   *nn.Net
	Torch []model.Tensor // its tensors as PyTorch's modules name them; nil where there is no such module
	Ref   *Ref           // what a frozen player's weights are; nil for one of the game's own

	title string
	gives []string // what its results are called
	body  Body
	in    []In
	setup *Setup
}

// Title is the player for people.
func (p *Player) Title() string {
	if p.title == "" {
		return p.Name
	}
	return p.title
}

// Called gives the player a title for people: generator, encoder.
func (p *Player) Called(title string) *Player {
	p.title = title
	return p
}

// Giving names the player's results for other programs: image, logit. Without it they are
// called by their places.
func (p *Player) Giving(names ...string) *Player {
	p.gives = names
	return p
}

// In are the player's operands.
func (p *Player) In() []In { return p.in }

// Part declares another function over the parameters of p.
func (p *Player) Part(name string, f Body, in ...In) *Player {
	return p.setup.player(name, p.Net, f, in)
}

// settled is what is over a network's Variables and takes no more of them: an optimiser, an
// average or standing statistics; "" where there is nothing.
func (g *Game) settled(net *nn.Net) string {
	for _, o := range g.Optimizers {
		if o.moves(net) {
			return "optimiser " + o.Name
		}
	}
	for _, a := range g.averages {
		if a.p.Net == net {
			return "its average"
		}
	}
	if g.standing.of[net] != nil {
		return "its standing statistics"
	}
	return ""
}

// external leaves the network's Variables out of first values and checkpoints.
func (p *Player) external() {
	for _, v := range variables(p.Net) {
		v.External = true
	}
}

// variables are all of a network.
func variables(n *nn.Net) []*graph.Variable { return slices.Concat(n.Params(), n.Stats(), n.State()) }

// frozen says whether the network's weights are another's, also of its parts.
func (p *Player) frozen() bool {
	return slices.ContainsFunc(p.setup.g.Players, func(x *Player) bool { return x.Net == p.Net && x.Ref != nil })
}

// Layers are the outermost scopes of the network's parameters, in the order in which its
// function first runs through them: what is nearest to its operands comes first.
func (p *Player) Layers() (names []string) {
	for _, v := range p.Net.Params() {
		if name := p.layer(v); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func (p *Player) layer(v *graph.Variable) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(v.Name, p.Net.Name+"/"), "/")
	return name
}

// Freeze leaves the parameters of layers, by Layers' names, as they begin: optimisers
// declared after it are over the others alone. Running statistics and state of these
// layers go on following the passes that track them.
func (p *Player) Freeze(layers ...string) {
	g := p.setup.g
	known := p.Layers()
	for _, name := range layers {
		if !slices.Contains(known, name) {
			fail("Freeze", "player %s has no layer %s, but %v", p.Name, name, known)
		}
	}
	for _, o := range g.Optimizers {
		if o.moves(p.Net) {
			fail("Freeze", "optimiser %s has player %s's parameters: freeze layers before it is declared", o.Name, p.Name)
		}
	}
	for _, v := range p.Net.Params() {
		if slices.Contains(layers, p.layer(v)) {
			g.frozen = append(g.frozen, v)
		}
	}
}

// Frozen says whether a parameter is in no optimiser by Freeze.
func (g *Game) Frozen(v *graph.Variable) bool { return slices.Contains(g.frozen, v) }

// Average is the average that follows the network; nil where there is none.
func (p *Player) Average() *nn.Average {
	for _, a := range p.setup.g.averages {
		if a.p.Net == p.Net {
			return a.Average
		}
	}
	return nil
}

// PartOf is the player whose parameters this one is another function over; nil where it
// has its own.
func (p *Player) PartOf() *Player {
	for _, other := range p.setup.g.Players {
		if other.Net == p.Net {
			if other == p {
				return nil
			}
			return other
		}
	}
	return nil
}

// Followed says how an average follows the network; false where none does.
func (p *Player) Followed() (AverageOptions, bool) {
	for _, a := range p.setup.g.averages {
		if a.p.Net == p.Net {
			return a.o, true
		}
	}
	return AverageOptions{}, false
}

// Program builds a program that runs the player once on n samples, in full precision: its
// operands and results by their names. trained is as in Sampler.Program.
func (p *Player) Program(name string, n int, trained bool) (*graph.Program, error) {
	g := p.setup.g
	return graph.Build(name, g.Vars, func(b *graph.Builder) {
		b.UseRandom(&graph.Random{Seed: g.Seed})
		t := g.newTurn(b)
		t.people = people{rows: n, trained: trained}
		for i, x := range p.Apply(b, nn.Mode{Label: name, Values: t.inUse(p)}, p.operands(b, n)...) {
			b.Output(p.resultName(i), x)
		}
	})
}

// Apply runs the player once in a program.
func (p *Player) Apply(b *graph.Builder, m nn.Mode, in ...*graph.Node) (out []*graph.Node) {
	p.Net.Pass(b, m).Scoped(func(pass *nn.Pass) *graph.Node {
		out = p.body(pass, in)
		return out[0]
	})
	return out
}

func (p *Player) resultName(i int) string {
	if i < len(p.gives) {
		return p.gives[i]
	}
	return "out" + strconv.Itoa(i)
}

// operands declares inputs of n rows, but for what is held.
func (p *Player) operands(b *graph.Builder, n int) []*graph.Node {
	out := make([]*graph.Node, len(p.in))
	for i, in := range p.in {
		name := in.Name
		if name == "" {
			name = "in" + strconv.Itoa(i)
		}
		if in.Held != nil {
			out[i] = b.Read(in.Held)
		} else {
			out[i] = b.Input(name, in.DType, append(graph.Shape{n}, in.Shape...))
		}
	}
	return out
}

// Param is a parameter's name and its value at a point of a program.
type Param struct {
	Name  string
	Value *graph.Node
}

// average is what follows a player.
type average struct {
	*nn.Average
	p *Player
	o AverageOptions
}
