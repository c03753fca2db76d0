package graph

import "fmt"

// Verify checks a finished program: operands stand before their users, shapes
// and types are what the table says, updates and outputs are nodes of the
// program, names are unique.
func Verify(p *Program) error {
	at := make(map[*Node]int, len(p.Nodes))
	for i, n := range p.Nodes {
		for _, x := range n.Inputs {
			if _, ok := at[x]; !ok {
				return fmt.Errorf("verify %s: operand %s of %s does not stand before it", p.Name, x, n.Describe())
			}
		}
		s, d, err := n.Op.Info().infer(n)
		if err != nil {
			return fmt.Errorf("verify %s: %s: %w", p.Name, n.Describe(), err)
		}
		if !s.Equal(n.Shape) || d != n.DType {
			return fmt.Errorf("verify %s: %s should be %s %s", p.Name, n.Describe(), d, s)
		}
		at[n] = i
	}
	for _, u := range p.Updates {
		for _, n := range []*Node{u.Value, u.When} {
			if _, ok := at[n]; n != nil && !ok {
				return fmt.Errorf("verify %s: the update of %s stores %s, which is not in the program", p.Name, u.Var.Name, n)
			}
		}
	}
	names := map[string]bool{}
	for _, o := range p.Outputs {
		if _, ok := at[o.Value]; !ok || names[o.Name] {
			return fmt.Errorf("verify %s: output %q is not in the program, or twice", p.Name, o.Name)
		}
		names[o.Name] = true
	}
	return nil
}
