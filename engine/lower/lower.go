// Package lower begins what every device's Lower does: it numbers the values of
// a schedule for the planner and says where each comes from. What a step does
// with them is the device's own business.
package lower

import (
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/plan"
)

// Table numbers the values of one program. Numbers are indices into Nodes and
// into the values of Work.
type Table struct {
	Work      *plan.Work
	Program   *graph.Program
	Nodes     []*graph.Node // what each value is; nil for Variables
	Inputs    []int         // values of the program's inputs
	Variables []Placed[*graph.Variable]
	Literals  []Placed[*graph.Literal]

	nodes map[*graph.Node]int
	vars  map[*graph.Variable]int
}

// Placed is what a Fixed value is.
type Placed[T any] struct {
	What  T
	Value int
}

// New gives a table that holds the program's inputs.
func New(p *graph.Program) *Table {
	t := &Table{Work: &plan.Work{Name: p.Name}, Program: p, nodes: map[*graph.Node]int{}, vars: map[*graph.Variable]int{}}
	for _, n := range p.Inputs {
		t.Inputs = append(t.Inputs, t.Value(n))
	}
	return t
}

// Value is the number of n's value, which is as fuse.Source gives it.
func (t *Table) Value(n *graph.Node) int {
	if n.Op == graph.OpRead {
		return t.Variable(n.Var())
	}
	if i, ok := t.nodes[n]; ok {
		return i
	}
	v := plan.Value{Name: n.String(), Bytes: int64(n.Shape.Size() * n.DType.Size())}
	if n.Op.Info().Class == graph.Leaf && n.Op != graph.OpConst {
		v.Place = plan.Fixed
	}
	i := t.add(v, n)
	t.nodes[n] = i
	if n.Op == graph.OpLiteral {
		t.Literals = append(t.Literals, Placed[*graph.Literal]{n.Attr.(*graph.Literal), i})
	}
	return i
}

// Variable is the number of v's storage.
func (t *Table) Variable(v *graph.Variable) int {
	i, ok := t.vars[v]
	if !ok {
		i = t.add(plan.Value{Name: v.Name, Bytes: int64(v.Bytes()), Place: plan.Fixed}, nil)
		t.vars[v] = i
		t.Variables = append(t.Variables, Placed[*graph.Variable]{v, i})
	}
	return i
}

// Scratch adds a value that is nobody's: memory that lives as long as its readers
// and writers say.
func (t *Table) Scratch(name string, bytes int64) int {
	return t.add(plan.Value{Name: name, Bytes: bytes}, nil)
}

func (t *Table) add(v plan.Value, n *graph.Node) int {
	t.Work.Values = append(t.Work.Values, v)
	t.Nodes = append(t.Nodes, n)
	return len(t.Work.Values) - 1
}

// Step is a kernel's step as the planner sees it; scratch and aliases are the
// device's to add.
func (t *Table) Step(k *fuse.Kernel) plan.Step {
	p := plan.Step{Name: k.String()}
	for _, n := range k.Reads() {
		p.Reads = append(p.Reads, t.Value(n))
	}
	for _, n := range k.Writes() {
		p.Writes = append(p.Writes, t.Value(n))
	}
	return p
}

// Operands are the values of n's operands, one for each, and of n itself last.
func (t *Table) Operands(n *graph.Node) []int {
	var values []int
	for _, x := range n.Inputs {
		values = append(values, t.Value(fuse.Source(x)))
	}
	return append(values, t.Value(n))
}

// Outputs are the values of the program's outputs.
func (t *Table) Outputs() []int {
	var values []int
	for _, o := range t.Program.Outputs {
		values = append(values, t.Value(fuse.Source(o.Value)))
	}
	return values
}

// Bytes is what a step moves: each value that it reads or writes, once.
func (t *Table) Bytes(p plan.Step) int64 {
	var sum int64
	for _, values := range [][]int{p.Reads, p.Writes} {
		for _, v := range values {
			sum += t.Work.Values[v].Bytes
		}
	}
	return sum
}

// InPlace allows each value that a cluster stores to take the place of one that
// it loads at the same index only, in elements of the same size.
func (t *Table) InPlace(c *fuse.Cluster, p plan.Step) []plan.Alias {
	var list []plan.Alias
	write := 0 // of the step's Writes
	for _, st := range c.Stores {
		if st.Var != nil {
			continue
		}
		for r, v := range p.Reads {
			if n := t.Nodes[v]; n != nil && n.DType.Size() == st.Node.DType.Size() && onlyAtIndex(c, n) {
				list = append(list, plan.Alias{Write: write, Read: r})
			}
		}
		write++
	}
	return list
}

// onlyAtIndex says that the cluster reads element i of n for index i alone.
func onlyAtIndex(c *fuse.Cluster, n *graph.Node) bool {
	loaded := false
	for _, e := range c.Exprs {
		if e.Load != nil && e.Load.Source == n {
			if !e.Load.Pattern.Identity() {
				return false
			}
			loaded = true
		}
		if e.Load == nil && e.Node.Op.Info().Class == graph.Draw {
			for _, x := range e.Node.Inputs {
				if fuse.Source(x) == n {
					return false
				}
			}
		}
	}
	for _, st := range c.Stores {
		if st.When == n {
			return false
		}
	}
	return loaded
}
