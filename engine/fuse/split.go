package fuse

// Split gives what a cluster stores and what it reduces as a cluster each, either
// of which computes what it needs itself.
func (c *Cluster) Split() (stores, reduces *Cluster) {
	stores, reduces = &Cluster{Size: c.Size}, &Cluster{Size: c.Size, Frame: c.Frame}
	at := c.copier(stores)
	for _, st := range c.Stores {
		st.Expr = at(st.Expr)
		stores.Stores = append(stores.Stores, st)
	}
	at = c.copier(reduces)
	for _, r := range c.Reduces {
		r.Expr = at(r.Expr)
		reduces.Reduces = append(reduces.Reduces, r)
	}
	return stores, reduces
}

// copier copies Exprs and what they are made of to another cluster, each once, and
// answers where they are there.
func (c *Cluster) copier(to *Cluster) func(expr int) int {
	known := map[int]int{}
	var at func(expr int) int
	at = func(expr int) int {
		if i, ok := known[expr]; ok {
			return i
		}
		e := c.Exprs[expr]
		args := make([]int, len(e.Args))
		for j, a := range e.Args {
			args[j] = at(a)
		}
		e.Args = args
		to.Exprs = append(to.Exprs, e)
		known[expr] = len(to.Exprs) - 1
		return known[expr]
	}
	return at
}
