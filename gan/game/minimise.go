package game

import (
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/optim"
)

// Goal is what an optimiser minimises in a turn.
type Goal struct {
	By    *Optimizer
	Loss  *graph.Node // f32 []: what shares a forward pass, differentiated once
	Apart []Penalty
	When  *graph.Node // bool []: whether the update is made, where gradients add up in the last run; nil is always. Moments and count wait too
	With  []Move      // states that move where the update is made: not by runs whose gradients only add up, nor where it waits
}

// Move is what a state becomes.
type Move struct {
	State *graph.Variable
	To    *graph.Node
}

// Penalty is a term that is built and differentiated when the loss is done, so that
// activations of the two never meet. It runs in full precision.
type Penalty struct {
	Name  string
	Of    func() *graph.Node // f32 []
	Times float64            // in the gradient; 0 is 1
}

// Minimise updates the goals' optimisers: all gradients are taken at the weights as
// they are, then all are moved. What runs later in the turn sees the new weights,
// as data: no gradient passes through an update. So a loss is of passes that ran
// since the last update of the parameters that it moves.
func (t *Turn) Minimise(goals ...Goal) {
	t.trains("Minimise")
	t.uses.minimised++
	for _, goal := range goals {
		if goal.By == nil || goal.Loss == nil {
			fail("Minimise", "a goal lacks its optimiser or its loss")
		}
		if slices.Contains(t.uses.Updates, goal.By) {
			fail("Minimise", "optimiser %s makes two updates in one turn: the second needs a turn of its own", goal.By.Name)
		}
		t.uses.Updates = append(t.uses.Updates, goal.By)
	}
	if t.looking {
		for _, goal := range goals {
			for _, p := range goal.Apart {
				p.Of()
			}
		}
		return
	}
	from := t.from
	var losses, lengths []score
	gradients := make([][]*graph.Node, len(goals))
	for i, goal := range goals {
		gradients[i] = t.gradients(goal)
		losses = append(losses, score{goal.By.Name + LossSuffix, goal.Loss})
		if !t.adding {
			gradients[i] = goal.By.rule.Mean(t.B, gradients[i])
		}
		length := optim.Norm(gradients[i])
		if !t.adding { // what adds up is no update's
			lengths = append(lengths, score{goal.By.Name + GradSuffix, length})
		}
		t.finite = append(t.finite, goal.Loss, length)
	}
	t.scores = append(append(append(t.scores[:from:from], losses...), t.scores[from:]...), lengths...)
	t.from = len(t.scores)
	for i, goal := range goals {
		t.update(goal, gradients[i])
	}
}

// gradients of a goal with respect to its optimiser's parameters.
func (t *Turn) gradients(goal Goal) []*graph.Node {
	params := t.parameters(goal.By)
	t.checkVersions(goal.By, goal.Loss)
	grads := graph.GradientsOrNil(goal.Loss, nil, params...)
	for _, p := range goal.Apart {
		t.B.WithPrecision(min(t.g.prec, graph.TF32), func() {
			l := p.Of()
			t.checkVersions(goal.By, l)
			t.Score(p.Name, l)
			t.finite = append(t.finite, l)
			if p.Times != 0 {
				l = graph.Scale(l, p.Times)
			}
			for i, x := range graph.GradientsOrNil(l, nil, params...) {
				grads[i] = sum(grads[i], x)
			}
		})
	}
	if !slices.ContainsFunc(grads, func(g *graph.Node) bool { return g != nil }) {
		fail("Minimise", "the loss of %s depends on none of its parameters", goal.By.Name)
	}
	return grads
}

// checkVersions refuses a loss that reaches a parameter both as it was before an update
// of this turn and as it is after it, and one that reaches a parameter of its optimiser's
// as it was: its gradient there would be lost in silence.
func (t *Turn) checkVersions(by *Optimizer, loss *graph.Node) {
	if len(t.versions) == 0 {
		return
	}
	of := map[*graph.Node]*graph.Variable{}
	for v, all := range t.versions {
		for _, x := range all {
			of[x] = v
		}
	}
	moved := map[*graph.Variable]bool{}
	for _, x := range by.params {
		moved[x.v] = true
	}
	reached, seen := map[*graph.Variable]*graph.Node{}, map[*graph.Node]bool{}
	var visit func(n *graph.Node)
	visit = func(n *graph.Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		if v := of[n]; v != nil {
			all := t.versions[v]
			switch other := reached[v]; {
			case moved[v] && n != all[len(all)-1]:
				fail("Minimise", "the loss of %s reaches %s as it was before this turn's update of it: run the player again", by.Name, v.Name)
			case other != nil:
				fail("Minimise", "the loss of %s reaches two versions of %s, from before and after this turn's update of it: run the player once, or give the loss a turn of its own", by.Name, v.Name)
			}
			reached[v] = n
		}
		if n.Op == graph.OpStopGradient {
			return
		}
		for _, in := range n.Inputs {
			visit(in)
		}
	}
	visit(loss)
}

// sum is a + b, where nil is nothing.
func sum(a, b *graph.Node) *graph.Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return graph.Add(a, b)
}

func (t *Turn) parameters(o *Optimizer) (out []*graph.Node) {
	for _, x := range o.params {
		out = append(out, t.valuesOf(x.p).Get(t.B, x.v))
	}
	return out
}

// update moves an optimiser's parameters, or adds the gradients to their sums. What
// later passes see is cut off from what it was made of, so that their losses take
// it for data.
func (t *Turn) update(goal Goal, grads []*graph.Node) {
	o := goal.By
	if t.adding {
		o.rule.Accumulate(t.B, grads)
		return
	}
	for _, m := range goal.With {
		to := m.To
		if goal.When != nil {
			to = graph.Select(goal.When, to, t.Get(m.State))
		}
		t.Set(m.State, to)
	}
	next := o.rule.Step(t.B, t.parameters(o), grads, goal.When)
	for i, x := range o.params {
		values, now := t.valuesOf(x.p), graph.StopGradient(next[i])
		if t.versions[x.v] == nil {
			t.versions[x.v] = []*graph.Node{values.Get(t.B, x.v)}
		}
		t.versions[x.v] = append(t.versions[x.v], now)
		values.Set(x.v, now)
		t.next[x.v] = next[i]
		if !slices.Contains(t.trainedNets, x.p.Net) {
			t.trainedNets = append(t.trainedNets, x.p.Net)
		}
	}
}
