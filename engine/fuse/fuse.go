// Package fuse turns a program into kernels in an order of execution. It knows
// operators and nothing of any device: every backend takes the same schedule.
//
// A Kernel is a single operator (a product, a transposition, a gather) or a
// Cluster: elementwise operators over one iteration domain, with reductions
// over that domain as its last stage, that go through memory once.
//
// Invariants:
//   - a cluster's values all have one linear index: a Reshape changes nothing,
//     so it costs nothing, and a Broadcast is a way to load;
//   - cheap chains with few operands in memory are computed again in each
//     cluster that needs them (batch norm's normalised values, activations'
//     gradients); everything else is computed once;
//   - kernels stand near the order in which their nodes were built, which
//     bounds memory: a kernel moves later, never past one that needs it;
//   - a Variable is overwritten only where no later kernel reads its value at
//     program start.
package fuse

import (
	"slices"

	"ganengine/engine/graph"
)

// Options change how a schedule is made.
type Options struct {
	NoFuse bool // every node is a kernel of its own
}

// Schedule is a program as kernels in an order of execution.
type Schedule struct {
	Program *graph.Program
	Kernels []*Kernel
}

// Kernel is one operator (Node) or a Cluster; the other is nil.
type Kernel struct {
	Node    *graph.Node
	Cluster *Cluster
}

// HasItsOwn says that no other kernel shares a launch with this one: a matrix product, a
// convolution, or a composite that the device claims.
func (k *Kernel) HasItsOwn() bool {
	if k.Node == nil {
		return false
	}
	c := k.Node.Op.Info().Class
	return c == graph.Product || c == graph.Composite
}

// Cluster is a pass over Size elements. Exprs stand after their arguments.
type Cluster struct {
	Size    int
	Exprs   []Expr
	Stores  []Store
	Reduces []Reduce
	Frame   Frame // how all Reduces divide the domain; the zero value without any
}

// Expr is a value of the cluster: a load (Load not nil), or Node's operator
// applied to earlier Exprs. A constant and a draw have no Args; a draw's
// operands lie in memory.
type Expr struct {
	Node *graph.Node
	Args []int
	Load *Load
}

// Load reads element Pattern(i) of Source's elements for linear index i.
type Load struct {
	Source  *graph.Node // as Source gives it
	Pattern Pattern
}

// Store writes an Expr to memory, element i to place i: to the storage of Var
// if that is set, there only if When (bool []) holds or is nil, else to the
// storage of Node's value.
type Store struct {
	Expr int
	Node *graph.Node
	Var  *graph.Variable
	When *graph.Node // as Source gives it
}

// Reduce folds an Expr as Node says; the result is stored as Node's value.
type Reduce struct {
	Expr int
	Node *graph.Node
}

// Make schedules a verified program. Where an update or an output is another
// updated Variable's old value, a copy is added to the program's nodes.
func Make(p *graph.Program, opt Options) *Schedule {
	p = copyOldValues(p)
	s := newScheduler(p, opt)
	s.analyse()
	s.arrange()
	return &Schedule{Program: p, Kernels: s.resolve()}
}

// copyOldValues gives a value of its own to each update and output that is the
// old value of a Variable that the program updates: a copy (a Reverse along no
// axis), made before the Variable is overwritten.
func copyOldValues(p *graph.Program) *graph.Program {
	updated := map[*graph.Variable]bool{}
	for _, u := range p.Updates {
		updated[u.Var] = true
	}
	q := *p
	q.Nodes = slices.Clone(p.Nodes)
	q.Outputs, q.Updates = slices.Clone(p.Outputs), slices.Clone(p.Updates)
	known := map[*graph.Node]*graph.Node{}
	kept := func(n *graph.Node) *graph.Node {
		if src := Source(n); src.Op != graph.OpRead || !updated[src.Var()] {
			return n
		}
		if known[n] == nil {
			known[n] = graph.Reverse(n)
			q.Nodes = append(q.Nodes, known[n])
		}
		return known[n]
	}
	for i := range q.Outputs {
		q.Outputs[i].Value = kept(q.Outputs[i].Value)
	}
	for i := range q.Updates {
		q.Updates[i].Value = kept(q.Updates[i].Value)
		if w := q.Updates[i].When; w != nil {
			q.Updates[i].When = kept(w)
		}
	}
	return &q
}

// Reads lists the values in memory that the kernel reads, as Source gives
// them, each once; loads come first and in the order of the Exprs.
func (k *Kernel) Reads() []*graph.Node {
	var reads []*graph.Node
	add := func(n *graph.Node) {
		if n != nil && !slices.Contains(reads, n) {
			reads = append(reads, n)
		}
	}
	if k.Node != nil {
		for _, x := range k.Node.Inputs {
			add(Source(x))
		}
		return reads
	}
	for _, e := range k.Cluster.Exprs {
		switch {
		case e.Load != nil:
			add(e.Load.Source)
		case e.Node.Op.Info().Class == graph.Draw:
			for _, x := range e.Node.Inputs {
				add(Source(x))
			}
		}
	}
	for _, st := range k.Cluster.Stores {
		add(st.When)
	}
	return reads
}

// Writes lists the values that the kernel computes; Variables that it stores
// to are not among them.
func (k *Kernel) Writes() []*graph.Node {
	if k.Node != nil {
		return []*graph.Node{k.Node}
	}
	var writes []*graph.Node
	for _, st := range k.Cluster.Stores {
		if st.Var == nil {
			writes = append(writes, st.Node)
		}
	}
	for _, r := range k.Cluster.Reduces {
		writes = append(writes, r.Node)
	}
	return writes
}
