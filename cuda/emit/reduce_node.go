package emit

import (
	"slices"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// fewTerms is up to how many elements one thread folds: what no cluster takes
// because the results would be nearly as many as the elements.
const fewTerms = 16

// scattered is a reduction over any axes: a thread for each result where few
// elements are folded, otherwise a warp or a block, or several blocks.
func scattered(n *graph.Node) *builder {
	x := n.Inputs[0]
	reduced := map[int]bool{}
	for _, a := range n.Attr.(graph.Axes) {
		reduced[a] = true
	}
	var kept, folded []axis
	terms, results, out := x.Shape.Size()/n.Shape.Size(), n.Shape.Size(), n.Shape.Strides()
	for a, stride := range x.Shape.Strides() {
		if reduced[a] {
			folded = append(folded, axis{x.Shape[a], stride, 0})
		} else {
			kept = append(kept, axis{x.Shape[a], stride, out[a]})
		}
	}
	kept, folded = merge(kept), merge(folded)
	if terms <= fewTerms {
		return unrolled(n, kept, folded)
	}
	b := newBuilder()
	return b.lines([]*graph.Node{n}, results, terms, 1, func(result reg) (elements func(at reg) func() [][]reg, loads int) {
		start, _ := b.places(kept, result, 0, 0)
		return func(at reg) func() [][]reg {
			offset, _ := b.places(folded, at, 0, 0)
			from := b.address(Pointer{Value: fuse.Source(x)}, b.op(b32, "add.u32", start, offset), x.DType.Size())
			values := [][]reg{b.loadRun(x.DType, from, 1)}
			return func() [][]reg { return values }
		}, 1
	}, nil)
}

// unrolled is a reduction of a few elements each: a thread folds those of one
// result, or of some neighbouring ones where their elements are neighbours too.
func unrolled(n *graph.Node, kept, folded []axis) *builder {
	x := n.Inputs[0]
	offsets := []int{0}
	for _, a := range folded {
		var next []int
		for _, o := range offsets {
			for i := range a.extent {
				next = append(next, o+i*a.from)
			}
		}
		offsets = next
	}
	run := 16 / max(4, n.DType.Size())
	for run > 1 && (!divides(kept, 0, 0, run) || slices.ContainsFunc(folded, func(a axis) bool { return a.from%run != 0 })) {
		run /= 2
	}
	b := newBuilder()
	folds := b.foldsOf([]*graph.Node{n}, n.Shape.Size(), 1)
	at := b.thread()
	b.leaveIf(b.op(pred, "setp.ge.u32", at, n.Shape.Size()/run))
	start, _ := b.places(widen(kept, run), at, 0, 0)
	first := b.address(Pointer{Value: fuse.Source(x)}, start, run*x.DType.Size())
	acc := b.begin(folds, run)
	for _, o := range offsets {
		from := first
		if o > 0 {
			from = b.op(b64, "add.s64", first, o*x.DType.Size())
		}
		b.foldInto(folds, acc, [][]reg{b.loadRun(x.DType, from, run)})
	}
	b.keep(folds[0], acc[0], b.op(b32, "mul.lo.s32", at, run), false)
	return b.flat(n.Shape.Size() / run)
}
