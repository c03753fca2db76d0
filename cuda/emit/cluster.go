package emit

import (
	"slices"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// Spans: a thread takes so many neighbouring elements that accesses of the
// widest type are 16 bytes, but one where there are few.
const fewElements = 1 << 13

// spanOf is the number of elements of c that a thread takes at a time, in rows of
// a length.
func spanOf(c *fuse.Cluster, length int) int {
	n := 4
	for _, e := range c.Exprs {
		if e.Node.DType == graph.F64 || e.Load != nil && e.Load.Source.DType == graph.F64 {
			n = 2
		}
	}
	for n > 1 && (length%n != 0 || c.Size <= fewElements) {
		n /= 2
	}
	return n
}

// elementwise is a cluster without reductions: one pass, a span a thread.
func elementwise(c *fuse.Cluster) *builder {
	b := newBuilder()
	n := spanOf(c, c.Size)
	at := b.thread()
	if n > 1 {
		at = b.op(b32, "mul.lo.s32", at, n)
	}
	b.leaveIf(b.op(pred, "setp.ge.u32", at, c.Size))
	b.pass(c, span{at, n})
	return b.flat(c.Size / n)
}

// pass computes a span of the cluster: every load, then every operator, then
// every store. It answers the values of the reductions' operands.
func (b *builder) pass(c *fuse.Cluster, s span) [][]reg { return b.fetch(c, s, nil)() }

// fetch is pass in two steps: it loads, and answers the rest. Values that are known
// already, by Expr, are taken as they are.
func (b *builder) fetch(c *fuse.Cluster, s span, known [][]reg) (rest func() [][]reg) {
	values := make([][]reg, len(c.Exprs))
	copy(values, known)
	for i, e := range c.Exprs {
		if e.Load != nil && values[i] == nil {
			values[i] = b.load(e.Load, s)
		}
	}
	return func() [][]reg { return b.finish(c, s, values) }
}

// finish computes a span of which all loads are done.
func (b *builder) finish(c *fuse.Cluster, s span, values [][]reg) [][]reg {
	for i, e := range c.Exprs {
		if values[i] == nil {
			values[i] = b.apply(c, e, values, s)
		}
	}
	conditions := b.conditions(c)
	for _, st := range c.Stores {
		b.store(st, values[st.Expr], s, conditions[st.When])
	}
	var reduced [][]reg
	for _, r := range c.Reduces {
		reduced = append(reduced, values[r.Expr])
	}
	return reduced
}

// apply computes an Expr that is no load from those before it.
func (b *builder) apply(c *fuse.Cluster, e fuse.Expr, values [][]reg, s span) (result []reg) {
	switch {
	case e.Node.Op == graph.OpConst:
		return same(b.compute(e.Node, nil), s.n)
	case e.Node.Op.Info().Class == graph.Draw:
		return b.draw(e.Node, s)
	}
	args := e.Args
	if e.Node.Op == graph.OpLeakyReluGrad {
		args = []int{args[0], signOf(c, args[1])}
	}
	for j := range s.n {
		var x []reg
		for _, a := range args {
			x = append(x, values[a][j])
		}
		result = append(result, b.compute(e.Node, x))
	}
	return result
}

// signOf is an Expr that is above zero where another is: a leaky ReLU's operand.
func signOf(c *fuse.Cluster, at int) int {
	for e := c.Exprs[at]; e.Load == nil && e.Node.Op == graph.OpLeakyRelu && e.Node.Attr.(graph.Slope) >= 0; e = c.Exprs[at] {
		at = e.Args[0]
	}
	return at
}

// fixed computes what is the same for all elements that a reduction folds into
// one: of batch norm's gradient the mean, the deviation and the gain of a channel.
// s is one span of those elements. The second result counts the loads that are
// left for each span.
func (b *builder) fixed(c *fuse.Cluster, s span) (known [][]reg, loads int) {
	known = make([][]reg, len(c.Exprs))
	for i, e := range c.Exprs {
		switch {
		case e.Load != nil && c.Frame.Fixes(e.Load.Pattern):
			known[i] = b.load(e.Load, s)
		case e.Load != nil:
			loads++
		case len(e.Args) > 0 && !slices.ContainsFunc(e.Args, func(a int) bool { return known[a] == nil }):
			known[i] = b.apply(c, e, known, s)
		}
	}
	return known, loads
}

// conditions loads the predicates of a cluster's stores, each once and before
// any store: one of them may overwrite the Variable that another depends on.
func (b *builder) conditions(c *fuse.Cluster) map[*graph.Node]*reg {
	loaded := map[*graph.Node]*reg{}
	for _, st := range c.Stores {
		if st.When != nil && loaded[st.When] == nil {
			holds := b.loadRun(graph.Bool, b.base(Pointer{Value: st.When}), 1)[0]
			loaded[st.When] = &holds
		}
	}
	return loaded
}

// store writes a span's values to where they go, where when is nil or holds.
func (b *builder) store(st fuse.Store, values []reg, s span, when *reg) {
	to, d := Pointer{Value: st.Node}, st.Node.DType
	if st.Var != nil {
		to, d = Pointer{Var: st.Var}, st.Var.DType
	}
	b.storeRun(d, b.address(to, s.at, d.Size()), values, when)
}
