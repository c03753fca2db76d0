package nn

import (
	"slices"

	"ganengine/engine/graph"
)

// Average is a second set of values for networks' parameters and statistics that
// follows the trained ones: an exponential moving average, which samples are drawn
// from, or a mean. State is the networks' own.
type Average struct {
	nets []*Net
	of   map[*graph.Variable]*graph.Variable
}

// NewAverage declares a Variable name/... for each of the networks', which must
// all be declared; the network's name comes between where there are several. They
// are zero until the first Follow, unless the host gives them the networks' values.
func NewAverage(name string, nets ...*Net) *Average {
	return &Average{nets, seconds(name, nets, func(n *Net) []*graph.Variable { return slices.Concat(n.params, n.stats) })}
}

// seconds declares another Variable for each that list gives of the networks, zero
// at first.
func seconds(name string, nets []*Net, list func(*Net) []*graph.Variable) map[*graph.Variable]*graph.Variable {
	of := map[*graph.Variable]*graph.Variable{}
	for _, n := range nets {
		prefix := name
		if len(nets) > 1 {
			prefix += "/" + n.Name
		}
		for _, v := range list(n) {
			of[v] = n.vars.Add(&graph.Variable{Name: prefix + v.Name[len(n.Name):], Shape: v.Shape, DType: v.DType, Group: name,
				Init: graph.Fill(v.DType, 0)})
		}
	}
	return of
}

// Values reads the averages in place of the networks' own Variables, and state as
// it is.
func (a *Average) Values() *Values {
	v := NewValues()
	v.alias = func(v *graph.Variable) *graph.Variable {
		if avg := a.of[v]; avg != nil {
			return avg
		}
		if !slices.ContainsFunc(a.nets, func(n *Net) bool { return slices.Contains(n.state, v) }) {
			wrong("Average", "%s has no average: it was declared later, or is of another network", v.Name)
		}
		return v
	}
	return v
}

// Variable is the average of v; nil where there is none.
func (a *Average) Variable(v *graph.Variable) *graph.Variable { return a.of[v] }

// AverageRule says how an Average follows. The zero value copies.
type AverageRule struct {
	Decay  float64     // share of the average that stays
	Varies *graph.Node // float []: stands in Decay's place where it changes, best as F64, since 1-Decay is small
	Mean   bool        // the plain mean of all values since the last copy, which counts as the first
	Start  int         // at steps below it the averages are copies; at step 0 they always are
}

// Follow moves the averages towards the values in now: avg + (1-decay) (x - avg),
// or (x - avg)/(t+1) for a mean of t values. Running statistics go with the
// weights, since those of other weights would give the averaged network other
// means than it has. At first (step is i32 [], before the update) the averages take
// the values as they are, so they need no correction for where they started.
func (a *Average) Follow(b *graph.Builder, now *Values, r AverageRule, step *graph.Node) {
	first := graph.Equal(step, b.Const(graph.I32, 0))
	if r.Start > 1 {
		first = graph.Less(step, b.Const(graph.I32, float64(r.Start)))
	}
	for _, n := range a.nets {
		for _, v := range slices.Concat(n.params, n.stats) {
			x, avg := now.Get(b, v), b.Read(a.of[v])
			b.Update(a.of[v], graph.Select(first, x, r.moved(avg, x, step)), nil)
		}
	}
}

// moved is the average after x, which is not a copy.
func (r AverageRule) moved(avg, x, step *graph.Node) *graph.Node {
	rest := graph.Sub(x, avg)
	switch {
	case r.Mean:
		seen := graph.Shift(graph.Cast(step, graph.F64), float64(2-max(r.Start, 1))) // with x, and with the copy
		return graph.Add(avg, graph.Div(rest, graph.Cast(seen, x.DType)))
	case r.Varies != nil:
		return graph.Add(avg, graph.Mul(rest, graph.Cast(graph.Shift(graph.Neg(r.Varies), 1), x.DType)))
	}
	return graph.Add(avg, graph.Scale(rest, 1-r.Decay))
}
