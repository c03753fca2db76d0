package systems

import (
	"ganengine/engine/graph"
)

// logSumExp is log Σ e^x over the last axis, [n, k] to [n, 1], of numbers of any size.
func logSumExp(x *graph.Node) *graph.Node {
	most := graph.StopGradient(graph.ReduceMax(x, 1))
	return graph.Add(most, graph.Log(graph.ReduceSum(graph.Exp(graph.Sub(x, most)), 1)))
}

// categoricalLoss is the mean of -log p(y) in nats, with p the softmax of logits [n, k] and y rows
// of zeros with a one.
func categoricalLoss(logits, y *graph.Node) *graph.Node {
	return graph.Average(graph.Sub(logSumExp(logits), graph.ReduceSum(graph.Mul(logits, y), 1)))
}

// softmax is e^x/Σ e^x over the last axis of [n, k].
func softmax(x *graph.Node) *graph.Node { return graph.Exp(graph.Sub(x, logSumExp(x))) }
