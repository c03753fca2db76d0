package graph

// CastFirst casts operands before they are concatenated, where nothing else wants
// the result as it was: fewer bytes move, and who computes an operand casts it.
func CastFirst(p *Program) *Program {
	uses := map[*Node]int{}
	for _, n := range p.Nodes {
		for _, x := range n.Inputs {
			uses[x]++
		}
	}
	for _, o := range p.Outputs {
		uses[o.Value]++
	}
	for _, u := range p.Updates {
		uses[u.Value]++
	}
	return Rewrite(p, func(old, n *Node) *Node {
		x := n.Inputs
		if n.Op != OpCast || x[0].Op != OpConcat || uses[old.Inputs[0]] > 1 || n.DType.Size() > x[0].DType.Size() {
			return n
		}
		var narrow []*Node
		for _, y := range x[0].Inputs {
			narrow = append(narrow, Cast(y, n.DType))
		}
		return Concat(int(x[0].Attr.(Axis)), narrow...)
	})
}
