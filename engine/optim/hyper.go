package optim

import (
	"ganengine/engine/graph"
)

// Hyper is a hyper-parameter: a constant, which becomes part of the programs, or a
// number that each program computes, of a clock or of state. The zero value is 0.
type Hyper struct {
	constant float64
	node     func(b *graph.Builder) *graph.Node // nil for a constant
}

// Constant is x in every program.
func Constant(x float64) Hyper { return Hyper{constant: x} }

// Computed is what node builds in each program (F64 []). It is asked at each use, and
// has to answer equal nodes within a program.
func Computed(node func(b *graph.Builder) *graph.Node) Hyper { return Hyper{node: node} }

// Node is the number in a program (F64 []).
func (h Hyper) Node(b *graph.Builder) *graph.Node {
	if h.node == nil {
		return b.Const(graph.F64, h.constant)
	}
	n := h.node(b)
	if n.DType != graph.F64 || len(n.Shape) != 0 {
		graph.Fail("Hyper", "a hyper-parameter must be f64 [], not %s %s", n.DType, n.Shape)
	}
	return n
}

// none says whether this is 0 in every program, so that nothing has to be built.
func (h Hyper) none() bool { return h.node == nil && h.constant == 0 }

// times is h*x, in x's type.
func (h Hyper) times(x *graph.Node) *graph.Node {
	if h.node == nil {
		return graph.Scale(x, h.constant)
	}
	return graph.Mul(x, graph.Cast(h.Node(x.Builder()), x.DType))
}

// rest is 1-h, taken in F64.
func (h Hyper) rest() Hyper {
	if h.node == nil {
		return Constant(1 - h.constant)
	}
	return Computed(func(b *graph.Builder) *graph.Node { return graph.Shift(graph.Neg(h.Node(b)), 1) })
}
