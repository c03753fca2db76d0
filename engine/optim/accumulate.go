package optim

import "ganengine/engine/graph"

// Accumulate adds gradients to their sums, in a program that makes no update. For each
// run of one that does, Options.Accumulate-1 runs of it come first. Both programs have
// to reach the same parameters: what has no gradient in one (nil) adds nothing there.
func (o *Optimizer) Accumulate(b *graph.Builder, grads []*graph.Node) {
	if o.sums == nil {
		graph.Fail("Accumulate", "optimiser %s was declared without accumulators", o.Name)
	}
	for i, g := range grads {
		if g != nil {
			b.Update(o.sums[i], graph.Add(b.Read(o.sums[i]), g), nil)
		}
	}
}

// Mean is the mean of accumulated gradients and these, the last ones before an update;
// without accumulators it is these. The sums start again from zero, whether or not the
// update is made in the end.
func (o *Optimizer) Mean(b *graph.Builder, grads []*graph.Node) []*graph.Node {
	if o.sums == nil {
		return grads
	}
	out := make([]*graph.Node, len(grads))
	for i, g := range grads {
		if g != nil {
			out[i] = graph.Scale(graph.Add(b.Read(o.sums[i]), g), 1/float64(o.options.Accumulate))
			b.Update(o.sums[i], graph.Broadcast(b.Const(g.DType, 0), g.Shape), nil)
		}
	}
	return out
}
