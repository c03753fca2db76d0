package graph

import (
	"fmt"
	"strings"
)

// attrText is an operator's attributes as people read them.
func (n *Node) attrText() string {
	switch a := n.Attr.(type) {
	case nil:
		return ""
	case *Variable:
		return a.Name
	case *Input:
		return a.Name
	case *Stream:
		return a.Name
	case *Literal:
		return fmt.Sprintf("%d values", len(a.Data))
	case Const:
		return fmt.Sprintf("%g", a.Value)
	case Shape:
		return ""
	default: // records print with the names of their fields, without outer braces
		return strings.Trim(fmt.Sprintf("%+v", a), "{}")
	}
}

// Text prints the program a line a node, then outputs and updates. It holds no
// addresses, so two builds of one program print the same.
func (p *Program) Text() string {
	var s strings.Builder
	fmt.Fprintf(&s, "program %s\n", p.Name)
	for _, n := range p.Nodes {
		fmt.Fprintf(&s, "  %%%d = %s", n.ID, n.Op)
		if t := n.attrText(); t != "" {
			fmt.Fprintf(&s, "{%s}", t)
		}
		for _, x := range n.Inputs {
			fmt.Fprintf(&s, " %%%d", x.ID)
		}
		fmt.Fprintf(&s, " : %s %s", n.DType, n.Shape)
		if n.Scope != "" {
			fmt.Fprintf(&s, "  # %s", n.Scope)
		}
		s.WriteByte('\n')
	}
	for _, o := range p.Outputs {
		fmt.Fprintf(&s, "  output %s = %%%d\n", o.Name, o.Value.ID)
	}
	for _, u := range p.Updates {
		fmt.Fprintf(&s, "  update %s = %%%d", u.Var.Name, u.Value.ID)
		if u.When != nil {
			fmt.Fprintf(&s, " when %%%d", u.When.ID)
		}
		s.WriteByte('\n')
	}
	return s.String()
}

var classColors = map[Class]string{Leaf: "#dbe9f6", Draw: "#e8dbf6", Elementwise: "#ffffff", Movement: "#f3f3f3",
	Reduction: "#fdebc8", Product: "#f6d5d5", Composite: "#d8f0d8"}

// Dot prints the program for Graphviz: a box a node, coloured by class,
// Variables' updates as dashed arrows.
func (p *Program) Dot() string {
	var s strings.Builder
	fmt.Fprintf(&s, "digraph %q {\n  label=%q; rankdir=TB; node [shape=box, style=filled, fontname=\"Helvetica\"];\n", p.Name, p.Name)
	for _, n := range p.Nodes {
		label := n.Op.String()
		if t := n.attrText(); t != "" {
			label += "\n" + t
		}
		fmt.Fprintf(&s, "  n%d [label=%q, fillcolor=%q];\n", n.ID, fmt.Sprintf("%s\n%s %s", label, n.DType, n.Shape), classColors[n.Op.Info().Class])
		for _, x := range n.Inputs {
			fmt.Fprintf(&s, "  n%d -> n%d;\n", x.ID, n.ID)
		}
	}
	for i, o := range p.Outputs {
		fmt.Fprintf(&s, "  o%d [label=%q, shape=oval, fillcolor=\"#c6e7c6\"];\n  n%d -> o%d;\n", i, o.Name, o.Value.ID, i)
	}
	for i, u := range p.Updates {
		fmt.Fprintf(&s, "  u%d [label=%q, shape=cylinder, fillcolor=\"#dbe9f6\"];\n  n%d -> u%d [style=dashed];\n", i, u.Var.Name, u.Value.ID, i)
	}
	s.WriteString("}\n")
	return s.String()
}
