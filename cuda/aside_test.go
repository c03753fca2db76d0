//go:build cuda && cgo && linux

package cuda

import (
	"slices"
	"testing"

	"ganengine/engine/debug"
	"ganengine/engine/graph"
)

// TestAside: a product that is read late starts first and runs beside the others;
// what it reads stays alive until the step that waits for it.
func TestAside(t *testing.T) {
	d := open(t, debug.Switches{}).(*Device)
	vars := graph.NewVars()
	v := vars.Add(&graph.Variable{Name: "v", Shape: graph.Shape{64, 64}, DType: graph.F32, Group: "g", Init: graph.Fill(graph.F32, 1)})
	p, err := graph.Build("p", vars, func(b *graph.Builder) {
		x := graph.Exp(b.Input("x", graph.F32, graph.Shape{64, 64}))
		late, ofVariable := graph.MatMul(x, x), graph.MatMul(b.Read(v), x)
		next := x
		for range 4 {
			next = graph.MatMul(next, graph.Neg(next))
		}
		b.Output("sum", graph.Add(graph.Add(late, ofVariable), next))
		b.Output("product", graph.MatMul(x, graph.Neg(x))) // which nobody reads
	})
	if err != nil {
		t.Fatal(err)
	}
	work, err := d.Lower(p)
	if err != nil {
		t.Fatal(err)
	}
	l := work.Kernel.(*lowered)
	var aside, waits []int
	for i, st := range l.steps {
		if st.aside {
			aside = append(aside, i)
		}
		if st.waits {
			waits = append(waits, i)
		}
	}
	if len(aside) != 1 || len(waits) != 1 {
		t.Fatalf("steps %v are put aside, and %v wait", aside, waits)
	}
	first, last := work.Steps[aside[0]], work.Steps[waits[0]]
	if !touches(last, first) || waits[0]-aside[0] <= leastApart {
		t.Errorf("step %d is put aside for step %d", aside[0], waits[0])
	}
	for _, v := range first.Reads {
		if !slices.Contains(last.Reads, v) {
			t.Errorf("%s may be overwritten while it is read", work.Values[v].Name)
		}
	}
	for i := aside[0] + 1; i < waits[0]; i++ {
		if touches(work.Steps[aside[0]], work.Steps[i]) {
			t.Errorf("%s was moved ahead of what it needs", first.Name)
		}
	}
	if aside[0] > 0 && !touches(first, work.Steps[aside[0]-1]) {
		t.Errorf("%s could start before %s", first.Name, work.Steps[aside[0]-1].Name)
	}
}
