// Package optim builds optimiser steps as graph expressions: new values of
// parameters from gradients, with moments and step counts as Variables. The
// host sends nothing: schedules and bias corrections are expressions of the
// step count.
package optim

import "ganengine/engine/graph"

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
	rate    Schedule
	params  []*graph.Variable
	moments [][]*graph.Variable // by parameter, then slot
	StepVar *graph.Variable     // I32 []: updates done
}

// New declares the moments (NAME/m/PARAM, ...) and the step count (NAME/step).
func New(vars *graph.Vars, name string, rule Rule, rate Schedule, params []*graph.Variable) *Optimizer {
	o := &Optimizer{Name: name, rule: rule, rate: rate, params: params}
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

// Step builds one update: new values for the parameters, given their values
// and gradients in order. The moments' and the count's updates are declared;
// the parameters' new values are the caller's to store, or to use further.
func (o *Optimizer) Step(b *graph.Builder, values, grads []*graph.Node) []*graph.Node {
	done := b.Read(o.StepVar)
	count := graph.Add(done, b.Const(graph.I32, 1))
	t := graph.Cast(count, graph.F64)
	lr := o.rate.at(b, graph.Cast(done, graph.F64))
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

// Schedule is a learning rate over the finished updates of its optimiser: Rate
// until From, then on its way to End at To, where it stays.
type Schedule struct {
	Rate     float64
	Kind     string // constant (or empty), linear, exponential
	End      float64
	From, To int
}

// at is the rate (F64 []) after done updates (F64 []).
func (s Schedule) at(b *graph.Builder, done *graph.Node) *graph.Node {
	c := func(x float64) *graph.Node { return b.Const(graph.F64, x) }
	if s.Kind == "" || s.Kind == "constant" {
		return c(s.Rate)
	}
	t := graph.Div(graph.Sub(done, c(float64(s.From))), c(float64(max(s.To-s.From, 1))))
	t = graph.Min(graph.Max(t, c(0)), c(1))
	switch s.Kind {
	case "linear":
		return graph.Add(c(s.Rate), graph.Scale(t, s.End-s.Rate))
	case "exponential":
		return graph.Scale(graph.Pow(c(s.End/s.Rate), t), s.Rate)
	}
	panic(&graph.BuildError{Op: "Schedule", Msg: "there is no schedule " + s.Kind})
}
