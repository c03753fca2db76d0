package reference

import (
	"fmt"

	"ganengine/engine/graph"
)

// Run computes a program once. vars answers each Variable's value at the
// start; inputs are in the program's order. updates holds the new value of
// every Variable whose update took place.
func Run(p *graph.Program, vars func(*graph.Variable) Array, inputs []Array) (outputs []Array, updates map[*graph.Variable]Array, err error) {
	fed, err := feed(p, inputs)
	if err != nil {
		return nil, nil, err
	}
	values := make(map[*graph.Node]Array, len(p.Nodes))
	for _, n := range p.Nodes {
		switch n.Op {
		case graph.OpInput:
			values[n] = fed[n]
			continue
		case graph.OpRead:
			values[n] = vars(n.Var())
			continue
		}
		in := make([]Array, len(n.Inputs))
		for i, x := range n.Inputs {
			in[i] = values[x]
		}
		if values[n], err = Eval(n, in); err != nil {
			return nil, nil, fmt.Errorf("program %s: %w", p.Name, err)
		}
	}
	for _, o := range p.Outputs {
		outputs = append(outputs, values[o.Value])
	}
	updates = map[*graph.Variable]Array{}
	for _, u := range p.Updates {
		if u.When == nil || values[u.When].Data[0] != 0 {
			updates[u.Var] = values[u.Value]
		}
	}
	return outputs, updates, nil
}

func feed(p *graph.Program, inputs []Array) (map[*graph.Node]Array, error) {
	if len(inputs) != len(p.Inputs) {
		return nil, fmt.Errorf("program %s: %d inputs given, %d declared", p.Name, len(inputs), len(p.Inputs))
	}
	fed := map[*graph.Node]Array{}
	for i, n := range p.Inputs {
		if a := inputs[i]; a.DType != n.DType || !a.Shape.Equal(n.Shape) {
			return nil, fmt.Errorf("program %s: input %s is %s %s, got %s %s", p.Name, n.InputName(), n.DType, n.Shape, a.DType, a.Shape)
		}
		fed[n] = inputs[i]
	}
	return fed, nil
}
