package graph

import "fmt"

// Verify checks a finished program: operands stand before their users, arity,
// shapes and types are what the table says, inputs, outputs and updates are
// nodes of the program, updates fit their Variables, names are unique.
func Verify(p *Program) error {
	at := make(map[*Node]bool, len(p.Nodes))
	for _, n := range p.Nodes {
		if err := verifyNode(n, at); err != nil {
			return fmt.Errorf("verify %s: %w", p.Name, err)
		}
		at[n] = true
	}
	names := map[string]bool{}
	for _, n := range p.Inputs {
		if n.Op != OpInput || !at[n] || names[n.InputName()] {
			return fmt.Errorf("verify %s: input %s is not in the program, or twice", p.Name, n.Describe())
		}
		names[n.InputName()] = true
	}
	if err := verifyUpdates(p, at); err != nil {
		return fmt.Errorf("verify %s: %w", p.Name, err)
	}
	clear(names)
	for _, o := range p.Outputs {
		if !at[o.Value] || names[o.Name] {
			return fmt.Errorf("verify %s: output %q is not in the program, or twice", p.Name, o.Name)
		}
		names[o.Name] = true
	}
	return nil
}

func verifyNode(n *Node, before map[*Node]bool) error {
	row := n.Op.Info()
	if n.Op == OpInvalid || row.Arity >= 0 && len(n.Inputs) != row.Arity {
		return fmt.Errorf("%s has %d operands, not %d", n.Describe(), len(n.Inputs), row.Arity)
	}
	for _, x := range n.Inputs {
		if !before[x] {
			return fmt.Errorf("operand %s of %s does not stand before it", x, n.Describe())
		}
	}
	s, d, err := row.infer(n)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Describe(), err)
	}
	if !s.Equal(n.Shape) || d != n.DType {
		return fmt.Errorf("%s should be %s %s", n.Describe(), d, s)
	}
	return nil
}

func verifyUpdates(p *Program, at map[*Node]bool) error {
	updated := map[*Variable]bool{}
	for _, u := range p.Updates {
		for _, n := range []*Node{u.Value, u.When} {
			if n != nil && !at[n] {
				return fmt.Errorf("the update of %s stores %s, which is not in the program", u.Var.Name, n)
			}
		}
		if updated[u.Var] {
			return fmt.Errorf("%s is updated twice", u.Var.Name)
		}
		updated[u.Var] = true
		if u.Value == nil || u.Value.DType != u.Var.DType || !u.Value.Shape.Equal(u.Var.Shape) {
			return fmt.Errorf("the update of %s stores %v", u.Var, u.Value)
		}
		if w := u.When; w != nil && (w.DType != Bool || len(w.Shape) != 0) {
			return fmt.Errorf("the update of %s has the condition %s, which is not bool []", u.Var.Name, w)
		}
	}
	return nil
}
