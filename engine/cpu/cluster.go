package cpu

import (
	"slices"

	"unsafe"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/device"
	"ganengine/engine/fuse"
	"ganengine/engine/philox"
	"ganengine/engine/plan"
)

// clusterStep is a lowered cluster.
type clusterStep struct {
	code *code
	work int // nanoseconds on one worker, roughly
}

// cluster lowers a cluster of the schedule.
func (l *lowering) cluster(k *fuse.Kernel, p plan.Step) error {
	c, err := l.compile(k.Cluster)
	if err != nil {
		return err
	}
	st := &clusterStep{code: c, work: int(c.nanoseconds())}
	l.lowered.work += st.work
	p.Scratch = c.partialBytes()
	p.Aliases = l.aliases(k.Cluster, c, p)
	kind := "elementwise"
	if len(c.folds) > 0 {
		kind = "reduction"
	}
	l.add(st, device.Cost{Kind: kind, Bytes: l.Bytes(p), Flops: int64(len(c.instrs)) * int64(c.size)}, p)
	return nil
}

// nanoseconds is a rough guess of the work on one worker.
func (c *code) nanoseconds() float64 {
	each := 0.
	for _, in := range c.instrs {
		switch {
		case in.op == opDraw:
			each += 4
		case in.op == opUnary && vec.UnaryOp(in.code) >= vec.Exp:
			each += 1
		case in.op == opFormula || in.op == opInteger || in.wide:
			each += 1
		default:
			each += .15
		}
	}
	return each * float64(c.size)
}

// aliases are the values that may be written in place of one that is read, but
// for those that a store takes straight from there.
func (l *lowering) aliases(c *fuse.Cluster, k *code, p plan.Step) []plan.Alias {
	return slices.DeleteFunc(l.InPlace(c, p), func(a plan.Alias) bool { return k.storesView(p.Reads[a.Read]) })
}

// storesView says that a store takes its register straight from value v.
func (c *code) storesView(v int) bool {
	for _, st := range c.stores {
		for _, l := range c.loads {
			if l.when == asView && l.value == v && l.wide == st.wide && l.reg == st.reg {
				return true
			}
		}
	}
	return false
}

// clusterKernel is a cluster at its addresses.
type clusterKernel struct {
	*code
	allotment
	x        *executable
	work     int
	partials unsafe.Pointer // float64 [folds][outer][pieces][inner]
	id       uint64         // of the run at hand

	// What a run finds before its first tile.
	narrow []float32 // scalars
	wide   []float64
	from   []unsafe.Pointer // of loads
	to     []unsafe.Pointer // of stores; nil where the predicate does not hold
	seeds  []seeding
}

// seeding is a drawing's key and run number, or its rows' seeds.
type seeding struct {
	row   philox.Row
	seeds unsafe.Pointer
}

func (s *clusterStep) bind(x *executable, i int) (kernel, error) {
	c := s.code
	k := &clusterKernel{code: c, x: x, work: s.work, partials: x.scratch[i],
		narrow: make([]float32, len(c.scalars)), wide: make([]float64, len(c.scalars)),
		from: make([]unsafe.Pointer, len(c.loads)), to: make([]unsafe.Pointer, len(c.stores)), seeds: make([]seeding, len(c.draws))}
	k.allotment = allot(c, func(v int) unsafe.Pointer { return x.addr[v] })
	for _, w := range x.workers {
		w.narrow.grow(len(c.regs[0]), k.buffers[0])
		w.wide.grow(len(c.regs[1]), k.buffers[1])
		if len(w.slabs) < len(c.loads) {
			w.slabs = make([]int, len(c.loads))
		}
	}
	return k, nil
}

// run implements kernel.
func (k *clusterKernel) run() error {
	if !k.prepare() {
		return nil
	}
	k.x.runs++
	k.id = k.x.runs
	if k.work < k.x.pool.Worth() {
		for i := range k.grid.chunks {
			k.chunk(0, i)
		}
	} else {
		k.x.pool.run(k, k.grid.chunks)
	}
	if k.grid.pieces > 1 {
		for f := range k.folds {
			k.finish(&k.folds[f], f, 0, k.grid.outer, 0, k.grid.inner)
		}
	}
	return nil
}

// prepare reads what is the same for all tiles; false if nothing is stored.
func (k *clusterKernel) prepare() bool {
	addr := k.x.addr
	stored := len(k.folds) > 0
	for i, st := range k.stores {
		k.to[i] = addr[st.value]
		if st.when >= 0 && *(*uint8)(addr[st.when]) == 0 {
			k.to[i] = nil
		}
		stored = stored || k.to[i] != nil
	}
	if !stored {
		return false
	}
	for i, s := range k.scalars {
		v := s.constant
		if s.value >= 0 {
			v = get(s.dtype, addr[s.value], 0)
		}
		k.narrow[i], k.wide[i] = float32(v), v
	}
	for i, l := range k.loads {
		if l.scalar < 0 {
			k.from[i] = addr[l.value]
		}
	}
	for i, d := range k.draws {
		k.seeds[i] = seeding{seeds: addr[d.seed]}
		if !d.perRow {
			s := span[uint32](addr[d.seed], 0, 2)
			k.seeds[i].row = philox.Row{Key: philox.StreamKey(uint64(s[0])|uint64(s[1])<<32, d.hash), Run: uint64(*at[uint32](addr[d.run], 0))}
		}
	}
	return true
}

// chunk implements task.
func (k *clusterKernel) chunk(worker, i int) {
	w := k.x.workers[worker]
	if w.run != k.id {
		k.begin(w)
	}
	g := &k.grid
	slab := g.reduced * g.inner
	switch {
	case g.columns > 0:
		o, block := i/g.columns, i%g.columns
		col := block * g.width
		n := min(g.width, g.inner-col)
		k.clear(o, o+1, 0, col, col+n)
		for r := range g.reduced {
			k.tile(w, o*slab+r*g.inner+col, n, tilePlace{o, 1, 0, col, g.inner})
		}
		k.finishPart(o, o+1, col, col+n)
	case g.pieces > 1:
		o, piece := i/g.pieces, i%g.pieces
		k.clear(o, o+1, piece, 0, g.inner)
		first := piece * g.rowsPer
		k.rows(w, o, piece, first, min(first+g.rowsPer, g.reduced))
	default:
		o, end := i*g.perChunk, min((i+1)*g.perChunk, g.outer)
		k.clear(o, end, 0, 0, g.inner)
		for s := o; s < end; {
			if slab > g.tile {
				k.rows(w, s, 0, 0, g.reduced)
				s++
				continue
			}
			n := min(g.tile/slab, end-s)
			k.tile(w, s*slab, n*slab, tilePlace{s, n, 0, 0, n * slab})
			s += n
		}
		k.finishPart(o, end, 0, g.inner)
	}
}

// rows does rows r to end of slab o.
func (k *clusterKernel) rows(w *worker, o, piece, r, end int) {
	g := &k.grid
	slab := g.reduced * g.inner
	if g.inner <= g.tile {
		for per := g.tile / g.inner; r < end; r += per {
			n := min(per, end-r) * g.inner
			k.tile(w, o*slab+r*g.inner, n, tilePlace{o, 1, piece, 0, n})
		}
		return
	}
	for ; r < end; r++ {
		for col := 0; col < g.inner; col += g.tile {
			n := min(g.tile, g.inner-col)
			k.tile(w, o*slab+r*g.inner+col, n, tilePlace{o, 1, piece, col, n})
		}
	}
}

// begin loads the registers that stay the same for a whole run.
func (k *clusterKernel) begin(w *worker) {
	w.run = k.id
	for i := range k.loads {
		l := &k.loads[i]
		w.slabs[i] = -1
		switch {
		case l.when != eachRun:
		case l.wide:
			b := w.wide.buffers[k.slots[1][l.reg].buffer]
			if l.scalar >= 0 {
				vec.Fill(b, k.wide[l.scalar])
			} else {
				fill(k.x.ops64, b[:min(k.grid.tile, k.size)], l, k.from[i], 0)
			}
		default:
			b := w.narrow.buffers[k.slots[0][l.reg].buffer]
			if l.scalar >= 0 {
				vec.Fill(b, k.narrow[l.scalar])
			} else {
				fill(k.x.ops32, b[:min(k.grid.tile, k.size)], l, k.from[i], 0)
			}
		}
	}
}
