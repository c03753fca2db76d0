package graph

import "fmt"

// Probe gives a program that runs p's nodes on the same Variables and inputs,
// updates nothing, and answers for every float node whether all of it was
// finite: output "finite" is Bool [len(nodes)], in order of execution. A
// session runs it to name the node that first produced a NaN or an infinity.
func Probe(p *Program) (probe *Program, nodes []*Node) {
	q := rewrite(p, func(n *Node) *Node { return n })
	if len(q.Nodes) == 0 {
		return nil, nil
	}
	b := q.Nodes[0].b
	var flags []*Node
	for _, n := range q.Nodes {
		if n.DType.IsFloat() && n.Op.Info().Class != Draw && n.Op != OpConst && n.Op != OpLiteral {
			nodes = append(nodes, n)
		}
	}
	for _, n := range nodes {
		flags = append(flags, Reshape(ReduceAll(IsFinite(n), allAxes(n)), Shape{1}))
	}
	if len(flags) == 0 {
		return nil, nil
	}
	q.Name = fmt.Sprintf("%s/probe", p.Name)
	q.Updates, q.Outputs = nil, []Output{{"finite", Concat(0, flags...)}}
	q.Nodes = b.nodes
	return prune(q), nodes
}
