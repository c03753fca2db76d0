package graph

import "math"

// Simplify gives the program without unused nodes, equal nodes merged,
// constants folded and steps that change nothing left out.
func Simplify(p *Program) *Program { return rewrite(p, fold) }

// ExpandComposites replaces composites by their definitions, except those that
// a backend claims.
func ExpandComposites(p *Program, claimed func(n *Node) bool) *Program {
	return Simplify(rewrite(p, func(n *Node) *Node {
		if n.Op.Info().Class == Composite && !claimed(n) {
			return Expand(n)
		}
		return n
	}))
}

func rewrite(p *Program, change func(n *Node) *Node) *Program {
	return Rewrite(p, func(_, n *Node) *Node { return change(n) })
}

// Rewrite copies the live part of p into a new builder. change may answer another
// node of the new builder for each node of p, of which it is shown the copy.
func Rewrite(p *Program, change func(old, n *Node) *Node) *Program {
	live := liveNodes(p)
	b := newBuilder(p.Name, p.Vars)
	to := make(map[*Node]*Node, len(live))
	for _, n := range p.Nodes {
		if !live[n] {
			continue
		}
		inputs := make([]*Node, len(n.Inputs))
		for i, x := range n.Inputs {
			inputs[i] = to[x]
		}
		b.origin = n
		to[n] = change(n, b.node(n.Op, n.Attr, inputs...))
	}
	b.origin = nil
	out := &Program{Name: p.Name, Vars: p.Vars}
	for _, n := range p.Inputs {
		if to[n] != nil {
			out.Inputs = append(out.Inputs, to[n])
		}
	}
	for _, o := range p.Outputs {
		out.Outputs = append(out.Outputs, Output{o.Name, to[o.Value]})
	}
	for _, u := range p.Updates {
		out.Updates = append(out.Updates, Update{u.Var, to[u.Value], to[u.When]})
	}
	out.Nodes = b.nodes
	return prune(out)
}

// prune drops nodes that nothing needs and numbers the rest.
func prune(p *Program) *Program {
	live := liveNodes(p)
	kept := make([]*Node, 0, len(p.Nodes))
	for _, n := range p.Nodes {
		if live[n] {
			n.ID = len(kept)
			kept = append(kept, n)
		}
	}
	if p.Nodes = kept; len(kept) == 0 {
		return p
	}
	b := kept[0].b
	b.nodes, b.known = kept, make(map[string]*Node, len(kept)) // keys hold numbers
	for _, n := range kept {
		b.known[nodeKey(n.Op, n.Attr, n.Inputs)] = n
	}
	return p
}

// liveNodes marks what outputs and updates depend on. Inputs stay: the host
// feeds them whether or not they are used.
func liveNodes(p *Program) map[*Node]bool {
	live := make(map[*Node]bool, len(p.Nodes))
	var visit func(n *Node)
	visit = func(n *Node) {
		if n == nil || live[n] {
			return
		}
		live[n] = true
		for _, x := range n.Inputs {
			visit(x)
		}
	}
	for _, n := range p.Inputs {
		visit(n)
	}
	for _, o := range p.Outputs {
		visit(o.Value)
	}
	for _, u := range p.Updates {
		visit(u.Value)
		visit(u.When)
	}
	return live
}

// constant looks for one number, as its type stores it, through changes of shape.
func constant(n *Node) (float64, bool) {
	for n.Op == OpBroadcast || n.Op == OpReshape {
		n = n.Inputs[0]
	}
	if n.Op != OpConst {
		return 0, false
	}
	return n.DType.Round(n.Attr.(Const).Value), true
}

func isConstant(n *Node, want float64) bool {
	c, ok := constant(n)
	return ok && c == want
}

// fold answers a simpler node of the same value. Only rules that keep every
// bit for finite and non-finite operands alike are here, but for sums of
// zeros, whose sign may change.
func fold(n *Node) *Node {
	switch n.Op {
	case OpAdd, OpSub, OpMul, OpDiv:
		return foldArithmetic(n)
	case OpNeg:
		if x := n.Inputs[0]; x.Op == OpNeg {
			return x.Inputs[0]
		}
		if c, ok := constant(n.Inputs[0]); ok {
			return Broadcast(n.b.Const(n.DType, -c), n.Shape)
		}
	case OpReshape, OpBroadcast:
		return foldShape(n)
	case OpTranspose:
		if x := n.Inputs[0]; x.Op == OpTranspose {
			p, q := n.Attr.(Perm), x.Attr.(Perm)
			both := make([]int, len(p))
			for i, a := range p {
				both[i] = q[a]
			}
			return Transpose(x.Inputs[0], both...)
		}
	case OpCast:
		return foldCast(n)
	case OpAnd:
		for i, x := range n.Inputs {
			if isConstant(x, 1) {
				return n.Inputs[1-i]
			}
		}
	case OpSelect:
		if n.Inputs[1] == n.Inputs[2] {
			return n.Inputs[1]
		}
	}
	return n
}

func foldShape(n *Node) *Node {
	x := n.Inputs[0]
	if x.Op == n.Op {
		if n.Op == OpReshape {
			return Reshape(x.Inputs[0], n.Shape)
		}
		return Broadcast(x.Inputs[0], n.Shape)
	}
	if c, ok := constant(x); ok && n.Op == OpReshape {
		return Broadcast(n.b.Const(n.DType, c), n.Shape)
	}
	return n
}

func foldArithmetic(n *Node) *Node {
	x, y := n.Inputs[0], n.Inputs[1]
	cx, okx := constant(x)
	cy, oky := constant(y)
	switch {
	case okx && oky && n.DType.IsFloat():
		if v := n.DType.Round(n.Op.Info().Formula(n.Attr)(cx, cy)); !math.IsInf(v, 0) && !math.IsNaN(v) {
			return Broadcast(n.b.Const(n.DType, v), n.Shape)
		}
	case oky && (cy == 0 && (n.Op == OpAdd || n.Op == OpSub) || cy == 1 && (n.Op == OpMul || n.Op == OpDiv)):
		return x
	case okx && (cx == 0 && n.Op == OpAdd || cx == 1 && n.Op == OpMul):
		return y
	}
	return n
}

// foldCast drops a widening that is narrowed again, and casts of constants.
func foldCast(n *Node) *Node {
	x := n.Inputs[0]
	if c, ok := constant(x); ok && n.DType.IsFloat() && x.DType.IsFloat() && n.DType != BF16 {
		return Broadcast(n.b.Const(n.DType, c), n.Shape)
	}
	if x.Op == OpCast {
		if in := x.Inputs[0]; in.DType == n.DType && in.DType.IsFloat() && x.DType.IsFloat() && x.DType.Size() >= in.DType.Size() {
			return in
		}
	}
	return n
}
