package fuse

import (
	"slices"

	"ganengine/engine/graph"
)

// kern is a kernel while the schedule is made.
type kern struct {
	node    *graph.Node // a single operator, or nil
	size    int         // the domain of a cluster
	items   []*graph.Node
	updates []graph.Update
	frame   Frame
	before  []*kern        // needed complete before this kernel starts
	same    []*kern        // needed at the same index only, so that they could be merged
	users   map[*kern]bool // kernels that have this one in before or same
	pos     int
}

type scheduler struct {
	p     *graph.Program
	opt   Options
	infos map[*graph.Node]*info
	list  []*kern
	// readers lists the clusters that load all of a value in order.
	readers map[*graph.Node][]*kern
}

func newScheduler(p *graph.Program, opt Options) *scheduler {
	return &scheduler{p: p, opt: opt, infos: map[*graph.Node]*info{}, readers: map[*graph.Node][]*kern{}}
}

// item is what is placed next: a node, or an update of a Variable.
type item struct {
	node   *graph.Node
	update *graph.Update
	size   int
	frame  Frame
	leaves []leaf
	before []*graph.Node // must be complete
}

// arrange gives each node that is not computed inline to a kernel.
func (s *scheduler) arrange() {
	for _, late := range []bool{false, true} {
		for _, n := range s.p.Nodes {
			if s.infos[n].late != late || isView(n) {
				continue
			}
			switch in := s.infos[n]; {
			case isOpaque(n):
				s.single(n)
			case isEpilogue(n):
				s.place(s.reduceItem(n))
			case isFusible(n) && (in.root || !in.inline):
				s.place(item{node: n, size: n.Shape.Size(), leaves: in.leaves})
			}
		}
	}
	for i := range s.p.Updates {
		u := &s.p.Updates[i]
		it := item{update: u, size: u.Var.Shape.Size(), leaves: s.leavesOf(u.Value)}
		if u.When != nil {
			it.before = []*graph.Node{Source(u.When)}
		}
		s.place(it)
	}
}

func (s *scheduler) reduceItem(n *graph.Node) item {
	f, _ := FrameOf(n)
	return item{node: n, size: n.Inputs[0].Shape.Size(), frame: f, leaves: s.leavesOf(n.Inputs[0])}
}

// single makes a kernel of one operator.
func (s *scheduler) single(n *graph.Node) {
	k := s.append(&kern{node: n})
	s.infos[n].home = k
	for _, x := range n.Inputs {
		if d := s.infos[Source(x)].home; d != nil {
			k.need(d, false)
		}
	}
}

func (s *scheduler) append(k *kern) *kern {
	k.users, k.pos = map[*kern]bool{}, len(s.list)
	s.list = append(s.list, k)
	return k
}

// need notes that k comes after d.
func (k *kern) need(d *kern, same bool) {
	list := &k.before
	if same {
		list = &k.same
	}
	if !slices.Contains(*list, d) {
		*list = append(*list, d)
	}
	d.users[k] = true
}

// needs splits the kernels that an item depends on into those that must be
// complete and those needed at the same index.
func (s *scheduler) needs(it item) (before, same []*kern) {
	add := func(list []*kern, k *kern) []*kern {
		if k == nil || slices.Contains(list, k) {
			return list
		}
		return append(list, k)
	}
	for _, l := range it.leaves {
		h := s.infos[l.source].home
		if l.pattern.Identity() && isFusible(l.source) {
			same = add(same, h)
		} else {
			before = add(before, h)
		}
	}
	for _, n := range it.before {
		before = add(before, s.infos[n].home)
	}
	if it.node != nil && s.infos[it.node].late {
		for _, w := range s.infos[it.node].whens {
			before = add(before, s.infos[w].home)
		}
	}
	return before, same
}

// place puts an item into the latest cluster that can take it, or a new one.
func (s *scheduler) place(it item) {
	before, same := s.needs(it)
	var k *kern
	if !s.opt.NoFuse {
		for _, c := range s.candidates(it, same) {
			if s.fits(c, it, before, same) {
				k = c
				break
			}
		}
	}
	if k == nil {
		k = s.append(&kern{size: it.size})
	} else {
		s.moveAfter(k, slices.Concat(before, same))
	}
	k.take(it)
	for _, d := range before {
		k.need(d, false)
	}
	for _, d := range same {
		if d != k {
			k.need(d, true)
		}
	}
	if it.node != nil {
		s.infos[it.node].home = k
	}
	for _, l := range it.leaves {
		if l.pattern.Identity() && !slices.Contains(s.readers[l.source], k) {
			s.readers[l.source] = append(s.readers[l.source], k)
		}
	}
	if !s.opt.NoFuse {
		for _, d := range same {
			s.merge(d, k)
		}
	}
}

func (k *kern) take(it item) {
	if it.update != nil {
		k.updates = append(k.updates, *it.update)
	} else {
		k.items = append(k.items, it.node)
	}
	if it.frame != (Frame{}) {
		k.frame = it.frame
	}
}

// near is how many kernels back an item looks for company: joining an old
// cluster would keep the item's value in memory all the while.
const near = 24

// candidates lists clusters that share an operand with the item, or compute
// one, latest first; for a small domain all clusters nearby of that size.
func (s *scheduler) candidates(it item, same []*kern) []*kern {
	list := slices.Clone(same)
	add := func(k *kern) {
		if !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	for _, l := range it.leaves {
		if l.pattern.Identity() {
			for _, k := range s.readers[l.source] {
				add(k)
			}
		}
	}
	if it.size <= small {
		for _, k := range s.list[max(0, len(s.list)-near):] {
			add(k)
		}
	}
	list = slices.DeleteFunc(list, func(k *kern) bool {
		return k.node != nil || k.size != it.size || len(k.users) > 0 && k.pos < len(s.list)-near && it.size > small
	})
	slices.SortFunc(list, func(a, b *kern) int { return b.pos - a.pos })
	return list
}

// fits says whether cluster k can take the item: nothing that the item needs
// complete is computed in k, and k, moved behind what the item needs, still
// stands before all that need k.
func (s *scheduler) fits(k *kern, it item, before, same []*kern) bool {
	if slices.Contains(before, k) || !agree(k.frame, it.frame) {
		return false
	}
	last := -1
	for _, d := range slices.Concat(before, same) {
		if d != k {
			last = max(last, d.pos)
		}
	}
	return last < k.pos || last < k.firstUser(nil)
}

// agree says whether two reductions can share a pass.
func agree(a, b Frame) bool { return a == b || a == Frame{} || b == Frame{} }

// firstUser is the place of the first kernel but except that needs k.
func (k *kern) firstUser(except *kern) int {
	first := int(^uint(0) >> 1)
	for u := range k.users {
		if u != except {
			first = min(first, u.pos)
		}
	}
	return first
}

// moveAfter moves k behind the last of ks, if it is not there already.
func (s *scheduler) moveAfter(k *kern, ks []*kern) {
	last := k.pos
	for _, d := range ks {
		last = max(last, d.pos)
	}
	for i := k.pos; i < last; i++ {
		s.list[i] = s.list[i+1]
		s.list[i].pos = i
	}
	s.list[last] = k
	k.pos = last
}

// merge moves all of d into k, which needs d at the same index only, unless
// something between them needs d.
func (s *scheduler) merge(d, k *kern) {
	if d == k || d.node != nil || slices.Contains(k.before, d) || !agree(d.frame, k.frame) || d.firstUser(k) < k.pos {
		return
	}
	k.items = append(d.items, k.items...)
	k.updates = append(d.updates, k.updates...)
	if k.frame == (Frame{}) {
		k.frame = d.frame
	}
	for _, n := range d.items {
		s.infos[n].home = k
	}
	gone := func(x *kern) bool { return x == d }
	k.same = slices.DeleteFunc(k.same, gone)
	for _, x := range d.before {
		delete(x.users, d)
		k.need(x, false)
	}
	for _, x := range d.same {
		delete(x.users, d)
		k.need(x, true)
	}
	for u := range d.users {
		for _, list := range []*[]*kern{&u.before, &u.same} {
			if i := slices.Index(*list, d); i >= 0 && u != k {
				*list = slices.Delete(*list, i, i+1)
				u.need(k, list == &u.same)
			}
		}
	}
	for _, list := range s.readers {
		if i := slices.Index(list, d); i >= 0 {
			list[i] = k
		}
	}
	s.list = slices.Delete(s.list, d.pos, d.pos+1)
	for i := d.pos; i < len(s.list); i++ {
		s.list[i].pos = i
	}
}
