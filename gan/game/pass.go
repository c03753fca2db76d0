package game

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
)

// Pass says how a player runs. The label is part of the names of its random
// streams and unique within a turn; Run makes one.
type Pass struct {
	Label string
	Track bool // running statistics and state, as of power iterations, follow this pass: one of each player in a step
	// Stats are what batch norm normalises with, apart from what is usual: the batch's own
	// while training, running ones for people and of a frozen player. Running statistics
	// follow those of batches alone. A sampler has no batch of its own.
	Stats nn.Stats
	With  Weights // Averaged: the weights and statistics of the average that follows the player
	// First has layers whose first values depend on data (WeightNorm, ActNorm, scaled minibatch
	// discrimination) take them from this pass, in a turn that runs in step 0 only and before
	// updates. What the pass gives is data. Weights that a run was given stay as they are.
	First bool
}

// Weights says which values of a player's Variables a pass uses.
type Weights uint8

const (
	// Usual are the trained ones at this point of a turn, and for people their average where
	// there is one.
	Usual Weights = iota
	// Averaged are those of the player's average, which in a turn is that of the steps before:
	// data, to which no gradient leads and which nothing tracks. Gradients reach the operands.
	Averaged
)

// Run is a training pass: batch statistics, which nothing tracks. For people it
// uses running statistics.
func (t *Turn) Run(p *Player, in ...*graph.Node) []*graph.Node {
	label := p.Name
	for i := 2; t.passes[label]; i++ {
		label = fmt.Sprintf("%s.%d", p.Name, i)
	}
	return t.RunAs(Pass{Label: label}, p, in...)
}

// RunAs is Run under a label of its own, perhaps tracked.
func (t *Turn) RunAs(m Pass, p *Player, in ...*graph.Node) []*graph.Node {
	return t.RunEach(m, p, in)[0]
}

// RunEach runs a player once over several batches of equal size: products are as
// large as all together, and layers that look at a batch see each for itself.
func (t *Turn) RunEach(m Pass, p *Player, batches ...[]*graph.Node) [][]*graph.Node {
	if t.passes[m.Label] {
		fail("Run", "the turn has two passes %s: give labels", m.Label)
	}
	t.passes[m.Label] = true
	t.uses.Passes = append(t.uses.Passes, Ran{m, p})
	mode := t.mode(m, p)
	mode.Batches = len(batches)
	in := joined(batches)
	out := t.apply(m, p, mode, in)
	if len(batches) == 1 {
		return [][]*graph.Node{out}
	}
	return parts(out, len(batches), in[0].Shape[0])
}

// apply runs the player, and keeps what a first pass sets.
func (t *Turn) apply(m Pass, p *Player, mode nn.Mode, in []*graph.Node) []*graph.Node {
	if !m.First {
		return p.Apply(t.B, mode, in...)
	}
	before := t.Params(p)
	out := p.Apply(t.B, mode, in...)
	t.begin(m, p, before)
	for i, x := range out {
		out[i] = graph.StopGradient(x)
	}
	return out
}

// mode is how the engine's layers treat a pass.
func (t *Turn) mode(m Pass, p *Player) nn.Mode {
	switch {
	case m.With == Averaged && p.Average() == nil:
		fail("Run", "pass %s is with the average of player %s, which has none", m.Label, p.Name)
	case m.With == Averaged && m.Track:
		fail("Run", "pass %s of player %s tracks statistics, and is with its average, which follows alone", m.Label, p.Name)
	case p.frozen() && m.Track:
		fail("Run", "pass %s of player %s tracks statistics, and the player is frozen", m.Label, p.Name)
	case t.rows > 0 && m.Stats == nn.StatsBatch:
		fail("Run", "pass %s of player %s uses a batch's statistics, and a sampler's rows are of whoever asks: what it gives of one would depend on the others", m.Label, p.Name)
	}
	if m.First {
		t.checkFirst(m, p)
	}
	mode := nn.Mode{Label: m.Label, Stats: m.Stats, First: m.First, Train: t.rows == 0 && !p.frozen()}
	mode.Track = mode.Train && m.Track
	if t.seeds != nil && mode.Stats == nn.StatsByTrain && !p.frozen() {
		mode.Stats = nn.StatsBatch
	}
	if m.With == Averaged {
		mode.Values = p.Average().Values()
		return mode
	}
	mode.Values = t.valuesOf(p)
	if of := t.gathered[p.Net]; of != nil && m.Stats == nn.StatsByTrain {
		return of.Mode(m.Label)
	}
	if mode.Train {
		for _, v := range p.Net.Params() {
			mode.Values.Get(t.B, v)
		}
	}
	return mode
}

// joined puts batches one after the other, operand by operand.
func joined(batches [][]*graph.Node) []*graph.Node {
	if len(batches) == 1 {
		return batches[0]
	}
	out := make([]*graph.Node, len(batches[0]))
	for i := range out {
		var all []*graph.Node
		for _, b := range batches {
			if len(b) != len(batches[0]) {
				fail("RunEach", "batches of %d and %d operands cannot share a pass", len(batches[0]), len(b))
			}
			if !b[i].Shape.Equal(batches[0][i].Shape) {
				fail("RunEach", "batches of %s and %s cannot share a pass", batches[0][i].Shape, b[i].Shape)
			}
			all = append(all, b[i])
		}
		out[i] = graph.Concat(0, all...)
	}
	return out
}

// parts is joined's inverse, of so many rows.
func parts(out []*graph.Node, n, rows int) [][]*graph.Node {
	each := make([][]*graph.Node, n)
	for _, x := range out {
		if len(x.Shape) == 0 || x.Shape[0] != rows {
			fail("RunEach", "a result %s is not one of %d examples, and has no parts of each batch", x.Shape, rows)
		}
		size := slices.Clone(x.Shape)
		size[0] /= n
		for i := range each {
			start := make([]int, len(size))
			start[0] = i * size[0]
			each[i] = append(each[i], graph.Slice(x, start, nil, size))
		}
	}
	return each
}

// valuesOf are the values that a player's Variables have at this point.
func (t *Turn) valuesOf(p *Player) *nn.Values {
	v := t.values[p.Net]
	if v == nil {
		v = nn.NewValues()
		if t.rows > 0 && t.seeds == nil {
			v = t.inUse(p)
		}
		t.values[p.Net] = v
		t.nets = append(t.nets, p.Net)
	}
	return v
}
