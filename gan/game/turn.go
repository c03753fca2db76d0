package game

import (
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// Turn is a program under construction: of training, or for people.
type Turn struct {
	B  *graph.Builder
	g  *Game
	of *TurnRef // nil for people

	due map[*Lazy]bool
	// looking: the program is built to see what the turn takes, and thrown away; what
	// its gradients would be is left out.
	looking bool
	adding  bool        // gradients are added to their sums, and nothing is updated
	clock   *graph.Node // steps finished before this one
	values  map[*nn.Net]*nn.Values
	nets    []*nn.Net // in the order in which their values are stored
	state   map[*graph.Variable]*graph.Node
	moved   []*graph.Variable
	next    map[*graph.Variable]*graph.Node // parameters' last values, as updates made them
	// versions are what passes see of parameters that this turn updates, or a first pass sets:
	// first what was read, last what is now.
	versions map[*graph.Variable][]*graph.Node
	begun    []owned // parameters that first passes set, in order

	scores      []score
	from        int             // the first score since the last Minimise
	finite      []*graph.Node   // what must be: losses, and the lengths of gradients
	labels      map[string]bool // of draws
	passes      map[string]bool // by label
	trainedNets []*nn.Net       // by optimisers, in order

	uses *Uses
	people
}

// people is what differs in a program for people.
type people struct {
	rows    int  // samples of one run; 0 while training
	trained bool // the players' trained weights, even where an average follows them
	shown   []shown
	given   map[*Code]*graph.Node // codes that are no inputs
	// run is the number of the run that gathers standing statistics, by network, of
	// samples that it draws itself; nil while samples are made.
	run      *graph.Node
	gathered map[*nn.Net]*nn.Gathering
	asked    *graph.Node // the class that samples were drawn with last; nil without
	*standIn             // nil for a batch
	seeds    *graph.Node // i32 [n], in a Watch: what latents are drawn by, with batches' own statistics
}

type score struct {
	name string
	node *graph.Node
}

// Batch is a field of a fresh batch. All fields that one turn takes of a stream are
// of the same batch.
func (t *Turn) Batch(s *Stream, f Field) *graph.Node { return t.feed(s, f, false) }

// Again is a field of the batch that this step's last reader of the stream took.
func (t *Turn) Again(s *Stream, f Field) *graph.Node { return t.feed(s, f, true) }

func (t *Turn) feed(s *Stream, f Field, again bool) *graph.Node {
	for _, other := range t.uses.Fed {
		if other.Stream == s && other.Again != again {
			fail("Batch", "stream %s gives a turn a fresh batch or the step's last one, not both", s.Name)
		}
		if other.Stream == s && other.Field == f {
			fail("Batch", "field %s of stream %s is taken twice: keep the node", f, s.Name)
		}
	}
	if t.later() && !again && !t.of.takes(s) {
		fail("Batch", sometimes, t.of.Name, s.Name)
	}
	if x := t.standIn.field(s, f); x != nil {
		return x
	}
	n := s.StreamOptions.Batch
	if t.rows > 0 {
		n = t.rows
	}
	t.uses.Fed = append(t.uses.Fed, Fed{s.inputName(f), s, f, again})
	return s.input(t.B, s.inputName(f), f, n)
}

// later says whether what the turn takes was looked at already.
func (t *Turn) later() bool { return t.of != nil && !t.looking }

// trains refuses what moves something in a program for people.
func (t *Turn) trains(what string) {
	if t.rows > 0 {
		fail(what, "a sampler moves nothing: what it gives is of the run as it stands")
	}
}

// Rows is how many samples a program for people makes at once.
func (t *Turn) Rows() int { return t.rows }

// Draw draws n rows of codes, by run while training; n 0 is as many as train.batch.
// For people they are inputs, so that whoever runs the program says what they are.
// The label tells draws of one code apart; a code drawn once has its own name.
func (t *Turn) Draw(label string, n int, codes ...*Code) *Drawn {
	d := &Drawn{codes: codes}
	t.uses.drawn(codes)
	if t.rows > 0 && t.run == nil {
		for _, c := range codes {
			x := t.drawn(c)
			if d.nodes = append(d.nodes, x); c.Kind == Class {
				t.asked = x
			}
		}
		return d
	}
	if n == 0 || t.rows > 0 {
		n = t.g.Config.Train.Batch
	}
	for _, c := range codes {
		d.nodes = append(d.nodes, c.draw(t.B, t.unique(streamName(label, c)), n, nil))
	}
	return d
}

// drawn is a code of a program for people: what is given, what a Watch draws, or an input.
func (t *Turn) drawn(c *Code) *graph.Node {
	if t.seeds != nil {
		return c.draw(t.B, c.Name, t.rows, t.seeds)
	}
	x := t.given[c]
	if x == nil {
		shape, dtype := c.shape(t.rows)
		x = t.B.Input(c.Name, dtype, shape)
	}
	if x.DType == graph.F32 {
		x = graph.Cast(x, c.float)
	}
	return x
}

// streamName is the random stream of a code under a label: the label where it is
// the code's name, or begins with it, else both.
func streamName(label string, c *Code) string {
	if label == c.Name || len(label) > len(c.Name) && label[:len(c.Name)+1] == c.Name+"." {
		return label
	}
	return label + "." + c.Name
}

// unique refuses a random stream that the turn has drawn from already.
func (t *Turn) unique(stream string) string {
	if t.labels[stream] {
		fail("Draw", "the turn draws twice from stream %s: give labels", stream)
	}
	t.labels[stream] = true
	return stream
}

// Given stands for codes that are not drawn: labels of a batch, say.
func (t *Turn) Given(c *Code, x *graph.Node) *Drawn { return &Drawn{[]*Code{c}, []*graph.Node{x}} }

// Uniform draws U[0, 1), fresh at each run.
func (t *Turn) Uniform(label string, s graph.Shape) *graph.Node {
	return t.B.Uniform(t.unique(label), t.g.Float, s)
}

// Normal draws N(0, 1), fresh at each run.
func (t *Turn) Normal(label string, s graph.Shape) *graph.Node {
	return t.B.Normal(t.unique(label), t.g.Float, s)
}

// Params are a player's parameters with their values at this point.
func (t *Turn) Params(p *Player) (out []Param) {
	values := t.valuesOf(p)
	for _, v := range p.Net.Params() {
		out = append(out, Param{v.Name, values.Get(t.B, v)})
	}
	return out
}

// Get is the value that a state has at this point.
func (t *Turn) Get(v *graph.Variable) *graph.Node {
	if x := t.state[v]; x != nil {
		return x
	}
	return t.B.Read(v)
}

// Set moves a state. Parameters are moved by Minimise alone.
func (t *Turn) Set(v *graph.Variable, x *graph.Node) {
	t.trains("Set")
	if t.state[v] == nil {
		t.moved = append(t.moved, v)
	}
	t.state[v] = graph.StopGradient(x)
}

// Due says whether something lazy happens in this program: a constant while it is
// built. A turn asks whatever the answer to other questions was.
func (t *Turn) Due(l *Lazy) bool {
	if t.later() && !slices.Contains(t.of.Uses.Lazies, l) {
		fail("Due", "turn %s asks for %s only where something else is not due: ask in each run", t.of.Name, l.Name)
	}
	if !slices.Contains(t.uses.Lazies, l) {
		t.uses.Lazies = append(t.uses.Lazies, l)
	}
	return t.due[l]
}

// Clock is the number of steps finished before this one, i32 [].
func (t *Turn) Clock() *graph.Node { return t.clock }

// Score tells the host a number [] of the run.
func (t *Turn) Score(name string, x *graph.Node) { t.scores = append(t.scores, score{name, x}) }

// Opinion tells the host what a discriminator thinks on average: its logits, and
// where they mean a probability that as well. name says of what: real, fake, fake_after.
func (t *Turn) Opinion(name string, logits *graph.Node, probability bool) {
	t.Score("d_"+name, graph.Average(logits))
	if probability {
		t.Score("p_"+name, graph.Average(graph.Sigmoid(logits)))
	}
}

// Show gives people samples, as the networks see them in the range of s: output
// NAME (f32, images in [-1, 1]) and, of images, NAME.pixels (u8).
func (t *Turn) Show(name string, s *Stream, x *graph.Node) {
	t.give(shown{name, s, x})
}

// Numbers gives people numbers: output NAME (f32).
func (t *Turn) Numbers(name string, x *graph.Node) {
	t.give(shown{name: name, x: x})
}

func (t *Turn) give(x shown) {
	t.shown, t.uses.Gives = append(t.shown, x), append(t.uses.Gives, x.name)
	if x.name == Samples {
		t.uses.Shows = x.stream
	}
}
