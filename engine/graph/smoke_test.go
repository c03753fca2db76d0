package graph

import "testing"

func TestGradientOfGradientBuilds(t *testing.T) {
	vars := NewVars()
	w := vars.Add(&Variable{Name: "w", Shape: Shape{8, 4, 4, 3}, DType: F32, Init: Fill(F32, 0)})
	p, err := Build("gp", vars, func(b *Builder) {
		x := b.Input("x", F32, Shape{2, 8, 8, 3})
		wr := b.Read(w)
		h := LeakyRelu(Normalize(Conv2D(x, wr, Conv{Stride: [2]int{2, 2}, PadLow: [2]int{1, 1}, PadHigh: [2]int{1, 1}}), 1e-5, 0, 1, 2), .2)
		g := Gradients(Total(h), nil, x)[0]
		pen := Total(Square(g))
		gw := Gradients(pen, nil, wr)[0]
		b.Update(w, Sub(wr, Scale(gw, .1)), nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	q := ExpandComposites(p, func(*Node) bool { return false })
	if err := Verify(q); err != nil {
		t.Fatal(err)
	}
	t.Log(len(p.Nodes), len(q.Nodes))
	if testing.Verbose() {
		t.Log(p.Text())
	}
}
