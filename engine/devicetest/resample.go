package devicetest

import (
	"fmt"

	"ganengine/engine/graph"
)

// resamplings are what networks and augmentation use, and what each number of the record
// does alone. Filters are not symmetric, so that one that is turned round is found.
var resamplings = []struct {
	name string
	s    graph.Shape
	fir  graph.FIR
}{
	{"blur", graph.Shape{2, 5, 6, 3}, fir(1, 1, 2, 1, 4)},
	{"up2", graph.Shape{2, 3, 4, 5}, fir(2, 1, 2, 1, 4)},
	{"down2", graph.Shape{2, 6, 8, 5}, fir(1, 2, 1, 1, 4)},
	{"up3down2", graph.Shape{1, 5, 4, 2}, fir(3, 2, 4, 3, 6)},
	{"cropped", graph.Shape{1, 7, 6, 2}, fir(1, 1, -2, -1, 3)},
	{"up2cropped", graph.Shape{2, 4, 4, 3}, fir(2, 1, -1, -3, 3)},
	{"nearest", graph.Shape{1, 3, 3, 4}, graph.FIR{Up: [2]int{2, 2}, Down: [2]int{1, 1}, Low: [2]int{1, 1}, High: [2]int{0, 0},
		Taps: [2][]float32{{1, 1}, {1, 1}}}},
	{"columns", graph.Shape{1, 4, 5, 1}, graph.FIR{Up: [2]int{1, 2}, Down: [2]int{1, 1}, Low: [2]int{0, 6}, High: [2]int{0, 5},
		Taps: [2][]float32{{1}, taps(12)}}},
	{"odd", graph.Shape{1, 5, 7, 3}, graph.FIR{Up: [2]int{2, 1}, Down: [2]int{3, 2}, Low: [2]int{1, 0}, High: [2]int{2, 1},
		Taps: [2][]float32{taps(3), taps(2)}}},
	{"all_padding", graph.Shape{1, 1, 1, 2}, fir(1, 1, 5, 5, 3)},
}

// taps are n different numbers that add up to about one.
func taps(n int) []float32 {
	t := make([]float32, n)
	for i := range t {
		t[i] = float32(i+1) * 2 / float32(n*(n+1))
	}
	return t
}

func fir(up, down, low, high, n int) graph.FIR {
	return graph.FIR{Up: [2]int{up, up}, Down: [2]int{down, down}, Low: [2]int{low, low}, High: [2]int{high, high},
		Taps: [2][]float32{taps(n), taps(n)}}
}

func resampleCases() []Case {
	var cases []Case
	for _, d := range floats {
		add := func(name string, s graph.Shape, f graph.FIR, isLarge bool) {
			cases = append(cases, Case{Name: fmt.Sprintf("Resample/%s/%s", name, d), Large: isLarge, build: func(m *maker) {
				x := m.in(d, s, unit)
				y := graph.Resample(x, f)
				m.out(y, graph.Gradients(y, m.in(d, y.Shape, unit), x)[0])
			}})
		}
		for _, r := range resamplings {
			add(r.name, r.s, r.fir, false)
		}
		add("blur_4x33x33x64", graph.Shape{4, 33, 33, 64}, fir(1, 1, 1, 1, 4), true)
		add("up2_3x20x20x48", graph.Shape{3, 20, 20, 48}, fir(2, 1, 2, 1, 4), true)
	}
	return cases
}

func resampleGradients() []GradientCase {
	var cases []GradientCase
	for _, r := range resamplings {
		cases = append(cases, GradientCase{Name: "Gradient/Resample/" + r.name, Shapes: []graph.Shape{r.s}, Domain: unit,
			F: function(func(x []*graph.Node) *graph.Node { return graph.Square(graph.Resample(x[0], r.fir)) })})
	}
	return cases
}
