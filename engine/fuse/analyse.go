package fuse

import (
	"slices"

	"ganengine/engine/graph"
)

// leaf is a value in memory that an expression needs, and how it is loaded.
type leaf struct {
	source  *graph.Node
	pattern Pattern
}

func (l leaf) equal(m leaf) bool { return l.source == m.source && l.pattern.Equal(m.pattern) }

// info is what the scheduler knows of one node.
type info struct {
	inline bool    // computed again wherever a cluster needs it
	cost   int     // of computing it again, in simple operations per element
	weight float64 // operands in memory, in multiples of its own size
	leaves []leaf  // those operands
	root   bool    // something other than a cluster's same index needs it in memory
	late   bool    // only updates depend on it
	whens  []*graph.Node
	home   *kern // the kernel that computes it
}

// Limits of what is computed again: about one batch norm with its activation,
// and one more full-size operand than the value itself would be.
const (
	costLimit   = 12
	weightLimit = 2.25
	lightWeight = 1. / 8 // operands this small are as good as none
)

// opCost is the price of an operator that clusters compute; more than costLimit where it
// is never paid twice.
func opCost(n *graph.Node) int {
	switch r := n.Op.Info(); {
	case r.Class == graph.Draw || r.Arithmetic == graph.Approximate:
		return costLimit + 1
	case r.Arithmetic == graph.Iterated:
		return 4
	}
	return 1
}

// analyse fills in what each node costs and who needs it where.
func (s *scheduler) analyse() {
	for _, n := range s.p.Nodes {
		s.infos[n] = &info{}
	}
	for _, n := range s.p.Nodes {
		if isFusible(n) && !isView(n) {
			s.measure(n)
		}
	}
	s.markRoots()
	s.markLate()
}

// measure computes cost, leaves and weight of a fusible node.
func (s *scheduler) measure(n *graph.Node) {
	in := s.infos[n]
	size := float64(n.Shape.Size())
	switch {
	case n.Op == graph.OpConst:
	case n.Op == graph.OpBroadcast:
		if x := Source(n.Inputs[0]); x.Op != graph.OpConst {
			in.leaves = []leaf{{x, BroadcastPattern(n.Inputs[0].Shape, n.Shape)}}
		}
	case n.Op.Info().Class == graph.Draw:
		in.cost = opCost(n)
		for _, x := range n.Inputs {
			in.leaves = append(in.leaves, leaf{Source(x), Pattern{{n.Shape.Size(), 0}}})
		}
	default:
		in.cost = opCost(n)
		for _, x := range n.Inputs {
			cost, leaves := s.operand(Source(x))
			in.cost += cost
			for _, l := range leaves {
				if !slices.ContainsFunc(in.leaves, l.equal) {
					in.leaves = append(in.leaves, l)
				}
			}
		}
	}
	for _, l := range in.leaves {
		in.weight += float64(l.source.Shape.Size()) / size
	}
	in.inline = in.cost <= costLimit && in.weight <= weightLimit
	if s.opt.NoFuse {
		in.inline = n.Op == graph.OpConst
	}
}

// operand is what a use of x at the same index costs and loads.
func (s *scheduler) operand(x *graph.Node) (cost int, leaves []leaf) {
	if in := s.infos[x]; in.inline {
		return in.cost, in.leaves
	}
	return 0, []leaf{{x, identity(x.Shape.Size())}}
}

// leavesOf is what a cluster has to load to have x at its own index.
func (s *scheduler) leavesOf(x *graph.Node) []leaf {
	x = Source(x)
	if in := s.infos[x]; in.inline {
		return in.leaves
	}
	return []leaf{{x, identity(x.Shape.Size())}}
}

// markRoots marks what must lie in memory whatever the clusters are.
func (s *scheduler) markRoots() {
	root := func(n *graph.Node) {
		if n != nil {
			s.infos[Source(n)].root = true
		}
	}
	for _, n := range s.p.Nodes {
		if isOpaque(n) || n.Op.Info().Class == graph.Draw {
			for _, x := range n.Inputs {
				root(x)
			}
		}
		if n.Op == graph.OpBroadcast && !isView(n) && Source(n.Inputs[0]).Op != graph.OpConst {
			root(n.Inputs[0])
		}
	}
	for _, o := range s.p.Outputs {
		root(o.Value)
	}
	for _, u := range s.p.Updates {
		root(u.When)
	}
}

// markLate finds what only updates depend on. It is computed after the
// conditions of those updates, so that it can go straight to the Variables.
func (s *scheduler) markLate() {
	early := map[*graph.Node]bool{}
	for _, o := range s.p.Outputs {
		early[o.Value] = true
	}
	for _, u := range s.p.Updates {
		if u.When != nil {
			early[u.When] = true
			s.addWhen(u.Value, u.When)
		}
	}
	for _, n := range slices.Backward(s.p.Nodes) {
		if early[n] || isOpaque(n) {
			for _, x := range n.Inputs {
				early[x] = true
			}
			continue
		}
		s.infos[n].late = true
		for _, x := range n.Inputs {
			for _, w := range s.infos[n].whens {
				s.addWhen(x, w)
			}
		}
	}
}

func (s *scheduler) addWhen(n, when *graph.Node) {
	in := s.infos[n]
	if when = Source(when); !slices.Contains(in.whens, when) {
		in.whens = append(in.whens, when)
	}
}
