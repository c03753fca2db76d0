package fuse

import (
	"slices"

	"ganengine/engine/graph"
)

// resolver writes out the clusters, last kernel first, so that it knows which
// values later kernels load.
type resolver struct {
	*scheduler
	wanted  map[*graph.Node]bool     // must be stored
	reading map[*graph.Variable]bool // a later kernel reads the value at program start
}

func (s *scheduler) resolve() []*Kernel {
	r := &resolver{scheduler: s, wanted: map[*graph.Node]bool{}, reading: map[*graph.Variable]bool{}}
	for _, o := range s.p.Outputs {
		r.wanted[Source(o.Value)] = true
	}
	var kernels, commits []*Kernel // last first
	for _, k := range slices.Backward(s.list) {
		if k.node != nil {
			kernels = append(kernels, &Kernel{Node: k.node})
		} else {
			c, waiting := r.cluster(k)
			commits = append(commits, waiting...)
			if len(c.Stores)+len(c.Reduces) == 0 {
				continue
			}
			kernels = append(kernels, &Kernel{Cluster: c})
		}
		for _, n := range kernels[len(kernels)-1].Reads() {
			r.use(n)
		}
	}
	slices.Reverse(kernels)
	return append(kernels, commits...)
}

// use notes that a kernel has n in memory.
func (r *resolver) use(n *graph.Node) {
	r.wanted[n] = true
	if n.Op == graph.OpRead {
		r.reading[n.Var()] = true
	}
}

// cluster writes out k. Updates that may not overwrite their Variables yet are
// left to copies at the end of the program.
func (r *resolver) cluster(k *kern) (c *Cluster, commits []*Kernel) {
	c = r.expand(k, k.updates, nil)
	var direct []graph.Update
	var kept []*graph.Node
	for _, u := range k.updates {
		if r.mayOverwrite(u.Var, c) {
			direct = append(direct, u)
			continue
		}
		commits = append(commits, commit(u))
		for _, n := range commits[len(commits)-1].Reads() {
			r.use(n)
		}
		if src := Source(u.Value); isFusible(src) && r.infos[src].home == nil {
			r.infos[src].home = k
			kept = append(kept, src)
		}
	}
	if len(direct) == len(k.updates) {
		return c, nil
	}
	return r.expand(k, direct, kept), commits
}

// mayOverwrite says whether c may store to v as it goes: no later kernel reads
// v, and c itself reads each element before it writes it.
func (r *resolver) mayOverwrite(v *graph.Variable, c *Cluster) bool {
	if r.reading[v] {
		return false
	}
	for _, e := range c.Exprs {
		if l := e.Load; l != nil && l.Source.Op == graph.OpRead && l.Source.Var() == v && !l.Pattern.Identity() {
			return false
		}
		if e.Load == nil && e.Node.Op.Info().Class == graph.Draw {
			for _, x := range e.Node.Inputs {
				if x = Source(x); x.Op == graph.OpRead && x.Var() == v {
					return false
				}
			}
		}
	}
	return true
}

// commit copies an update's value, which lies in memory, to its Variable.
func commit(u graph.Update) *Kernel {
	src, size := Source(u.Value), u.Var.Shape.Size()
	st := Store{Node: src, Var: u.Var}
	if u.When != nil {
		st.When = Source(u.When)
	}
	return &Kernel{Cluster: &Cluster{
		Size:   size,
		Exprs:  []Expr{{Node: src, Load: &Load{src, identity(size)}}},
		Stores: []Store{st},
	}}
}

// expander collects the expressions of one cluster.
type expander struct {
	*resolver
	k     *kern
	again map[*graph.Node]bool // inline values in memory that are computed again all the same
	known map[*graph.Node]int
	exprs []Expr
}

// expand writes out k with some of its updates, and values to keep besides
// those that are wanted. Inline values that lie in memory are loaded, unless
// the cluster loads all that they are made of anyway.
func (r *resolver) expand(k *kern, updates []graph.Update, kept []*graph.Node) *Cluster {
	first := &expander{resolver: r, k: k, known: map[*graph.Node]int{}}
	c := first.cluster(updates, kept)
	second := &expander{resolver: r, k: k, known: map[*graph.Node]int{}, again: first.repeatable()}
	if len(second.again) == 0 {
		return c
	}
	return second.cluster(updates, kept)
}

func (e *expander) cluster(updates []graph.Update, kept []*graph.Node) *Cluster {
	c := &Cluster{Size: e.k.size}
	for _, n := range slices.Concat(e.k.items, kept) {
		switch {
		case !e.wanted[n]:
		case n.Op.Info().Class == graph.Reduction:
			c.Reduces = append(c.Reduces, Reduce{Expr: e.visit(n.Inputs[0]), Node: n})
			c.Frame = e.k.frame
		default:
			c.Stores = append(c.Stores, Store{Expr: e.visit(n), Node: n})
		}
	}
	for _, u := range updates {
		st := Store{Expr: e.visit(u.Value), Node: Source(u.Value), Var: u.Var}
		if u.When != nil {
			st.When = Source(u.When)
		}
		c.Stores = append(c.Stores, st)
	}
	c.Exprs = e.exprs
	return c
}

// visit answers the Expr of n at the cluster's index.
func (e *expander) visit(n *graph.Node) int {
	n = Source(n)
	if i, ok := e.known[n]; ok {
		return i
	}
	i := -1
	switch {
	case !e.computes(n):
		i = e.load(n, identity(n.Shape.Size()))
	case n.Op == graph.OpBroadcast:
		if x := Source(n.Inputs[0]); x.Op == graph.OpConst {
			i = e.visit(x)
		} else {
			i = e.load(x, BroadcastPattern(n.Inputs[0].Shape, n.Shape))
		}
	default:
		ex := Expr{Node: n}
		if n.Op.Info().Class != graph.Draw {
			for _, x := range n.Inputs {
				ex.Args = append(ex.Args, e.visit(x))
			}
		}
		i = len(e.exprs)
		e.exprs = append(e.exprs, ex)
	}
	e.known[n] = i
	return i
}

// computes says whether the cluster computes n instead of loading it.
func (e *expander) computes(n *graph.Node) bool {
	if !isFusible(n) {
		return false
	}
	in := e.infos[n]
	if in.home == e.k || n.Op == graph.OpConst {
		return true
	}
	return in.inline && (e.again[n] || in.home == nil || in.home.pos > e.k.pos)
}

func (e *expander) load(source *graph.Node, p Pattern) int {
	for i, ex := range e.exprs {
		if ex.Load != nil && ex.Load.Source == source && ex.Load.Pattern.Equal(p) {
			return i
		}
	}
	e.exprs = append(e.exprs, Expr{Node: source, Load: &Load{source, p}})
	return len(e.exprs) - 1
}

// repeatable lists the inline values that were loaded although all that they
// are made of is loaded too, or next to nothing.
func (e *expander) repeatable() map[*graph.Node]bool {
	var again map[*graph.Node]bool
	for _, ex := range e.exprs {
		if ex.Load == nil || !ex.Load.Pattern.Identity() || !e.infos[ex.Load.Source].inline {
			continue
		}
		n, free := ex.Load.Source, true
		for _, l := range e.infos[n].leaves {
			light := l.source.Shape.Size() <= int(lightWeight*float64(e.k.size))
			free = free && (light || slices.ContainsFunc(e.exprs, func(x Expr) bool {
				return x.Load != nil && x.Load.Source == l.source && x.Load.Pattern.Equal(l.pattern)
			}))
		}
		if free {
			if again == nil {
				again = map[*graph.Node]bool{}
			}
			again[n] = true
		}
	}
	return again
}
