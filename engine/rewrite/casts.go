package rewrite

import "ganengine/engine/graph"

// CastFirst casts operands before they are concatenated, where nothing else wants
// the result as it was: fewer bytes move, and who computes an operand casts it.
func CastFirst(p *graph.Program) *graph.Program {
	uses := map[*graph.Node]int{}
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
	return graph.Rewrite(p, func(old, n *graph.Node) *graph.Node {
		x := n.Inputs
		if n.Op != graph.OpCast || x[0].Op != graph.OpConcat || uses[old.Inputs[0]] > 1 || n.DType.Size() > x[0].DType.Size() {
			return n
		}
		var narrow []*graph.Node
		for _, y := range x[0].Inputs {
			narrow = append(narrow, graph.Cast(y, n.DType))
		}
		return graph.Concat(int(x[0].Attr.(graph.Axis)), narrow...)
	})
}
