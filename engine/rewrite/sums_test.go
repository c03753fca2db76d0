package rewrite_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/rewrite"
	"ganengine/internal/property"
)

// TestShareSums: of batch norm's gradient two sums are left, also where each half of
// a batch has statistics of its own and the gains' gradients are of the whole, and
// the results stay.
func TestShareSums(t *testing.T) {
	for name, groups := range map[string]int{"one batch": 1, "two halves": 2} {
		t.Run(name, func(t *testing.T) {
			shape := graph.Shape{8, 6, 5, 32}
			p := build(t, func(b *graph.Builder) {
				x := b.Input("x", graph.F64, shape)
				gain, bias := b.Input("gain", graph.F64, graph.Shape{32}), b.Input("bias", graph.F64, graph.Shape{32})
				parts := graph.Reshape(x, append(graph.Shape{groups, 8 / groups}, shape[1:]...))
				y := graph.Reshape(graph.Normalize(parts, 1e-5, 1, 2, 3), shape)
				y = graph.LeakyRelu(graph.Add(graph.Mul(y, gain), bias), .2)
				for i, g := range graph.Gradients(y, b.Input("dy", graph.F64, shape), x, gain, bias) {
					b.Output([]string{"dx", "dgain", "dbias"}[i], g)
				}
			})
			p = graph.ExpandComposites(p, func(*graph.Node) bool { return false })
			q := rewrite.ShareSums(p)
			s := fuse.Make(q, fuse.Options{})
			if err := s.Verify(); err != nil {
				t.Fatal(err)
			}
			// Mean, variance, both sums of the gradient, the gradient.
			passes, reduces := 0, 0
			for _, k := range s.Kernels {
				if k.Cluster != nil && k.Cluster.Size == shape.Size() {
					passes++
					reduces += len(k.Cluster.Reduces)
				}
			}
			if passes != 4 || reduces != 4 {
				t.Errorf("%d passes with %d reductions, want 4 with 4\n%s", passes, reduces, s.Text())
			}
			sameValues(t, p, q)
		})
	}
}

// TestSumsThatShareNothing stay: of other values, along other axes, and where a sum
// is of few elements.
func TestSumsThatShareNothing(t *testing.T) {
	p := build(t, func(b *graph.Builder) {
		x, y := b.Input("x", graph.F32, graph.Shape{64, 32, 4}), b.Input("y", graph.F32, graph.Shape{64, 32, 4})
		b.Output("a", graph.ReduceSum(x, 0, 1))
		b.Output("b", graph.ReduceSum(x, 1, 2))
		b.Output("c", graph.ReduceSum(graph.Mul(x, y), 0, 1))
		b.Output("d", graph.ReduceSum(graph.Mul(x, x), 0, 1))
		b.Output("e", graph.ReduceSum(y, 2))
		b.Output("f", graph.ReduceSum(y, 1, 2))
	})
	if n, m := len(p.Nodes), len(rewrite.ShareSums(p).Nodes); n != m {
		t.Errorf("%d nodes of %d", m, n)
	}
}

// TestFactorsOfChannels leave a sum, all of them, wherever they stand in the product.
func TestFactorsOfChannels(t *testing.T) {
	shape := graph.Shape{2, 4, 3, 6}
	for name, product := range map[string]func(x, y, g, h *graph.Node) *graph.Node{
		"one":                 func(x, _, g, _ *graph.Node) *graph.Node { return graph.Mul(x, g) },
		"first":               func(x, _, g, _ *graph.Node) *graph.Node { return graph.Mul(g, x) },
		"one, then another":   func(x, _, g, h *graph.Node) *graph.Node { return graph.Mul(graph.Mul(x, g), h) },
		"another before":      func(x, _, g, h *graph.Node) *graph.Node { return graph.Mul(h, graph.Mul(x, g)) },
		"one of each operand": func(x, y, g, h *graph.Node) *graph.Node { return graph.Mul(graph.Mul(x, g), graph.Mul(h, y)) },
		"three": func(x, y, g, h *graph.Node) *graph.Node {
			return graph.Mul(graph.Mul(graph.Mul(x, g), graph.Mul(h, y)), g)
		},
		"through other shapes": func(x, _, g, h *graph.Node) *graph.Node {
			flat := graph.Reshape(graph.Mul(x, g), graph.Shape{24, 6})
			return graph.Reshape(graph.Mul(flat, h), shape)
		},
		"nothing else": func(_, _, g, h *graph.Node) *graph.Node { return graph.Mul(graph.Broadcast(g, shape), h) },
	} {
		t.Run(name, func(t *testing.T) {
			p := build(t, func(b *graph.Builder) {
				x, y := b.Input("x", graph.F64, shape), b.Input("y", graph.F64, shape)
				g, h := b.Input("g", graph.F64, graph.Shape{6}), b.Input("h", graph.F64, graph.Shape{6})
				b.Output("sum", graph.ReduceSum(product(x, y, g, h), 0, 1, 2))
			})
			q := rewrite.ShareSums(p)
			for _, n := range q.Nodes {
				if n.Op == graph.OpBroadcast && n.Shape.Size() == shape.Size() && name != "nothing else" {
					t.Errorf("a factor is still multiplied before the sum\n%s", q.Text())
				}
			}
			sameValues(t, p, q)
		})
	}
}

// TestRandomSums: whatever is summed over whatever axes, sums that are made of each
// other have the values that they had.
func TestRandomSums(t *testing.T) {
	changed := 0
	property.Check(t, func(t *rapid.T) {
		p := build(t, func(b *graph.Builder) { randomSums(t, b) })
		q := rewrite.ShareSums(p)
		if q.Text() != p.Text() {
			changed++
		}
		if err := fuse.Make(q, fuse.Options{}).Verify(); err != nil {
			t.Fatal(err)
		}
		sameValues(t, p, q)
	})
	if changed == 0 {
		t.Error("no program was changed; the test tests nothing")
	}
}

// randomSums builds sums of a few products, which share operands.
func randomSums(t *rapid.T, b *graph.Builder) {
	shape := rapid.SampledFrom([]graph.Shape{{2, 16, 3, 2}, {32, 2, 3}, {4, 4, 4, 3}}).Draw(t, "shape")
	channels := shape[len(shape)-1]
	values := []*graph.Node{b.Input("x", graph.F64, shape), b.Input("y", graph.F64, shape)}
	factors := []*graph.Node{b.Input("g", graph.F64, graph.Shape{channels}), b.Input("h", graph.F64, graph.Shape{1, channels}),
		b.Input("row", graph.F64, shape[len(shape)-2:]), b.Input("image", graph.F64, graph.Shape(append([]int{shape[0]}, ones(len(shape)-1)...)))}
	pick := func(from []*graph.Node) *graph.Node { return rapid.SampledFrom(from).Draw(t, "operand") }
	for range rapid.IntRange(1, 8).Draw(t, "operators") {
		x := pick(values)
		switch rapid.IntRange(0, 4).Draw(t, "operator") {
		case 0, 1:
			x = graph.Mul(x, pick(factors))
		case 2:
			x = graph.Mul(pick(values), x)
		case 3:
			x = graph.Reshape(graph.Mul(graph.Reshape(x, graph.Shape{shape.Size() / channels, channels}), factors[0]), shape)
		default:
			x = graph.StopGradient(graph.Add(x, pick(factors)))
		}
		values = append(values, x)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "sums") {
		var axes []int
		for a := range shape {
			if rapid.Bool().Draw(t, "reduced") {
				axes = append(axes, a)
			}
		}
		b.Output(fmt.Sprint("sum", i), graph.ReduceSum(pick(values), axes...))
	}
}

func ones(n int) []int { return slices.Repeat([]int{1}, n) }
