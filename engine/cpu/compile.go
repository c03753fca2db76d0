package cpu

import (
	"fmt"
	"slices"

	"ganengine/engine/cpu/vec"
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/philox"
)

// register is one of a code's registers.
type register struct {
	pinned bool // keeps its buffer through all tiles
	view   bool // is memory itself, all along
}

// scalar is one number for all tiles: a constant, or an element in memory.
type scalar struct {
	constant float64
	value    int // -1 for constants
	dtype    graph.DType
}

// load brings part of a value into a register.
type load struct {
	reg     int
	wide    bool
	value   int
	dtype   graph.DType
	pattern fuse.Pattern
	scalar  int // the register holds this scalar everywhere; -1: a value's elements
	when    moment
}

// moment says how often a load is made.
type moment uint8

const (
	eachTile moment = iota
	eachSlab        // where the tile enters another slab of the grid
	eachRun         // once for each worker
	asView          // never: the register is the memory
)

// drawing makes random numbers; rows of cols elements each.
type drawing struct {
	normal    bool
	perRow    bool
	hash      uint64
	cols      int
	seed, run int // values
}

// storing writes a register to a value.
type storing struct {
	reg   int
	wide  bool
	value int
	dtype graph.DType
	when  int // value of the predicate, or -1
	from  int // the instruction that computes reg, if nothing but that writes it; else -1
}

// folding is a reduction.
type folding struct {
	op     graph.Op
	finite bool // ReduceAll of IsFinite of the register
	wide   bool
	value  int
	dtype  graph.DType
}

// code is a cluster's program for one tile.
type code struct {
	size    int
	grid    grid
	instrs  []instr
	regs    [2][]register // narrow, wide
	scalars []scalar
	loads   []load
	draws   []drawing
	stores  []storing
	folds   []folding
	ahead   [][]request // of each instruction, or nil
}

// place is where an expression's value is.
type place struct {
	scalar bool
	i      int
}

// compiler writes a code.
type compiler struct {
	*lowering
	*code
	cluster *fuse.Cluster
	at      []place
	uses    []int  // of each expression, by others
	stored  []bool // expressions that are stored
	folded  []int  // how many reductions it has
}

// compile translates a cluster.
func (l *lowering) compile(c *fuse.Cluster) (*code, error) {
	k := &compiler{lowering: l, code: &code{size: c.Size, grid: newGrid(c)}, cluster: c,
		at: make([]place, len(c.Exprs)), uses: make([]int, len(c.Exprs)), stored: make([]bool, len(c.Exprs)), folded: make([]int, len(c.Exprs))}
	for _, e := range c.Exprs {
		for _, a := range e.Args {
			k.uses[a]++
		}
	}
	for _, st := range c.Stores {
		k.stored[st.Expr] = true
	}
	for _, r := range c.Reduces {
		k.folded[r.Expr]++
	}
	for i, e := range c.Exprs {
		if err := k.expr(i, e); err != nil {
			return nil, err
		}
		for _, r := range c.Reduces {
			if r.Expr == i {
				k.fold(r)
			}
		}
	}
	for _, st := range c.Stores {
		k.store(st)
	}
	k.ahead = k.requests()
	return k.code, nil
}

func (k *compiler) emit(in instr) { k.instrs = append(k.instrs, in) }

func (k *compiler) newReg(wide bool) int {
	w := width(wide)
	k.regs[w] = append(k.regs[w], register{})
	return len(k.regs[w]) - 1
}

func width(wide bool) int {
	if wide {
		return 1
	}
	return 0
}

// dtype is the type of an expression's value.
func (k *compiler) dtype(i int) graph.DType { return k.cluster.Exprs[i].Node.DType }

func (k *compiler) expr(i int, e fuse.Expr) error {
	n := e.Node
	switch {
	case e.Load != nil && len(e.Load.Pattern) > maxRank:
		return k.unsupported(n, fmt.Sprintf("it repeats along more than %d axes", maxRank))
	case e.Load != nil && e.Load.Pattern.Scalar():
		k.at[i] = k.newScalar(scalar{value: k.Value(e.Load.Source), dtype: n.DType})
	case e.Load != nil:
		k.at[i] = place{i: k.load(e.Load)}
	case n.Op == graph.OpConst:
		k.at[i] = k.newScalar(scalar{constant: n.DType.Round(n.Attr.(graph.Const).Value), value: -1})
	case n.Op.Info().Class == graph.Draw:
		k.at[i] = place{i: k.draw(n)}
	case n.Op == graph.OpCast:
		k.at[i] = k.cast(i, e.Args[0], n)
	default:
		r, err := k.operator(n, e.Args)
		if err != nil {
			return err
		}
		k.at[i] = place{i: r}
	}
	return nil
}

func (k *compiler) newScalar(s scalar) place {
	k.scalars = append(k.scalars, s)
	return place{true, len(k.scalars) - 1}
}

// load emits what brings a value into a register.
func (k *compiler) load(l *fuse.Load) int {
	d := l.Source.DType
	ld := load{wide: isWide(d), value: k.Value(l.Source), dtype: d, pattern: l.Pattern, scalar: -1}
	ld.reg = k.newReg(ld.wide)
	ld.when = k.grid.moment(l.Pattern)
	reg := &k.regs[width(ld.wide)][ld.reg]
	if l.Pattern.Identity() && (d == graph.F32 || d == graph.F64) {
		ld.when, reg.view = asView, true
	}
	reg.pinned = ld.when == eachRun || ld.when == eachSlab
	k.loads = append(k.loads, ld)
	if ld.when == eachTile || ld.when == eachSlab {
		k.emit(instr{op: opLoad, wide: ld.wide, dst: ld.reg, a: len(k.loads) - 1})
	}
	return ld.reg
}

// reg is the register of an expression; scalars are spread out once a run.
func (k *compiler) reg(i int) int {
	p := k.at[i]
	if !p.scalar {
		return p.i
	}
	wide := isWide(k.dtype(i))
	for _, l := range k.loads {
		if l.scalar == p.i {
			return l.reg
		}
	}
	r := k.newReg(wide)
	k.regs[width(wide)][r].pinned = true
	k.loads = append(k.loads, load{reg: r, wide: wide, scalar: p.i, when: eachRun})
	return r
}

func (k *compiler) draw(n *graph.Node) int {
	s := n.Attr.(*graph.Stream)
	d := drawing{normal: n.Op == graph.OpNormal, perRow: s.PerRow, hash: philox.StreamHash(s.Key()),
		cols: n.Shape.Size() / n.Shape[0], seed: k.Value(fuse.Source(n.Inputs[0]))}
	if !s.PerRow {
		d.run = k.Value(fuse.Source(n.Inputs[1]))
	}
	k.draws = append(k.draws, d)
	r := k.newReg(isWide(n.DType))
	k.emit(instr{op: opDraw, wide: isWide(n.DType), dst: r, a: len(k.draws) - 1})
	return r
}

func (k *compiler) fold(r fuse.Reduce) {
	d := r.Node.DType
	f := folding{op: r.Node.Op, wide: isWide(d), value: k.Value(r.Node), dtype: d}
	in := instr{op: opFold, wide: f.wide, dst: k.reg(r.Expr), a: len(k.folds)}
	if i := k.only(r.Expr, 0); i >= 0 {
		switch made := k.instrs[i]; {
		case d == graph.Bool && k.grid.inner == 1 && made.op == opUnary && vec.UnaryOp(made.code) == vec.IsFinite && !made.wide:
			f.finite, in.dst = true, made.a
			k.drop(i)
		case f.op == graph.OpReduceSum && (d == graph.F32 || d == graph.F64) && made.op == opBinary && vec.BinaryOp(made.code) == vec.Mul:
			in.op, in.dst, in.b = opFoldProduct, made.a, made.b // not rounded before it is added
			k.drop(i)
		}
	}
	k.folds = append(k.folds, f)
	k.emit(in)
}

// only is the instruction that computes expression i, if the expression has no
// more than the given number of uses as an argument, is not stored, and is
// reduced once at most; else -1. The use at hand can then take its place.
func (k *compiler) only(i, uses int) int {
	if k.uses[i] > uses || k.stored[i] || k.folded[i]+uses > 1 || k.at[i].scalar {
		return -1
	}
	found := -1
	for at, in := range k.instrs {
		if in.op < opStore && in.wide == isWide(k.dtype(i)) && in.dst == k.at[i].i {
			if found >= 0 {
				return -1
			}
			found = at
		}
	}
	return found
}

func (k *compiler) drop(i int) { k.instrs = slices.Delete(k.instrs, i, i+1) }

func (k *compiler) store(st fuse.Store) {
	d := st.Node.DType
	s := storing{reg: k.reg(st.Expr), wide: isWide(d), dtype: d, when: -1, from: -1}
	if st.Var != nil {
		s.value = k.Variable(st.Var)
	} else {
		s.value = k.Value(st.Node)
	}
	if st.When != nil {
		s.when = k.Value(st.When)
	}
	if d == graph.F32 || d == graph.F64 {
		for i, in := range k.instrs {
			if in.op < opLoad && in.wide == s.wide && in.dst == s.reg {
				s.from = i
			}
		}
	}
	k.stores = append(k.stores, s)
	k.emit(instr{op: opStore, wide: s.wide, dst: s.reg, a: len(k.stores) - 1})
}
