package fuse

import (
	"testing"

	"ganengine/engine/graph"
)

func TestPrint(t *testing.T) {
	vars := graph.NewVars()
	w := vars.Add(&graph.Variable{Name: "w", Shape: graph.Shape{128, 4, 4, 64}, DType: graph.F32, Init: graph.Fill(graph.F32, 0)})
	m := vars.Add(&graph.Variable{Name: "m", Shape: graph.Shape{128, 4, 4, 64}, DType: graph.F32, Init: graph.Fill(graph.F32, 0)})
	v := vars.Add(&graph.Variable{Name: "v", Shape: graph.Shape{128, 4, 4, 64}, DType: graph.F32, Init: graph.Fill(graph.F32, 0)})
	ga := vars.Add(&graph.Variable{Name: "gain", Shape: graph.Shape{128}, DType: graph.F32, Init: graph.Fill(graph.F32, 1)})
	be := vars.Add(&graph.Variable{Name: "bias", Shape: graph.Shape{128}, DType: graph.F32, Init: graph.Fill(graph.F32, 1)})
	ok := vars.Add(&graph.Variable{Name: "ok", Shape: graph.Shape{}, DType: graph.Bool, Init: graph.Fill(graph.Bool, 1)})
	p, err := graph.Build("bn", vars, func(b *graph.Builder) {
		x := b.Input("x", graph.F32, graph.Shape{8, 32, 32, 64})
		wr := b.Read(w)
		h := graph.Conv2D(x, wr, graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}})
		h = graph.Normalize(h, 1e-5, 0, 1, 2)
		h = graph.Add(graph.Mul(h, b.Read(ga)), b.Read(be))
		h = graph.LeakyRelu(h, .2)
		h2 := graph.Conv2D(h, b.Read(w2(vars)), graph.Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}})
		loss := graph.Average(graph.Softplus(h2))
		gs := graph.Gradients(loss, nil, wr, b.Read(ga), b.Read(be))
		g := gs[0]
		m1 := graph.Add(graph.Scale(b.Read(m), .9), graph.Scale(g, .1))
		v1 := graph.Add(graph.Scale(b.Read(v), .99), graph.Scale(graph.Square(g), .01))
		b.Update(w, graph.Sub(wr, graph.Scale(graph.Div(m1, graph.Shift(graph.Sqrt(v1), 1e-8)), 1e-3)), nil)
		b.Update(m, m1, nil)
		b.Update(v, v1, nil)
		b.Update(ga, graph.Sub(b.Read(ga), graph.Scale(gs[1], .1)), nil)
		b.Update(be, graph.Sub(b.Read(be), graph.Scale(gs[2], .1)), nil)
		b.GuardUpdates(ok, loss, g, gs[1], gs[2])
		b.Output("loss", loss)
	})
	if err != nil {
		t.Fatal(err)
	}
	q := graph.ExpandComposites(p, func(*graph.Node) bool { return false })
	t.Log(q.Text())
	t.Log(Make(q, Options{}).Text())
}

func w2(vars *graph.Vars) *graph.Variable {
	return vars.Add(&graph.Variable{Name: "w2", Shape: graph.Shape{1, 4, 4, 128}, DType: graph.F32, Init: graph.Fill(graph.F32, 0)})
}
