package nn

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
)

// Average is a second set of values for a network's Variables that follows the
// trained ones: the exponential moving average that samples are drawn from.
type Average struct {
	net *Net
	of  map[*graph.Variable]*graph.Variable
}

// NewAverage declares a Variable name/... for each of the network's, which must
// all be declared. They are zero until the first Follow, unless the host gives
// them the network's values.
func NewAverage(n *Net, name string) *Average {
	a := &Average{net: n, of: map[*graph.Variable]*graph.Variable{}}
	for _, v := range slices.Concat(n.params, n.stats) {
		a.of[v] = n.vars.Add(&graph.Variable{Name: name + v.Name[len(n.Name):], Shape: v.Shape, DType: v.DType, Group: name,
			Init: graph.Fill(v.DType, 0)})
	}
	return a
}

// Values reads the averages in place of the network's own Variables.
func (a *Average) Values() *Values {
	v := NewValues()
	v.alias = func(v *graph.Variable) *graph.Variable {
		if a.of[v] == nil {
			panic(&graph.BuildError{Op: "Average", Msg: fmt.Sprintf("%s has no average: it was declared later, or is of another network", v.Name)})
		}
		return a.of[v]
	}
	return v
}

// Variable is the average of v; nil where there is none.
func (a *Average) Variable(v *graph.Variable) *graph.Variable { return a.of[v] }

// Follow moves the averages towards the values in now: avg + (1-decay) (x - avg).
// Running statistics go with the weights, since those of other weights would give
// the averaged network other means than it has. At step 0 (i32 [], before the
// update) the averages take the values as they are, so they need no correction for
// where they started.
func (a *Average) Follow(b *graph.Builder, now *Values, decay float64, step *graph.Node) {
	first := graph.Equal(step, b.Const(graph.I32, 0))
	for _, v := range slices.Concat(a.net.params, a.net.stats) {
		x, avg := now.Get(b, v), b.Read(a.of[v])
		moved := graph.Add(avg, graph.Scale(graph.Sub(x, avg), 1-decay))
		b.Update(a.of[v], graph.Select(first, x, moved), nil)
	}
}
