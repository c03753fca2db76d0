package fuse

import (
	"fmt"
	"strings"

	"ganengine/engine/graph"
)

// Text prints the schedule: a line a kernel, and below a cluster's its
// expressions, stores and reductions. Values are named as graph.Program.Text
// names nodes.
func (s *Schedule) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "schedule %s: %d kernels of %d nodes\n", s.Program.Name, len(s.Kernels), len(s.Program.Nodes))
	for i, k := range s.Kernels {
		fmt.Fprintf(&b, "  %3d %s\n", i, k)
		if k.Cluster != nil {
			k.Cluster.write(&b)
		}
	}
	return b.String()
}

// String is the kernel in one line.
func (k *Kernel) String() string {
	if k.Node != nil {
		return k.Node.Describe()
	}
	c := k.Cluster
	loads, ops := 0, 0
	for _, e := range c.Exprs {
		if e.Load != nil {
			loads++
		} else if e.Node.Op != graph.OpConst {
			ops++
		}
	}
	s := fmt.Sprintf("cluster of %d: %d loads, %d operators, %d stores", c.Size, loads, ops, len(c.Stores))
	if len(c.Reduces) > 0 {
		s += fmt.Sprintf(", %d reductions of [%d,%d,%d] over the middle", len(c.Reduces), c.Frame.Outer, c.Frame.Reduced, c.Frame.Inner)
	}
	return s
}

func (c *Cluster) write(b *strings.Builder) {
	for i, e := range c.Exprs {
		fmt.Fprintf(b, "        e%d = ", i)
		switch {
		case e.Load != nil:
			fmt.Fprintf(b, "load %%%d %s%s\n", e.Load.Source.ID, e.Load.Source.DType, e.Load.Pattern)
		case e.Node.Op == graph.OpConst:
			fmt.Fprintf(b, "%g\n", e.Node.Attr.(graph.Const).Value)
		default:
			fmt.Fprintf(b, "%s %s", e.Node.Op, e.Node.DType)
			for _, a := range e.Args {
				fmt.Fprintf(b, " e%d", a)
			}
			b.WriteByte('\n')
		}
	}
	for _, st := range c.Stores {
		fmt.Fprintf(b, "        store e%d in ", st.Expr)
		if st.Var != nil {
			b.WriteString(st.Var.Name)
		} else {
			fmt.Fprintf(b, "%%%d %s", st.Node.ID, st.Node.DType)
		}
		if st.When != nil {
			fmt.Fprintf(b, " when %%%d", st.When.ID)
		}
		b.WriteByte('\n')
	}
	for _, r := range c.Reduces {
		fmt.Fprintf(b, "        %s of e%d in %%%d\n", r.Node.Op, r.Expr, r.Node.ID)
	}
}

// String prints as [128*0,64*1]: extents and strides; nothing where every
// element is taken in order.
func (p Pattern) String() string {
	if p.Identity() {
		return ""
	}
	parts := make([]string, len(p))
	for i, d := range p {
		parts[i] = fmt.Sprintf("%d*%d", d.Extent, d.Stride)
	}
	return "[" + strings.Join(parts, ",") + "]"
}
