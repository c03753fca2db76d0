package emit

import (
	"slices"

	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/kernels"
)

// Unit is a kernel of a schedule, and what its last stage does besides: Then (nil:
// nothing) is a cluster over a reduction's results, such as a mean and a standard
// deviation from two sums. The thread that has a result computes it at once. Spread
// (nil: nothing) is a sum of squared distances from the mean that Then computes.
type Unit struct {
	Kernel *fuse.Kernel
	Then   *fuse.Cluster
	Spread *Unit
}

// Kernels are the unit's kernels, in order.
func (u Unit) Kernels() []*fuse.Kernel {
	kernels := []*fuse.Kernel{u.Kernel}
	if u.Then != nil {
		kernels = append(kernels, &fuse.Kernel{Cluster: u.Then})
	}
	if u.Spread != nil {
		kernels = append(kernels, u.Spread.Kernels()...)
	}
	return kernels
}

// Bounds of what shares a launch: parameters take 8 bytes each of 4 KiB.
const (
	maxUnits    = 32
	maxPointers = 480
)

// Claims says that package kernels has what computes this composite.
func Claims(n *graph.Node) bool {
	_, ok := n.Attr.(graph.FIR)
	return ok && Resampling(n).Fits()
}

// Resampling is a Resample as package kernels has it.
func Resampling(n *graph.Node) kernels.Resampling {
	f, x, y := n.Attr.(graph.FIR), n.Inputs[0].Shape, n.Shape
	return kernels.Resampling{N: x[0], H: x[1], W: x[2], C: x[3], P: y[1], Q: y[2], Up: f.Up, Down: f.Down, Pad: f.Low, Taps: f.Taps}
}

// Arrange puts kernels of a schedule together, in their order: each result's
// cluster behind the reduction, and neighbours that do not depend on each other
// in one group. Kernels that are alone stay so.
func Arrange(kernels []*fuse.Kernel, alone func(*fuse.Kernel) bool) [][]Unit {
	kernels = slices.Clone(kernels)
	var groups [][]Unit
	var group effects
	for i := 0; i < len(kernels); i++ {
		u := Unit{Kernel: kernels[i]}
		if alone(u.Kernel) {
			groups, group = append(groups, []Unit{u}), effects{}
			continue
		}
		i += u.takeThen(u, kernels[i+1:])
		if i+1 < len(kernels) && isSpread(u, kernels[i+1]) {
			i++
			u.Spread = &Unit{Kernel: kernels[i]}
			i += u.Spread.takeThen(u, kernels[i+1:])
		}
		own := effectsOf(u)
		if last := len(groups) - 1; last >= 0 && group.admits(own, len(groups[last])) {
			groups[last] = append(groups[last], u)
			group.add(own)
			continue
		}
		groups, group = append(groups, []Unit{u}), own
	}
	return groups
}

// takeThen takes what comes next and can be computed where all has its results; u is
// all, or its last part. It answers how many kernels are done with: one that
// reduces besides is left as a reduction.
func (u *Unit) takeThen(all Unit, next []*fuse.Kernel) int {
	if len(next) == 0 {
		return 0
	}
	k := next[0]
	if all.precedes(k) {
		u.Then = k.Cluster
		return 1
	}
	if k.Cluster == nil || len(k.Cluster.Stores) == 0 || slices.ContainsFunc(k.Cluster.Stores, func(s fuse.Store) bool { return s.Var != nil }) {
		return 0
	}
	stores, reduces := k.Cluster.Split()
	if len(reduces.Reduces) > 0 && all.precedes(&fuse.Kernel{Cluster: stores}) {
		u.Then, next[0] = stores, &fuse.Kernel{Cluster: reduces}
	}
	return 0
}

// precedes says whether k is over the results of u, a reduction, and of what u
// computes reads nothing but the results at its index. What u reads must not be
// overwritten while other blocks are at it.
func (u Unit) precedes(k *fuse.Kernel) bool {
	r := u.Kernel.Cluster
	if r == nil || len(r.Reduces) == 0 || k.Cluster == nil || len(k.Cluster.Reduces) > 0 || k.Cluster.Size != r.Frame.Outer*r.Frame.Inner {
		return false
	}
	first, second := effectsOf(u), effectsOf(Unit{Kernel: k})
	for _, e := range k.Cluster.Exprs {
		if e.Load != nil && first.writes[storage(e.Load.Source)] && !(e.Load.Source.Op != graph.OpRead && e.Load.Pattern.Identity()) {
			return false
		}
		if e.Load == nil && e.Node.Op.Info().Class == graph.Draw {
			return false
		}
	}
	for _, st := range k.Cluster.Stores {
		if st.When != nil && first.writes[storage(st.When)] {
			return false
		}
	}
	return !meet(first.reads, second.writes) && !meet(first.writes, second.writes)
}

// effects is what memory units read and write: nodes' values and Variables.
type effects struct {
	reads, writes map[any]bool
	pointers      int
}

// storage is what holds a value: a Variable for its value at program start.
func storage(n *graph.Node) any {
	if n.Op == graph.OpRead {
		return n.Var()
	}
	return n
}

func effectsOf(u Unit) effects {
	f := effects{reads: map[any]bool{}, writes: map[any]bool{}}
	for _, k := range u.Kernels() {
		for _, n := range k.Reads() {
			f.reads[storage(n)] = true
		}
		for _, n := range k.Writes() {
			f.writes[storage(n)] = true
		}
		if k.Cluster == nil {
			continue
		}
		for _, st := range k.Cluster.Stores {
			if st.Var != nil {
				f.writes[st.Var] = true
			}
		}
		f.pointers += len(k.Cluster.Reduces) // of parts in scratch memory
	}
	f.pointers += len(f.reads) + len(f.writes)
	return f
}

// admits says whether a unit may join a group of n.
func (f *effects) admits(u effects, n int) bool {
	return f.reads != nil && n < maxUnits && f.pointers+u.pointers <= maxPointers &&
		!meet(f.writes, u.reads) && !meet(f.reads, u.writes) && !meet(f.writes, u.writes)
}

func (f *effects) add(u effects) {
	for k := range u.reads {
		f.reads[k] = true
	}
	for k := range u.writes {
		f.writes[k] = true
	}
	f.pointers += u.pointers
}

func meet(a, b map[any]bool) bool {
	for k := range a {
		if b[k] {
			return true
		}
	}
	return false
}
