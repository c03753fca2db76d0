package rewrite_test

import (
	"math"
	"math/rand/v2"

	"pgregory.net/rapid"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

func build(t rapid.TB, f func(b *graph.Builder)) *graph.Program {
	t.Helper()
	p, err := graph.Build("p", graph.NewVars(), f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sameValues runs both programs on the same inputs.
func sameValues(t rapid.TB, p, q *graph.Program) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var inputs []reference.Array
	for _, n := range p.Inputs {
		a := reference.New(n.DType, n.Shape)
		for i := range a.Data {
			a.Data[i] = rng.NormFloat64()
		}
		inputs = append(inputs, a)
	}
	want, _, err := reference.Run(p, nil, inputs)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := reference.Run(q, nil, inputs)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range p.Outputs {
		if !want[i].Shape.Equal(got[i].Shape) {
			t.Fatalf("%s: shape %s, want %s", o.Name, got[i].Shape, want[i].Shape)
		}
		size := 1. // of what is added up
		for _, x := range want[i].Data {
			size = max(size, math.Abs(x))
		}
		for e, x := range want[i].Data {
			if off := math.Abs(got[i].Data[e] - x); !(off <= 1e-12*size) {
				t.Fatalf("%s: element %d is %g, want %g\n%s", o.Name, e, got[i].Data[e], x, p.Text())
			}
		}
	}
}
