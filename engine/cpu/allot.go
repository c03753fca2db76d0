package cpu

import "unsafe"

// slot is where a register of a bound cluster is found in each tile: in a
// buffer of the worker's, in the memory of a load, or in that of a store.
type slot struct {
	buffer int // -1: memory alone
	load   int // -1: no view of a load
	store  int // -1: no store writes straight to memory
}

// allotment maps registers to memory and few buffers.
type allotment struct {
	slots   [2][]slot
	buffers [2]int // how many of each width
}

// allot gives each register of c its slot. base answers where a value is; two
// values at one address are one written in place of the other.
func allot(c *code, base func(value int) unsafe.Pointer) allotment {
	a := allotment{}
	var first, last [2][]int
	for w, regs := range c.regs {
		a.slots[w] = make([]slot, len(regs))
		for i := range regs {
			a.slots[w][i] = slot{-1, -1, -1}
			first[w], last[w] = append(first[w], len(c.instrs)), append(last[w], -1)
		}
	}
	for i, in := range c.instrs {
		if w := width(in.wide); in.op < opStore {
			first[w][in.dst], last[w][in.dst] = min(first[w][in.dst], i), max(last[w][in.dst], i)
		}
		regs, wide := in.sources()
		for _, r := range regs {
			if r >= 0 {
				last[width(wide)][r] = max(last[width(wide)][r], i)
			}
		}
	}
	for i, l := range c.loads {
		if l.when == asView {
			a.slots[width(l.wide)][l.reg].load = i
		}
	}
	for i := range c.stores {
		if st := &c.stores[i]; mayWriteDirectly(c, st, base, last) && a.slots[width(st.wide)][st.reg].store < 0 {
			a.slots[width(st.wide)][st.reg].store = i
		}
	}
	for w := range c.regs {
		a.share(c, w, first[w], last[w])
	}
	return a
}

// mayWriteDirectly says whether the instruction that computes a stored value
// may write it to memory: nothing later reads what lay there before.
func mayWriteDirectly(c *code, st *storing, base func(int) unsafe.Pointer, last [2][]int) bool {
	if st.from < 0 {
		return false
	}
	to := base(st.value)
	for _, l := range c.loads {
		if l.scalar >= 0 || base(l.value) != to {
			continue
		}
		if l.when != asView || last[width(l.wide)][l.reg] > st.from {
			return false
		}
	}
	return true
}

// share gives buffers to the registers of one width; one that is used no more
// passes its buffer on.
func (a *allotment) share(c *code, w int, first, last []int) {
	var free []int
	take := func() int {
		if n := len(free); n > 0 {
			b := free[n-1]
			free = free[:n-1]
			return b
		}
		a.buffers[w]++
		return a.buffers[w] - 1
	}
	for r, reg := range c.regs[w] {
		if s := &a.slots[w][r]; reg.pinned || s.store >= 0 { // a store that its predicate forbids needs one too
			s.buffer = a.buffers[w]
			a.buffers[w]++
		}
	}
	for i := range c.instrs {
		for r := range c.regs[w] {
			if s := &a.slots[w][r]; first[r] == i && s.buffer < 0 && !c.regs[w][r].view {
				s.buffer = take()
			}
		}
		for r := range c.regs[w] {
			if s := a.slots[w][r]; last[r] == i && first[r] <= i && s.buffer >= 0 && !c.regs[w][r].pinned && s.store < 0 {
				free = append(free, s.buffer)
			}
		}
	}
}
