// Package optim builds optimiser steps as graph expressions: new values of
// parameters from gradients, with moments and counts as Variables. The host sends
// nothing: hyper-parameters are constants or nodes. Bias corrections are expressions of
// the optimiser's own count of updates, schedules of a clock that is the caller's, since
// optimisers that share a schedule may make different numbers of updates.
//
// An update is, in this order: the mean of accumulated gradients ([Optimizer.Mean]; what
// adds gradients up over devices belongs behind it), the caller's look whether they are
// finite, and in [Optimizer.Step] the clip of their common length, the clip of each
// element, L2, the decay of the old value, the rule, the clamp, the longest row.
package optim

import (
	"slices"

	"ganengine/engine/graph"
)

// Rule is an update rule.
type Rule interface {
	// slots names the moments that each parameter has.
	slots() []string
	// step gives a parameter's new value and its moments' from the gradient g.
	// lr is the rate and t the number of this update, counted from 1 (both F64 []).
	step(w, g, lr, t *graph.Node, moments []*graph.Node) (*graph.Node, []*graph.Node)
}

// Options say how an optimiser updates. What is 0 does nothing and builds nothing.
type Options struct {
	Rule Rule
	LR   Hyper

	Accumulate int // runs whose gradients make one update; up to 1: each makes its own

	ClipNorm  float64 // longest vector of all gradients together
	ClipValue float64 // largest magnitude of an element of a gradient
	L2        Hyper   // this times the parameter is added to its gradient
	Decay     Hyper   // this times the rate is taken off the parameter's old value, beside the rule (AdamW)
	Clamp     float64 // largest magnitude of an element of a parameter, after the update
	MaxNorm   float64 // longest row of a parameter of two axes or more, after the update
}

// Optimizer is a rule with its moments for one set of parameters. Moments
// belong to the pair of optimiser and parameter, so two optimisers may share
// parameters.
type Optimizer struct {
	Name    string
	StepVar *graph.Variable // I32 []: updates done

	options Options
	params  []*graph.Variable
	moments [][]*graph.Variable // by parameter, then slot
	sums    []*graph.Variable   // accumulated gradients by parameter; none where there is nothing to accumulate
}

// New declares the moments (NAME/m/PARAM, ...), the accumulators where they are wanted
// (NAME/acc/PARAM) and the step count (NAME/step). The parameters may be of several
// networks; one that they share counts once.
func New(vars *graph.Vars, name string, options Options, params []*graph.Variable) *Optimizer {
	o := &Optimizer{Name: name, options: options}
	slot := func(slot string, v *graph.Variable) *graph.Variable {
		return vars.Add(&graph.Variable{Name: name + "/" + slot + "/" + v.Name, Shape: v.Shape, DType: v.DType,
			Group: name + "/" + slot, Init: graph.Fill(v.DType, 0)})
	}
	for _, v := range params {
		if slices.Contains(o.params, v) {
			continue
		}
		o.params = append(o.params, v)
		var ms []*graph.Variable
		for _, s := range options.Rule.slots() {
			ms = append(ms, slot(s, v))
		}
		o.moments = append(o.moments, ms)
		if options.Accumulate > 1 {
			o.sums = append(o.sums, slot("acc", v))
		}
	}
	o.StepVar = vars.Add(&graph.Variable{Name: name + "/step", DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	return o
}

// Params lists the parameters in order, each once.
func (o *Optimizer) Params() []*graph.Variable { return o.params }

// Adam is the two moments of each parameter, in order; nil where the rule is another.
func (o *Optimizer) Adam() [][]*graph.Variable {
	if _, ok := o.options.Rule.(Adam); !ok {
		return nil
	}
	return o.moments
}

// Step builds one update: new values for the parameters, given their values and
// gradients in order. The moments' and the count's updates are declared; the parameters'
// new values are the caller's to store, or to use further.
//
// A parameter whose gradient is nil stays as it is, with its moments: the loss does not
// reach it. That is PyTorch's way but for one thing: the count of updates is the
// optimiser's, PyTorch's is each parameter's, so one that is reached later than others
// starts with their bias correction. That no parameter has a gradient is an error.
//
// Where when (Bool []) is false, the new values are the old ones and moments and count
// stay too; nil means always.
func (o *Optimizer) Step(b *graph.Builder, values, grads []*graph.Node, when *graph.Node) []*graph.Node {
	o.check(values, grads)
	lr := o.options.LR.Node(b)
	count := graph.Add(b.Read(o.StepVar), b.Const(graph.I32, 1))
	t := graph.Cast(count, graph.F64)
	grads = o.options.clip(grads)
	out := slices.Clone(values)
	for i, w := range values {
		if grads[i] == nil {
			continue
		}
		var ms []*graph.Node
		for _, m := range o.moments[i] {
			ms = append(ms, b.Read(m))
		}
		x, next := o.options.Rule.step(o.options.decay(w, lr), o.options.penalise(grads[i], w), lr, t, ms)
		out[i] = o.options.bound(x)
		if when != nil {
			out[i] = graph.Select(when, out[i], w)
		}
		for j, m := range next {
			b.Update(o.moments[i][j], m, when)
		}
	}
	b.Update(o.StepVar, count, when)
	return out
}

// check refuses lists that are not the parameters'.
func (o *Optimizer) check(values, grads []*graph.Node) {
	if len(values) != len(o.params) || len(grads) != len(o.params) {
		graph.Fail("Step", "optimiser %s has %d parameters, and got %d values and %d gradients", o.Name, len(o.params), len(values), len(grads))
	}
	if !slices.ContainsFunc(grads, func(g *graph.Node) bool { return g != nil }) {
		graph.Fail("Step", "no parameter of optimiser %s has a gradient: its loss depends on none of them", o.Name)
	}
}
