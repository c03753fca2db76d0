package loss

import (
	"math"
	"testing"

	"ganengine/engine/graph"
)

// Losses of pairs are those of differences, with opposite slopes on both sides; of a classifier
// D's alone has the smoothed target, and G's is its own. Where all
// logits are equal, the logistic one is ln 2 for either player.
func TestRelative(t *testing.T) {
	real, fake := []float64{2, -1, .5, 0}, []float64{1, 1, .5, -900}
	n := float64(len(real))
	for _, g := range games() {
		base, err := New(g.kind, g.options)
		if err != nil {
			t.Fatal(err)
		}
		l := Relative{base}
		if l.Probability() || !Compares(l) || Compares(base) {
			t.Errorf("%s: probability %t, compares %t, without pairs %t", g.kind, l.Probability(), Compares(l), Compares(base))
		}
		out := evaluate(t, 0, func(b *graph.Builder) {
			x, y := b.Literal(graph.F64, graph.Shape{len(real)}, real), b.Literal(graph.F64, graph.Shape{len(real)}, fake)
			for i, loss := range []*graph.Node{OfDiscriminator(l, x, y), OfGenerator(l, y, x)} {
				of := "dg"[i : i+1]
				b.Output(of, loss)
				slopes := graph.Gradients(loss, nil, x, y)
				b.Output(of+" on real", slopes[0])
				b.Output(of+" on fake", slopes[1])
			}
		})
		for side, sign := range []float64{1, -1} {
			of := g.real
			if sign < 0 && g.probability {
				of = g.generator
			}
			value, onReal, onFake := 0., make([]float64, len(real)), make([]float64, len(real))
			for i := range real {
				d := sign * (real[i] - fake[i])
				value += of.value(d) / n
				onReal[i] = sign * of.slope(d) / n
				onFake[i] = -onReal[i]
			}
			name := g.kind + [...]string{" D", " G"}[side]
			near(t, name, out[3*side], []float64{value}, 1e-14)
			near(t, name+" on real", out[3*side+1], onReal, 1e-14)
			near(t, name+" on fake", out[3*side+2], onFake, 1e-14)
		}
	}
	out := evaluate(t, 0, func(b *graph.Builder) {
		d := b.Literal(graph.F64, graph.Shape{3}, []float64{7, -2, 0})
		b.Output("d", OfDiscriminator(Relative{NonSaturating{Target: 1}}, d, d))
		b.Output("g", OfGenerator(Relative{NonSaturating{Target: 1}}, d, d))
	})
	near(t, "D of equal logits", out[0], []float64{math.Ln2}, 1e-15)
	near(t, "G of equal logits", out[1], []float64{math.Ln2}, 1e-15)
}

// Without pairs they are the sum of the terms, and G's own.
func TestApart(t *testing.T) {
	l := Hinge{}
	out := evaluate(t, 0, func(b *graph.Builder) {
		x, y := b.Literal(graph.F64, graph.Shape{2}, []float64{.5, 3}), b.Literal(graph.F64, graph.Shape{2}, []float64{-2, 1})
		b.Output("d", OfDiscriminator(l, x, y))
		b.Output("g", OfGenerator(l, y, nil))
	})
	near(t, "D", out[0], []float64{.25 + 1}, 1e-15)
	near(t, "G", out[1], []float64{.5}, 1e-15)
}

// Of two sides that are each to pass for the other, those of a classifier have G's term, real
// ones with the opposite logit: minimax is what D has, negated. Others have D's terms exchanged.
func TestExchanged(t *testing.T) {
	real, fake := []float64{2, -1, .5, 0}, []float64{1, 1, .5, -9}
	n := float64(len(real))
	for _, g := range games() {
		l, err := New(g.kind, g.options)
		if err != nil {
			t.Fatal(err)
		}
		out := evaluate(t, 0, func(b *graph.Builder) {
			x, y := b.Literal(graph.F64, graph.Shape{len(real)}, real), b.Literal(graph.F64, graph.Shape{len(real)}, fake)
			b.Output("both", Exchanged(l, x, y))
			b.Output("d", OfDiscriminator(l, x, y))
		})
		want := 0.
		for i := range real {
			if g.probability {
				want += g.generator.value(fake[i])/n + g.generator.value(-real[i])/n
			} else {
				want += g.real.value(fake[i])/n + g.fake.value(real[i])/n
			}
		}
		near(t, g.kind, out[0], []float64{want}, 1e-14)
		if g.kind == "minimax" && g.options.SmoothReal == 1 {
			near(t, "minimax is -V", out[0], []float64{-out[1][0]}, 1e-14)
		}
	}
}
