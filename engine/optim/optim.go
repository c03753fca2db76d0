// Package optim builds optimiser steps as graph expressions: new values of
// parameters from gradients, with moments and counts as Variables. The host sends
// nothing: hyper-parameters are nodes. Bias corrections are expressions of the
// optimiser's own count of updates, schedules of a clock that is the caller's, since
// optimisers that share a schedule may make different numbers of updates.
package optim

import (
	"math"

	"ganengine/engine/graph"
)

// Rule is an update rule.
type Rule interface {
	// slots names the moments that each parameter has.
	slots() []string
	// step gives a parameter's new value and its moments' from the gradient g.
	// lr is the scheduled rate and t the number of this update, counted from 1
	// (both F64 []).
	step(w, g, lr, t *graph.Node, moments []*graph.Node) (*graph.Node, []*graph.Node)
}

// Optimizer is a rule with its moments for one set of parameters. Moments
// belong to the pair of optimiser and parameter, so two optimisers may share
// parameters.
type Optimizer struct {
	Name    string
	rule    Rule
	params  []*graph.Variable
	moments [][]*graph.Variable // by parameter, then slot
	StepVar *graph.Variable     // I32 []: updates done
}

// New declares the moments (NAME/m/PARAM, ...) and the step count (NAME/step).
func New(vars *graph.Vars, name string, rule Rule, params []*graph.Variable) *Optimizer {
	o := &Optimizer{Name: name, rule: rule, params: params}
	for _, v := range params {
		var ms []*graph.Variable
		for _, slot := range rule.slots() {
			ms = append(ms, vars.Add(&graph.Variable{Name: name + "/" + slot + "/" + v.Name, Shape: v.Shape, DType: v.DType,
				Group: name + "/" + slot, Init: graph.Fill(v.DType, 0)}))
		}
		o.moments = append(o.moments, ms)
	}
	o.StepVar = vars.Add(&graph.Variable{Name: name + "/step", DType: graph.I32, Group: "counters", Init: graph.Fill(graph.I32, 0)})
	return o
}

// Params lists the parameters in order.
func (o *Optimizer) Params() []*graph.Variable { return o.params }

// Step builds one update at the rate lr (F64 []): new values for the parameters,
// given their values and gradients in order. The moments' and the count's updates
// are declared; the parameters' new values are the caller's to store, or to use
// further.
func (o *Optimizer) Step(b *graph.Builder, lr *graph.Node, values, grads []*graph.Node) []*graph.Node {
	count := graph.Add(b.Read(o.StepVar), b.Const(graph.I32, 1))
	t := graph.Cast(count, graph.F64)
	out := make([]*graph.Node, len(o.params))
	for i := range o.params {
		var ms []*graph.Node
		for _, m := range o.moments[i] {
			ms = append(ms, b.Read(m))
		}
		var next []*graph.Node
		out[i], next = o.rule.step(values[i], grads[i], lr, t, ms)
		for j, m := range next {
			b.Update(o.moments[i][j], m, nil)
		}
	}
	b.Update(o.StepVar, count, nil)
	return out
}

// Schedule is a learning rate over a clock that counts from 0: Rate until From, then
// on its way to End at To, where it stays.
type Schedule struct {
	Rate     float64
	Kind     string // constant (or empty), linear, exponential
	End      float64
	From, To int
}

// Node is the rate (F64 []) while the clock (I32 []) shows a number.
func (s Schedule) Node(b *graph.Builder, clock *graph.Node) *graph.Node {
	c := func(x float64) *graph.Node { return b.Const(graph.F64, x) }
	if s.Kind == "" || s.Kind == "constant" {
		return c(s.Rate)
	}
	t := graph.Div(graph.Sub(graph.Cast(clock, graph.F64), c(float64(s.From))), c(float64(max(s.To-s.From, 1))))
	t = graph.Min(graph.Max(t, c(0)), c(1))
	switch s.Kind {
	case "linear":
		return graph.Add(c(s.Rate), graph.Scale(t, s.End-s.Rate))
	case "exponential":
		return graph.Scale(graph.Pow(c(s.End/s.Rate), t), s.Rate)
	}
	panic(&graph.BuildError{Op: "Schedule", Msg: "there is no schedule " + s.Kind})
}

// At is the rate that Node has while the clock shows now, for people.
func (s Schedule) At(now int64) float64 {
	t := float64(now-int64(s.From)) / float64(max(s.To-s.From, 1))
	t = min(max(t, 0), 1)
	switch s.Kind {
	case "linear":
		return s.Rate + t*(s.End-s.Rate)
	case "exponential":
		return s.Rate * math.Pow(s.End/s.Rate, t)
	}
	return s.Rate
}
