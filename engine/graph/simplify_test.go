package graph_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	. "ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/engine/rewrite"
	"ganengine/internal/property"
)

// TestTranspositionsFold, also where they do not commute: result axis i of the second
// is axis second[i] of the first's result, which is axis first[second[i]].
func TestTranspositionsFold(t *testing.T) {
	data := make([]float64, 24)
	for i := range data {
		data[i] = float64(i)
	}
	for _, c := range []struct{ first, second, want []int }{
		{[]int{1, 2, 0}, []int{1, 0, 2}, []int{2, 1, 0}},
		{[]int{1, 0, 2}, []int{1, 2, 0}, []int{0, 2, 1}},
		{[]int{2, 0, 1}, []int{2, 0, 1}, []int{1, 2, 0}},
	} {
		var want reference.Array
		p := must(t, NewVars(), func(b *Builder) {
			y := Transpose(Transpose(b.Input("x", F64, Shape{2, 3, 4}), c.first...), c.second...)
			want = unfolded(t, y, values(F64, Shape{2, 3, 4}, data...))
			b.Output("y", y)
		})
		if y := p.Outputs[0].Value; y.Op != OpTranspose || y.Inputs[0].Op != OpInput || !slices.Equal(y.Attr.(Perm), c.want) {
			t.Errorf("%v, then %v: not one transposition by %v\n%s", c.first, c.second, c.want, p.Text())
		}
		out, _ := run(t, p, map[string]reference.Array{"x": values(F64, Shape{2, 3, 4}, data...)})
		if !slices.Equal(out[0].Data, want.Data) || !out[0].Shape.Equal(want.Shape) {
			t.Errorf("%v, then %v: %s %v, want %s %v", c.first, c.second, out[0].Shape, out[0].Data, want.Shape, want.Data)
		}
	}
}

// unfolded computes a node as it was built, with x as every input's value.
func unfolded(t rapid.TB, n *Node, x reference.Array) reference.Array {
	t.Helper()
	if n.Op == OpInput {
		return x
	}
	in := make([]reference.Array, len(n.Inputs))
	for i, y := range n.Inputs {
		in[i] = unfolded(t, y, x)
	}
	out, err := reference.Eval(n, in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRandomProgramsStayTheSame: what Build simplifies has every bit of what was
// written, but for the sign of a zero; so has what CastFirst makes of it.
func TestRandomProgramsStayTheSame(t *testing.T) {
	changed := 0
	property.Check(t, func(t *rapid.T) {
		d := rapid.SampledFrom([]DType{F32, F64, BF16}).Draw(t, "type")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "values"), 1))
		x := reference.New(d, Shape{2, 3, 4})
		for i := range x.Data {
			x.Data[i] = d.Round(rng.NormFloat64())
		}
		var want reference.Array
		nodes := 0
		p, err := Build("p", NewVars(), func(b *Builder) {
			y := randomValue(t, b.Input("x", d, x.Shape))
			want, nodes = unfolded(t, y, x), y.ID+1
			b.Output("y", y)
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Nodes) < nodes {
			changed++
		}
		for name, q := range map[string]*Program{"simplified": p, "casts first": rewrite.CastFirst(p)} {
			out, _, err := reference.Run(q, nil, []reference.Array{x})
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range want.Data {
				if got := out[0].Data[i]; got != w && !(math.IsNaN(got) && math.IsNaN(w)) {
					t.Fatalf("%s: element %d is %v, want %v\n%s", name, i, got, w, q.Text())
				}
			}
		}
	})
	if changed == 0 {
		t.Error("no program became shorter; the test tests nothing")
	}
}

// randomValue applies a few operators that folding looks at.
func randomValue(t *rapid.T, x *Node) *Node {
	recent := []*Node{x}
	for i := range rapid.IntRange(1, 12).Draw(t, "operators") {
		y := rapid.SampledFrom(recent).Draw(t, "operand")
		if y.Shape.Size() > 2000 {
			y = x
		}
		recent = append(recent, randomOperator(t, y, fmt.Sprint("c", i)))
	}
	return recent[len(recent)-1]
}

func randomOperator(t *rapid.T, x *Node, name string) *Node {
	constant := func() *Node {
		c := rapid.SampledFrom([]float64{0, 1, -1, 2, .1}).Draw(t, name)
		n := Cast(Neg(x.Builder().Const(rapid.SampledFrom([]DType{F32, F64, BF16}).Draw(t, "type"), c)), x.DType)
		if rapid.Bool().Draw(t, "wide") {
			n = Broadcast(n, x.Shape)
		}
		return n
	}
	arithmetic := []func(x, y *Node) *Node{Add, Sub, Mul, Div}
	switch rapid.IntRange(0, 9).Draw(t, "operator") {
	case 0, 1:
		return rapid.SampledFrom(arithmetic).Draw(t, "arithmetic")(x, constant())
	case 2:
		return rapid.SampledFrom(arithmetic).Draw(t, "arithmetic")(constant(), x)
	case 3:
		axes := make([]int, len(x.Shape))
		for i := range axes {
			axes[i] = i
		}
		return Transpose(x, rapid.Permutation(axes).Draw(t, "perm")...)
	case 4:
		if len(x.Shape) == 0 {
			return Reshape(x, Shape{1, 1})
		}
		a := rapid.IntRange(0, len(x.Shape)-1).Draw(t, "axis")
		return Reshape(x, Shape{x.Shape.Size() / x.Shape[a], x.Shape[a]})
	case 5:
		return Broadcast(x, append(Shape{rapid.IntRange(1, 2).Draw(t, "times")}, x.Shape...))
	case 6:
		return Cast(Cast(x, rapid.SampledFrom([]DType{F32, F64, BF16}).Draw(t, "type")), x.DType)
	case 7:
		if len(x.Shape) == 0 {
			return Neg(x)
		}
		return Cast(Concat(len(x.Shape)-1, x, Neg(x)), rapid.SampledFrom([]DType{F32, F64, BF16}).Draw(t, "type"))
	case 8:
		return Neg(x)
	}
	return Select(And(Less(x, constant()), x.Builder().Const(Bool, 1)), Neg(x), constant())
}
