package loss

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
)

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// term is one part of a game for one logit: its value and its slope.
type term struct{ value, slope func(d float64) float64 }

// square is (d-target)^2/2.
func square(target float64) term {
	return term{func(d float64) float64 { return (d - target) * (d - target) / 2 }, func(d float64) float64 { return d - target }}
}

// line is slope*d.
func line(slope float64) term {
	return term{func(d float64) float64 { return slope * d }, func(float64) float64 { return slope }}
}

// hinge is max(0, 1+sign*d).
func hinge(sign float64) term {
	return term{func(d float64) float64 { return max(0, 1+sign*d) }, func(d float64) float64 {
		if 1+sign*d > 0 {
			return sign
		}
		return 0
	}}
}

// toReal is softplus(-d), whose slope is -sigmoid(-d); toFake is softplus(d).
var (
	toReal = term{func(d float64) float64 { return softplus(-d) }, func(d float64) float64 { return -sigmoid(-d) }}
	toFake = term{softplus, sigmoid}
	fooled = term{func(d float64) float64 { return -softplus(d) }, func(d float64) float64 { return -sigmoid(d) }}
	smooth = term{func(d float64) float64 { return .9*softplus(-d) + .1*softplus(d) },
		func(d float64) float64 { return sigmoid(d) - .9 }}
)

// likely is -exp(d)/2, linear -sigmoid(d).
var (
	likely = term{func(d float64) float64 { return -math.Exp(d) / 2 }, func(d float64) float64 { return -math.Exp(d) / 2 }}
	linear = term{func(d float64) float64 { return -sigmoid(d) }, func(d float64) float64 { return -sigmoid(d) * sigmoid(-d) }}
)

// game is what a configured loss must be.
type game struct {
	kind                  string
	options               Options
	real, fake, generator term
	probability           bool
}

// overflows says that the generator's loss is no number for any logit, but as its formula is.
func (g game) overflows() bool { return g.kind == "maximum-likelihood" }

func games() []game {
	return []game{
		{"non-saturating", Options{SmoothReal: 1}, toReal, toFake, toReal, true},
		{"non-saturating", Options{SmoothReal: .9}, smooth, toFake, toReal, true},
		{"minimax", Options{SmoothReal: 1}, toReal, toFake, fooled, true},
		{"minimax", Options{SmoothReal: .9}, smooth, toFake, fooled, true},
		{"maximum-likelihood", Options{SmoothReal: 1}, toReal, toFake, likely, true},
		{"expected-probability", Options{SmoothReal: 1}, toReal, toFake, linear, true},
		{"wasserstein", Options{}, line(-1), line(1), line(-1), false},
		{"hinge", Options{}, hinge(-1), hinge(1), line(-1), false},
		{"least-squares", Options{Targets: [3]float64{0, 1, 1}}, square(1), square(0), square(1), false},
		{"least-squares", Options{Targets: [3]float64{-1, 1, 0}}, square(1), square(-1), square(0), false},
	}
}

// Each loss is the mean of its formula, with the formula's slope over n for
// each logit, however large that is.
func TestLosses(t *testing.T) {
	logits := []float64{-2.5, -1.01, -.5, 0, .3, .99, 1.2, 4, 800, -800, 1e6, -1e6}
	for _, g := range games() {
		l, err := New(g.kind, g.options)
		if err != nil {
			t.Fatal(err)
		}
		if l.Probability() != g.probability {
			t.Errorf("%s: probability %t", g.kind, l.Probability())
		}
		for _, part := range []struct {
			name  string
			build func(*graph.Node) *graph.Node
			want  term
		}{{"real", l.Real, g.real}, {"fake", l.Fake, g.fake}, {"generator", l.Generator, g.generator}} {
			name, logits := g.kind+" "+part.name, logits
			if part.name == "generator" && g.overflows() {
				logits = logits[:8]
			}
			n := float64(len(logits))
			out := evaluate(t, 0, func(b *graph.Builder) {
				d := b.Literal(graph.F64, graph.Shape{len(logits)}, logits)
				y := part.build(d)
				if len(y.Shape) != 0 {
					t.Errorf("%s: shape %s", name, y.Shape)
				}
				b.Output("loss", y)
				b.Output("slope", graph.Gradients(y, nil, d)[0])
			})
			value, slope := 0., make([]float64, len(logits))
			for i, d := range logits {
				value += part.want.value(d) / n
				slope[i] = part.want.slope(d) / n
			}
			near(t, name, out[0], []float64{value}, 1e-14)
			near(t, name+" slope", out[1], slope, 1e-14)
		}
	}
}

// In fp32 too: a discriminator that is sure of itself is no overflow.
func TestLargeLogits(t *testing.T) {
	for _, g := range games() {
		l, err := New(g.kind, g.options)
		if err != nil {
			t.Fatal(err)
		}
		for i, build := range []func(*graph.Node) *graph.Node{l.Real, l.Fake, l.Generator} {
			if i == 2 && g.overflows() {
				continue
			}
			out := evaluate(t, 0, func(b *graph.Builder) {
				d := b.Literal(graph.F32, graph.Shape{6}, []float64{-1e9, -200, -89, 89, 200, 1e9})
				y := build(d)
				b.Output("loss", y)
				b.Output("slope", graph.Gradients(y, nil, d)[0])
			})
			for _, x := range append(out[0], out[1]...) {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					t.Errorf("%s, part %d: loss %g, slopes %g", g.kind, i, out[0], out[1])
					break
				}
			}
		}
	}
}

// At the start of training D says one half: the sum of its terms is 2 ln 2.
func TestUndecided(t *testing.T) {
	l := NonSaturating{Target: 1}
	out := evaluate(t, 0, func(b *graph.Builder) {
		d := b.Literal(graph.F64, graph.Shape{3}, []float64{0, 0, 0})
		b.Output("d", graph.Add(l.Real(d), l.Fake(d)))
	})
	near(t, "loss of D", out[0], []float64{2 * math.Ln2}, 1e-15)
}

func TestUnknownLoss(t *testing.T) {
	if l, err := New("cramer", Options{}); l != nil || err == nil || !strings.Contains(err.Error(), `no loss "cramer"`) {
		t.Errorf("%v, %v", l, err)
	}
}
