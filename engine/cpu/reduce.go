package cpu

import (
	"ganengine/engine/cpu/vec"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
)

// reduceStep is a reduction that no cluster ends with: over axes that are no
// neighbours, or over few elements each. Each result is computed by itself.
type reduceStep struct {
	op       graph.Op
	from, to int // values
	dtype    graph.DType
	kept     []axis // of the results, row-major
	folded   []axis // what each result folds
	results  int
}

// axis is extent elements, stride apart in the operand.
type axis struct{ extent, stride int }

func (l *lowering) reduction(n *graph.Node) *reduceStep {
	x := n.Inputs[0]
	s := &reduceStep{op: n.Op, from: l.Value(fuse.Source(x)), to: l.Value(n), dtype: n.DType, results: n.Shape.Size()}
	reduced := map[int]bool{}
	for _, a := range n.Attr.(graph.Axes) {
		reduced[a] = true
	}
	for i, stride := range x.Shape.Strides() {
		switch a := (axis{x.Shape[i], stride}); {
		case a.extent == 1:
		case reduced[i]:
			s.folded = join(s.folded, a)
		default:
			s.kept = join(s.kept, a)
		}
	}
	return s
}

// join appends an axis, or widens the last one if both are one.
func join(axes []axis, a axis) []axis {
	if n := len(axes) - 1; n >= 0 && axes[n].stride == a.stride*a.extent {
		axes[n] = axis{axes[n].extent * a.extent, a.stride}
		return axes
	}
	return append(axes, a)
}

// offset is where element i of the axes lies.
func offset(axes []axis, i int) int {
	off := 0
	for k := len(axes) - 1; k >= 0; k-- {
		off += i % axes[k].extent * axes[k].stride
		i /= axes[k].extent
	}
	return off
}

// reduceKernel is a reduceStep at its addresses.
type reduceKernel struct {
	*reduceStep
	x     *executable
	folds int // elements of each result
	width int // results that are neighbours and whose operands are
}

func (s *reduceStep) bind(x *executable, _ int) (kernel, error) {
	k := &reduceKernel{reduceStep: s, x: x, folds: 1, width: 1}
	for _, a := range s.folded {
		k.folds *= a.extent
	}
	if n := len(s.kept) - 1; n >= 0 && s.kept[n].stride == 1 {
		k.width = s.kept[n].extent
	}
	return k, nil
}

// run implements kernel.
func (k *reduceKernel) run() error {
	k.x.pool.run(k, (k.results+reduceChunk-1)/reduceChunk)
	return nil
}

// reduceChunk is how many results a worker computes at once.
const reduceChunk = 4096

// chunk implements task.
func (k *reduceKernel) chunk(_, i int) {
	if isWide(k.dtype) {
		reduceResults(k, k.x.ops64, i)
	} else {
		reduceResults(k, k.x.ops32, i)
	}
}

func reduceResults[T vec.Float](k *reduceKernel, ops vec.Ops[T], chunk int) {
	const most = 256
	var acc [most]float64
	var row [most]T
	f := &folding{op: k.op}
	from, to := k.x.addr[k.from], k.x.addr[k.to]
	lo, hi := chunk*reduceChunk, min((chunk+1)*reduceChunk, k.results)
	for lo < hi {
		n := min(hi-lo, most, k.width-lo%k.width)
		vec.Fill(acc[:n], f.start())
		base := offset(k.kept, lo)
		for e := range k.folds {
			dense(ops, row[:n], k.dtype, from, base+offset(k.folded, e))
			foldColumns(ops, f, acc[:n], row[:n])
		}
		for i, v := range acc[:n] {
			put(k.dtype, to, lo+i, v)
		}
		lo += n
	}
}
