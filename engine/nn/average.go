package nn

import "ganengine/engine/graph"

// Average is a second set of values for a network's Variables that follows the
// trained ones: the exponential moving average that samples are drawn from.
type Average struct {
	net *Net
	of  map[*graph.Variable]*graph.Variable
}

// NewAverage declares a Variable name/... for each of the network's, starting
// at the same value.
func NewAverage(n *Net, name string) *Average {
	a := &Average{net: n, of: map[*graph.Variable]*graph.Variable{}}
	for _, v := range append(append([]*graph.Variable{}, n.params...), n.stats...) {
		a.of[v] = n.vars.Add(&graph.Variable{Name: name + v.Name[len(n.Name):], Shape: v.Shape, DType: v.DType, Group: name,
			Init: graph.Fill(v.DType, 0)})
	}
	return a
}

// Values reads the averages in place of the network's own Variables.
func (a *Average) Values() *Values {
	return &Values{now: map[*graph.Variable]*graph.Node{}, alias: func(v *graph.Variable) *graph.Variable { return a.of[v] }}
}

// Variable is the average of v.
func (a *Average) Variable(v *graph.Variable) *graph.Variable { return a.of[v] }

// Follow moves the averages towards the values in now: avg + (1-decay) (x - avg).
// Statistics are copied, since they are averages already. At step 0 (i32 [],
// before the update) the averages take the values as they are, so they need
// no correction for where they started.
func (a *Average) Follow(b *graph.Builder, now *Values, decay float64, step *graph.Node) {
	first := graph.Equal(step, b.Const(graph.I32, 0))
	for _, v := range a.net.params {
		x, avg := now.Get(b, v), b.Read(a.of[v])
		moved := graph.Add(avg, graph.Scale(graph.Sub(x, avg), 1-decay))
		b.Update(a.of[v], graph.Select(first, x, moved), nil)
	}
	for _, v := range a.net.stats {
		b.Update(a.of[v], now.Get(b, v), nil)
	}
}
