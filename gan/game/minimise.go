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
	When  *graph.Node // bool []: whether the update is made; nil is always. Moments and count wait too
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
// as data: no gradient passes through an update.
func (t *Turn) Minimise(goals ...Goal) {
	t.uses.minimised++
	for _, goal := range goals {
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
		length := optim.Norm(gradients[i])
		lengths = append(lengths, score{goal.By.Name + GradSuffix, length})
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
	grads := graph.GradientsOrNil(goal.Loss, nil, params...)
	for _, p := range goal.Apart {
		t.B.WithPrecision(min(t.g.prec, graph.TF32), func() {
			l := p.Of()
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
	return grads
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
	next := o.rule.Step(t.B, t.parameters(o), o.rule.Mean(t.B, grads), goal.When)
	for i, x := range o.params {
		t.valuesOf(x.p).Set(x.v, graph.StopGradient(next[i]))
		t.next[x.v] = next[i]
		if !slices.Contains(t.trainedNets, x.p.Net) {
			t.trainedNets = append(t.trainedNets, x.p.Net)
		}
	}
}
