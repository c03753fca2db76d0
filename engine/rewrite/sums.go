package rewrite

import (
	"slices"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// ShareSums computes sums from each other, so that fewer go through memory:
//
//   - a factor of each channel leaves the sum, as batch norm's gain leaves those of
//     its gradient;
//   - of sums of one value that differ in how far they go, the shortest are added
//     up, as those of both halves of a batch are for the whole.
//
// Sums may be rounded in another order.
func ShareSums(p *graph.Program) *graph.Program {
	p = graph.Rewrite(p, func(_, n *graph.Node) *graph.Node { return factored(n) })
	shared := sharedSums(p)
	return graph.Rewrite(p, func(old, n *graph.Node) *graph.Node {
		if s := shared[old]; s != nil {
			return s.give(old, n)
		}
		return n
	})
}

// sumFrame is the frame of a sum of numbers that are not rounded coarsely.
func sumFrame(n *graph.Node) (fuse.Frame, bool) {
	if n.Op != graph.OpReduceSum || !n.DType.IsFloat() || n.DType == graph.BF16 {
		return fuse.Frame{}, false
	}
	return fuse.FrameOf(n)
}

// factored is a sum with the factors of channels behind it.
func factored(n *graph.Node) *graph.Node {
	f, ok := sumFrame(n)
	if !ok {
		return n
	}
	rest, factors := withoutFactors(n.Inputs[0], f)
	if len(factors) == 0 {
		return n
	}
	sum := graph.ReduceSum(rest, n.Attr.(graph.Axes)...)
	for _, x := range factors {
		channels := x.Shape.Size()
		sum = graph.Mul(graph.Reshape(sum, graph.Shape{sum.Shape.Size() / channels, channels}), graph.Reshape(x, graph.Shape{channels}))
	}
	return graph.Reshape(sum, n.Shape)
}

// withoutFactors splits a product into the factors that are the same for all that
// is added up, and what is left.
func withoutFactors(x *graph.Node, f fuse.Frame) (rest *graph.Node, factors []*graph.Node) {
	switch x.Op {
	case graph.OpReshape:
		if rest, factors = withoutFactors(x.Inputs[0], f); len(factors) > 0 {
			return graph.Reshape(rest, x.Shape), factors
		}
	case graph.OpMul:
		for i, a := range x.Inputs {
			if a = fuse.Source(a); a.Op == graph.OpBroadcast && isOfChannels(f, fuse.BroadcastPattern(a.Inputs[0].Shape, a.Shape)) {
				rest, factors = withoutFactors(x.Inputs[1-i], f)
				return rest, append(factors, a.Inputs[0])
			}
		}
		left, factors := withoutFactors(x.Inputs[0], f)
		right, more := withoutFactors(x.Inputs[1], f)
		if factors = append(factors, more...); len(factors) > 0 {
			return graph.Mul(left, right), factors
		}
	}
	return x, nil
}

// isOfChannels says that p repeats a vector along what a reduction keeps as its
// innermost axes.
func isOfChannels(f fuse.Frame, p fuse.Pattern) bool {
	return len(p) == 2 && p[0].Stride == 0 && p[1].Stride == 1 && f.Inner%p[1].Extent == 0
}

// sums are sums of the same value; frame is that of the shortest.
type sums struct {
	value *graph.Node
	frame fuse.Frame
	of    []*graph.Node
	made  *graph.Node // the shortest in the program that is written, [Outer, 1, Inner]
}

// sharedSums finds, for each sum of p, those that it shares a pass with.
func sharedSums(p *graph.Program) map[*graph.Node]*sums {
	var all []*sums
	for _, n := range p.Nodes {
		f, ok := sumFrame(n)
		if !ok || f.Reduced < fuse.Fewest {
			continue
		}
		i := slices.IndexFunc(all, func(s *sums) bool {
			return s.frame.Inner == f.Inner && (s.frame.Outer%f.Outer == 0 || f.Outer%s.frame.Outer == 0) && equalProducts(s.value, n.Inputs[0])
		})
		if i < 0 {
			i, all = len(all), append(all, &sums{value: n.Inputs[0], frame: f})
		}
		s := all[i]
		s.of = append(s.of, n)
		if f.Outer > s.frame.Outer {
			s.frame = f
		}
	}
	shared := map[*graph.Node]*sums{}
	for _, s := range all {
		if len(s.of) > 1 {
			for _, n := range s.of {
				shared[n] = s
			}
		}
	}
	return shared
}

// equalProducts says that x and y have the same elements in the same order: they
// are one value, or products of such.
func equalProducts(x, y *graph.Node) bool {
	x, y = fuse.Source(x), fuse.Source(y)
	return x == y || x.Op == graph.OpMul && y.Op == graph.OpMul && x.DType == y.DType && x.Shape.Size() == y.Shape.Size() &&
		equalProducts(x.Inputs[0], y.Inputs[0]) && equalProducts(x.Inputs[1], y.Inputs[1])
}

// give is the sum `old` in the program that is written, where n stands for it.
func (s *sums) give(old, n *graph.Node) *graph.Node {
	if s.made == nil {
		s.made = graph.ReduceSum(graph.Reshape(n.Inputs[0], graph.Shape{s.frame.Outer, s.frame.Reduced, s.frame.Inner}), 1)
	}
	f, _ := fuse.FrameOf(old)
	parts := graph.Reshape(s.made, graph.Shape{f.Outer, s.frame.Outer / f.Outer, f.Inner})
	return graph.Reshape(graph.ReduceSum(parts, 1), old.Shape)
}
