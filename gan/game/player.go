package game

import (
	"slices"
	"strings"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/model"
)

// Body is a network as a function of its operands, all with the batch axis first.
type Body func(p *nn.Pass, in []*graph.Node) []*graph.Node

// In is the type of an operand, without the batch axis. DType 0 is the game's float.
type In struct {
	Shape graph.Shape
	DType graph.DType
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

// Program builds a program that runs the player once on n samples with the
// values that people see, or the trained ones: what its layers give, for people.
func (p *Player) Program(name string, n int) (*graph.Program, error) {
	return graph.Build(name, p.setup.g.Vars, func(b *graph.Builder) {
		for i, x := range p.Apply(b, nn.Mode{Label: name}, p.operands(b, n)...) {
			b.Output(outputName(i), x)
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

func outputName(i int) string { return "out" + string(rune('0'+i)) }

// operands declares inputs of n rows.
func (p *Player) operands(b *graph.Builder, n int) []*graph.Node {
	out := make([]*graph.Node, len(p.in))
	for i, in := range p.in {
		out[i] = b.Input("in"+string(rune('0'+i)), in.DType, append(graph.Shape{n}, in.Shape...))
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
