package graph

// Gradients builds the cotangents of xs from the cotangent dy of y (nil: ones,
// for which y must have one element). Each rule builds nodes, so the result
// can be differentiated again. An x that y does not depend on gets zeros.
//
// Only nodes on a path from an x to y are visited: what nobody asks for is
// never built.
//
// Values that are not floats have no gradient: asking for one names the
// operator.
func Gradients(y, dy *Node, xs ...*Node) []*Node {
	out := GradientsOrNil(y, dy, xs...)
	for i, x := range xs {
		if out[i] == nil {
			out[i] = Broadcast(x.b.Const(x.DType, 0), x.Shape)
		}
	}
	return out
}

// GradientsOrNil is Gradients with nil for an x that y does not depend on, or only
// where no gradient passes: behind a StopGradient, a comparison, an index. So a caller
// can tell what a loss cannot reach from what happens to have a gradient of zero.
func GradientsOrNil(y, dy *Node, xs ...*Node) []*Node {
	for _, n := range append([]*Node{y}, xs...) {
		if !n.DType.IsFloat() {
			fail("Gradients", "%s has no gradient, since it is no float (%s)", n.Op, n.Describe())
		}
	}
	if dy == nil {
		if y.Shape.Size() != 1 {
			fail("Gradients", "needs a cotangent for a result of shape %s", y.Shape)
		}
		dy = Broadcast(y.b.Const(y.DType, 1), y.Shape)
	}
	if !dy.Shape.Equal(y.Shape) || dy.DType != y.DType {
		fail("Gradients", "the cotangent is %s %s, the result %s %s", dy.DType, dy.Shape, y.DType, y.Shape)
	}
	return gradients(y, dy, xs, nil)
}

// gradients gives nil for an x that no gradient comes to. It does not look
// behind the nodes of leaves: they count as independent of each other even
// where one was computed from another.
func gradients(y, dy *Node, xs, leaves []*Node) []*Node {
	b := y.b
	leaf := map[*Node]bool{}
	for _, x := range leaves {
		leaf[x] = true
	}
	onPath := reach(y, xs, leaf)
	cot := map[*Node]*Node{y: dy}
	for id := y.ID; id >= 0; id-- {
		n := b.nodes[id]
		g := cot[n]
		if g != nil && onPath[n] && !leaf[n] {
			pull(n, g, onPath, cot)
		}
	}
	out := make([]*Node, len(xs))
	for i, x := range xs {
		if onPath[x] {
			out[i] = cot[x]
		}
	}
	return out
}

// pull adds n's contribution to the cotangents of its operands.
func pull(n, g *Node, onPath map[*Node]bool, cot map[*Node]*Node) {
	row := n.Op.Info()
	if row.zeroGrad {
		return
	}
	for i, x := range n.Inputs {
		if !onPath[x] || !x.DType.IsFloat() {
			continue
		}
		if row.vjp == nil {
			fail("Gradients", "%s has no gradient; it stands on the path (%s)", row.Name, n.Describe())
		}
		d := row.vjp(n, g, i)
		if d == nil {
			continue
		}
		if !d.Shape.Equal(x.Shape) || d.DType != x.DType {
			fail("Gradients", "the rule of %s gives %s %s for operand %d, which is %s %s", row.Name, d.DType, d.Shape, i, x.DType, x.Shape)
		}
		if old := cot[x]; old != nil {
			d = Add(old, d)
		}
		cot[x] = d
	}
}

// reach marks the nodes that y depends on and that depend on one of xs,
// without looking behind the leaves.
func reach(y *Node, xs []*Node, leaf map[*Node]bool) map[*Node]bool {
	isX := map[*Node]bool{}
	for _, x := range xs {
		isX[x] = true
	}
	memo := map[*Node]bool{}
	marked := map[*Node]bool{}
	var visit func(n *Node) bool
	visit = func(n *Node) bool {
		if marked[n] {
			return memo[n]
		}
		marked[n] = true
		on := isX[n]
		if !leaf[n] {
			for _, in := range n.Inputs {
				on = visit(in) || on
			}
		}
		memo[n] = on
		return on
	}
	visit(y)
	return memo
}
