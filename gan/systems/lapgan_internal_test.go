package systems

import (
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

// An image comes back from its pyramid, the coarsest image and the details, to 1e-6 in the
// numbers that trainings have; each detail is what the paper's equation 3 says.
func TestPyramid(t *testing.T) {
	const levels = 3
	s := graph.Shape{2, 24, 16, 3}
	random, x := rand.New(rand.NewPCG(1, 2)), make([]float64, s.Size())
	for i := range x {
		x[i] = 2*random.Float64() - 1
	}
	out := computed(t, func(b *graph.Builder) []*graph.Node {
		image := b.Literal(graph.F32, s, x)
		coarse, details := image, make([]*graph.Node, levels-1)
		for i := range details {
			details[i], _ = detail(coarse)
			coarse = halved(coarse)
		}
		back := coarse
		for i := range details {
			back = refined(doubled(back), details[len(details)-1-i])
		}
		return []*graph.Node{image, back, coarse}
	})
	if !out[2].Shape.Equal(graph.Shape{2, 6, 4, 3}) {
		t.Errorf("the coarsest image is %v", out[2].Shape)
	}
	for i, want := range out[0].Data {
		if math.Abs(out[1].Data[i]-want) > 1e-6 {
			t.Fatalf("number %d comes back as %v, and was %v", i, out[1].Data[i], want)
		}
	}
}

// Halving is the mean of four pixels; doubling is bilinear: it keeps what rises evenly, but
// for the edge, beyond which everything is as on it.
func TestHalvedAndDoubled(t *testing.T) {
	out := computed(t, func(b *graph.Builder) []*graph.Node {
		literal := func(s graph.Shape, x ...float64) *graph.Node { return b.Literal(graph.F64, s, x) }
		return []*graph.Node{
			halved(literal(graph.Shape{1, 2, 4, 1}, 1, 2, 3, 4, 5, 6, 7, 12)),
			doubled(literal(graph.Shape{1, 1, 3, 1}, 0, 4, 8)),
			doubled(literal(graph.Shape{1, 2, 2, 1}, 0, 4, 16, 20)),
			doubled(literal(graph.Shape{1, 1, 2, 2}, 0, 8, 4, 0)), // channels apart
		}
	})
	for i, want := range [][]float64{
		{3.5, 6.5},
		{0, 1, 3, 5, 7, 8, 0, 1, 3, 5, 7, 8},
		{0, 1, 3, 4, 4, 5, 7, 8, 12, 13, 15, 16, 16, 17, 19, 20},
		{0, 8, 1, 6, 3, 2, 4, 0, 0, 8, 1, 6, 3, 2, 4, 0},
	} {
		if len(out[i].Data) != len(want) {
			t.Fatalf("%d: %v, want %v", i, out[i].Data, want)
		}
		for j := range want {
			if math.Abs(out[i].Data[j]-want[j]) > 1e-12 {
				t.Errorf("%d: %v, want %v", i, out[i].Data, want)
				break
			}
		}
	}
}

// computed are the values of nodes of literals.
func computed(t *testing.T, of func(b *graph.Builder) []*graph.Node) []reference.Array {
	t.Helper()
	p, err := graph.Build("test", graph.NewVars(), func(b *graph.Builder) {
		for i, x := range of(b) {
			b.Output(string(rune('a'+i)), x)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := reference.Run(p, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
