package systems

import (
	"math"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// The cross entropy of an image is the sum over its pixels, and its mean over images.
func TestCrossEntropy(t *testing.T) {
	x, l := []float64{0, 1, .25, .5, 1, 0}, []float64{-1, 2, .5, 0, -40, 40}
	p, err := graph.Build("test", graph.NewVars(), func(b *graph.Builder) {
		s := graph.Shape{2, 1, 3, 1}
		b.Output("loss", crossEntropy(b.Literal(graph.F64, s, x), b.Literal(graph.F64, s, l)))
	})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := reference.Run(p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.
	for i := range 4 { // the others are out of reach of probabilities, and 40 nats each
		q := 1 / (1 + math.Exp(-l[i]))
		want -= x[i]*math.Log(q) + (1-x[i])*math.Log(1-q)
	}
	want = (want + 80) / 2
	if got := out[0].Data[0]; math.Abs(got-want) > 1e-9 {
		t.Errorf("cross entropy %v, want %v nats an image", got, want)
	}
}
