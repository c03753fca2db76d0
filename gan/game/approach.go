package game

import (
	"fmt"
	"math"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
)

// Approach is a sampler turned round: its program moves the codes of each row so that what
// is made of them comes nearer to a sample that is given, by a step of Adam along the
// gradient (Creswell and Bharath 2016). Rows move each for itself. What is numbers is moved,
// uniform codes within their range; categories and classes stay as they are.
//
// What it holds lies on the device beside the game's state, and in no checkpoint.
type Approach struct {
	*graph.Program
	Target  string            // the input that takes the samples, in the form of their data
	Stream  *Stream           // whose samples they are
	Moved   []*graph.Variable // f32 [n, size]: the codes, of Codes in order
	Codes   []*Code           // those that are moved; the others are inputs by their names
	Scratch []*graph.Variable // what has to be zero at the start
}

// Outputs of an Approach, f32 [n], before the step.
const (
	// Distance is the root of the mean squared difference, of images in pixels as shares of 255,
	// of points in their units.
	Distance = "distance"
	// Remoteness is what the step makes less: its square, and what weight the features have.
	Remoteness = "remoteness"
)

// ApproachOptions say how samples are approached.
type ApproachOptions struct {
	Rows, Steps int
	Trained     bool // by the trained weights where an average follows them
	// Features is the weight that the last hidden layer of what a Watch looks at has beside the
	// squared difference: that of the squared difference there, as a share of the square of what
	// the given sample has. 0 leaves the discriminator out.
	Features float64
}

// firstRate is where the rate of an Approach begins; it falls to 0 in half a cosine wave.
const firstRate = .1

// Approach builds a program that is run so many times in a row. With features, the game is one
// that is Watched.
func (s *Sampler) Approach(name string, o ApproachOptions) (a *Approach, err error) {
	defer refused(&err)
	codes, err := s.Codes()
	if err != nil {
		return nil, err
	}
	a = &Approach{}
	var rules []*optim.Optimizer
	for _, c := range codes {
		if c.Kind == Normal || c.Kind == Uniform {
			rules = append(rules, a.move(s.game, c, name, o.Rows, o.Steps))
		}
	}
	if len(rules) == 0 {
		return nil, fmt.Errorf("sampler %s draws no codes that could be moved", s.Kind)
	}
	a.Program, err = graph.Build(name, s.game.Vars, func(b *graph.Builder) { s.approach(b, a, rules, o) })
	return a, err
}

// move declares what the moves of a code need.
func (a *Approach) move(g *Game, c *Code, name string, n, steps int) *optim.Optimizer {
	known := len(g.Vars.All())
	z := g.Vars.Add(&graph.Variable{Name: name + "/" + c.Name, Shape: graph.Shape{n, c.Size}, DType: graph.F32, Group: name, Init: graph.Fill(graph.F32, 0)})
	var rule *optim.Optimizer
	o := optim.Options{Rule: optim.Adam{Beta1: optim.Constant(.9), Beta2: optim.Constant(.999), Eps: 1e-8},
		LR: optim.Schedule{At: []float64{0, float64(steps)}, To: []float64{firstRate, 0}, Shape: "cosine"}.Over(func(b *graph.Builder) *graph.Node {
			return graph.Cast(b.Read(rule.StepVar), graph.F64)
		})}
	if c.Kind == Uniform {
		o.Clamp = math.Sqrt(3)
	}
	rule = optim.New(g.Vars, name+"/"+c.Name+"/adam", o, []*graph.Variable{z})
	for _, v := range g.Vars.All()[known:] {
		v.External = true
		if v != z {
			a.Scratch = append(a.Scratch, v)
		}
	}
	a.Codes, a.Moved = append(a.Codes, c), append(a.Moved, z)
	return rule
}

func (s *Sampler) approach(b *graph.Builder, a *Approach, rules []*optim.Optimizer, o ApproachOptions) {
	g := s.game
	now, given := make([]*graph.Node, len(a.Moved)), map[*Code]*graph.Node{}
	for i, v := range a.Moved {
		now[i] = b.Read(v)
		given[a.Codes[i]] = now[i]
	}
	b.WithPrecision(g.prec, func() {
		made := s.turn(b, people{rows: o.Rows, trained: o.Trained, given: given})
		goal, target := a.apart(made)
		if o.Features > 0 {
			seen := func(x *graph.Node) *graph.Node {
				judging := g.Sampler(FeaturesKind).turn(b, people{rows: o.Rows, trained: o.Trained, standIn: &standIn{x, made.asked}})
				return graph.Cast(nn.Flatten(hidden(judging.result(Logits))), graph.F32)
			}
			want := seen(target)
			apart := graph.ReduceSum(graph.Square(graph.Sub(seen(made.result(Samples)), want)), 1)
			whole := graph.Shift(graph.ReduceSum(graph.Square(want), 1), 1e-12) // of features that are all 0 too
			goal = graph.Add(goal, graph.Scale(graph.Div(apart, whole), o.Features))
		}
		b.Output(Remoteness, graph.Reshape(goal, graph.Shape{o.Rows}))
		for i, slope := range graph.Gradients(graph.ReduceSum(goal, 0, 1), nil, now...) {
			b.Update(a.Moved[i], rules[i].Step(b, now[i:i+1], []*graph.Node{slope}, nil)[0], nil)
		}
	})
}

// apart is the squared distance of each row of samples from a given one, f32 [n, 1], and the
// input that takes those.
func (a *Approach) apart(t *Turn) (square, target *graph.Node) {
	var made *graph.Node
	for _, x := range t.shown {
		if x.name == Samples {
			a.Stream, made = x.stream, x.x
		}
	}
	if made == nil {
		fail("Approach", "the sampler shows no %s", Samples)
	}
	a.Target = "target"
	target = a.Stream.input(t.B, a.Target, a.Stream.Samples(), t.rows)
	symmetric := a.Stream.Range.ToSymmetric
	apart := graph.Cast(graph.Sub(symmetric(made), symmetric(target)), graph.F32)
	square = graph.Square(nn.Flatten(apart))
	if a.Stream.Samples() == Pixels {
		square = graph.Scale(square, .25) // of [-1, 1] to shares of 255
	}
	mean := graph.Scale(graph.ReduceSum(square, 1), 1/float64(square.Shape[1]))
	t.B.Output(Distance, graph.Reshape(graph.Sqrt(mean), graph.Shape{t.rows}))
	return mean, target
}
