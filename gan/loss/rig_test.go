package loss

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// evaluate runs a program with random streams once in float64, at run number
// run, and gives its outputs in order.
func evaluate(t *testing.T, run float64, f func(b *graph.Builder)) [][]float64 {
	t.Helper()
	vars := graph.NewVars()
	r := &graph.Random{
		Seed: vars.Add(&graph.Variable{Name: "seed", Shape: graph.Shape{2}, DType: graph.I32, Init: graph.Fill(graph.I32, 0)}),
		Run:  vars.Add(&graph.Variable{Name: "run", DType: graph.I32, Init: graph.Fill(graph.I32, 0)}),
	}
	p, err := graph.Build("test", vars, func(b *graph.Builder) {
		b.UseRandom(r)
		f(b)
	})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := reference.Run(p, func(v *graph.Variable) reference.Array {
		a := reference.New(v.DType, v.Shape)
		if v == r.Run {
			a.Data[0] = run
		}
		return a
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	data := make([][]float64, len(out))
	for i := range out {
		data[i] = out[i].Data
	}
	return data
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d elements, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*(1+math.Abs(want[i]))) {
			t.Errorf("%s[%d] is %.15g, want %.15g", what, i, got[i], want[i])
			return
		}
	}
}

// numbers are n of them, the same each time.
func numbers(seed uint64, n int) []float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}
