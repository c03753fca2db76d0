package cpu

import (
	"unsafe"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/philox"
)

// tilePlace says where a tile lies in the grid: in slabs slabs from outer on,
// or in one, in which it belongs to a piece and begins at column col of a row.
// The worker's next tile begins next elements behind this one.
type tilePlace struct{ outer, slabs, piece, col, next int }

// tile executes the code for elements lo to lo+n.
func (k *clusterKernel) tile(w *worker, lo, n int, p tilePlace) {
	seat(&w.narrow, k, k.slots[0], lo, n)
	seat(&w.wide, k, k.slots[1], lo, n)
	for i := range k.instrs {
		if k.ahead != nil {
			k.ask(k.ahead[i], lo+p.next)
		}
		switch in := &k.instrs[i]; in.op {
		case opLoad:
			if in.wide {
				loadTile(&w.wide, k.x.ops64, k, w, in, lo, n, p.outer)
			} else {
				loadTile(&w.narrow, k.x.ops32, k, w, in, lo, n, p.outer)
			}
		case opDraw:
			if in.wide {
				drawTile(k.x.random, w.wide.regs[in.dst], &k.draws[in.a], k.seeds[in.a], lo)
			} else {
				drawTile(k.x.random, w.narrow.regs[in.dst], &k.draws[in.a], k.seeds[in.a], lo)
			}
		case opWiden:
			vec.Convert(w.wide.regs[in.dst], w.narrow.regs[in.a])
		case opNarrow:
			vec.Convert(w.narrow.regs[in.dst], w.wide.regs[in.a])
		case opRound:
			w.round(k.x.ops32, w.narrow.regs[in.dst], w.narrow.regs[in.a])
		case opStore:
			k.store(w, in, lo)
		case opFold, opFoldProduct:
			if in.wide {
				foldTile(k, k.x.ops64, w.wide.regs, in, p)
			} else {
				foldTile(k, k.x.ops32, w.narrow.regs, in, p)
			}
		default:
			if in.wide {
				w.wide.compute(k.x.ops64, k.wide, in)
			} else {
				w.narrow.compute(k.x.ops32, k.narrow, in)
			}
		}
	}
}

// seat points the registers of one width at the tile.
func seat[T vec.Float](f *file[T], k *clusterKernel, slots []slot, lo, n int) {
	for r := range slots {
		switch s := &slots[r]; {
		case s.load >= 0:
			f.regs[r] = span[T](k.from[s.load], lo, n)
		case s.store >= 0 && k.to[s.store] != nil:
			f.regs[r] = span[T](k.to[s.store], lo, n)
		case s.buffer >= 0:
			f.regs[r] = f.buffers[s.buffer][:n]
		}
	}
}

// loadTile makes a load for the tile. Neighbouring floats are not copied.
func loadTile[T vec.Float](f *file[T], ops vec.Ops[T], k *clusterKernel, w *worker, in *instr, lo, n, slab int) {
	l := &k.loads[in.a]
	if l.when == eachSlab {
		if w.slabs[in.a] == slab {
			return
		}
		w.slabs[in.a] = slab
		whole := f.buffers[k.slots[width(in.wide)][in.dst].buffer]
		size := k.grid.reduced * k.grid.inner
		fill(ops, whole[:min(k.grid.tile, size)], l, k.from[in.a], slab*size)
		return
	}
	if off, ok := l.run(lo, n); ok && l.dtype.Size() == int(unsafe.Sizeof(T(0))) && l.dtype.IsFloat() {
		f.regs[in.dst] = span[T](k.from[in.a], off, n)
		return
	}
	fill(ops, f.regs[in.dst], l, k.from[in.a], lo)
}

// run says whether elements lo to lo+n are neighbours in memory, from off on.
func (l *load) run(lo, n int) (off int, ok bool) {
	last := l.pattern[len(l.pattern)-1]
	if last.Stride != 1 || lo%last.Extent+n > last.Extent {
		return 0, false
	}
	rest := lo
	for i := len(l.pattern) - 1; i >= 0; i-- {
		d := l.pattern[i]
		off += rest % d.Extent * d.Stride
		rest /= d.Extent
	}
	return off, true
}

// drawTile draws elements lo, lo+1, ... of a stream.
func drawTile[T vec.Float](code philox.Code, dst []T, d *drawing, s seeding, lo int) {
	for len(dst) > 0 {
		row, col := lo/d.cols, lo%d.cols
		place := s.row
		if d.perRow {
			place.Key = philox.RowKey(*at[uint32](s.seeds, row), d.hash)
		} else {
			place.Index = uint32(row)
		}
		n := min(len(dst), d.cols-col)
		switch {
		case d.normal && !d.perRow && col == 0 && len(dst) >= 2*d.cols:
			n = len(dst) / d.cols * d.cols
			philox.FillNormalRows(code, dst[:n], place, d.cols)
		case d.normal:
			philox.FillNormal(code, dst[:n], place, col)
		default:
			philox.FillUniform(code, dst[:n], place, col)
		}
		dst, lo = dst[n:], lo+n
	}
}

// store writes a register to memory, unless it is there already.
func (k *clusterKernel) store(w *worker, in *instr, lo int) {
	st, to := &k.stores[in.a], k.to[in.a]
	if to == nil || k.slots[width(in.wide)][in.dst].store == in.a {
		return
	}
	if in.wide {
		write(k.x.ops64, st.dtype, to, lo, w.wide.regs[in.dst])
	} else {
		write(k.x.ops32, st.dtype, to, lo, w.narrow.regs[in.dst])
	}
}
