// Command genwide writes the kernels of package gemm for sums of one tile, for AVX-512
// and for AVX2, and their Go stubs. Run it with `go generate ./engine/cpu/gemm`.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/internal/isa/isagen"
)

// nr is the width of the panels that the kernels read, and of what they store.
const nr = 32

// distance is how many bytes ahead operands are asked for, which the last cache takes a
// while to answer. A quarter and the double were as fast.
const distance = 4096

// machine is a kind of vectors, and the tile whose sums its registers hold: rows of two
// vectors, which are a panel's columns or a part of them.
type machine struct {
	lanes    int
	register func() VecVirtual
	clear    func(x, y, z Op)
	rows     int
}

const vectors = 2

// columns is how many columns a tile has.
func (m *machine) columns() int { return vectors * m.lanes }

func main() {
	wide := machine{lanes: 16, register: ZMM, clear: func(x, y, z Op) { VPXORD(x, y, z) }, rows: 8}
	wide.tileRows("tileRowsWide")
	wide.tileColumns("tileColumnsWide")
	narrow := machine{lanes: 8, register: YMM, clear: func(x, y, z Op) { VXORPS(x, y, z) }, rows: 6}
	narrow.tileRows("tileRowsAVX2")
	narrow.addColumns("tileColumns6AVX2")
	narrow.rows = 5 // 32 rows are 6, 6 and four times 5
	narrow.addColumns("tileColumns5AVX2")
	isagen.Generate("tileNeeds")
}

// tile is the sums in registers.
type tile struct {
	*machine
	sums [][vectors]VecVirtual
}

func (m *machine) tile() tile {
	t := tile{m, make([][vectors]VecVirtual, m.rows)}
	for i := range t.sums {
		for j := range t.sums[i] {
			t.sums[i][j] = m.register()
		}
	}
	return t
}

// each visits the sums and their places in c.
func (t *tile) each(c Register, visit func(at Mem, sum VecVirtual)) {
	for i := range t.sums {
		for j, v := range t.sums[i] {
			visit(Mem{Base: c, Disp: 4*nr*i + 4*t.lanes*j}, v)
		}
	}
}

func (m *machine) zeroed() tile {
	t := m.tile()
	t.each(nil, func(_ Mem, sum VecVirtual) { m.clear(sum, sum, sum) })
	return t
}

func (t *tile) store(c Register) {
	t.each(c, func(at Mem, sum VecVirtual) { VMOVUPS(sum, at) })
}

// step adds the products of one term: a holds row i's factor at a(i), b a row of
// the panel p rows on.
func (t *tile) step(b Register, p int, a func(i int) Mem) {
	row := [vectors]VecVirtual{}
	for j := range row {
		row[j] = t.register()
		VMOVUPS(Mem{Base: b, Disp: 4*nr*p + 4*t.lanes*j}, row[j])
	}
	for i := range t.sums {
		v := t.register()
		VBROADCASTSS(a(i), v)
		for j := range row {
			VFMADD231PS(row[j], v, t.sums[i][j])
		}
	}
}

// sumRows emits the loops of a tile whose terms lie side by side in rows of 32; step
// is from one panel's last row to the next, and ahead, if there is one, where to ask for
// rows to come.
func (t *tile) sumRows(panels, a, step, b, ahead Register) {
	const unroll = 8
	terms := GP64()
	Label("panel")
	MOVQ(U32(nr/unroll), terms)
	Label("terms")
	for p := range unroll {
		if ahead != nil && p%2 == 0 {
			PREFETCHT0(Mem{Base: ahead, Disp: 32 * p})
		}
		t.step(b, p, func(i int) Mem { return Mem{Base: a, Disp: 4 * (nr*i + p)} })
	}
	if ahead != nil {
		ADDQ(U32(uint32(4*t.rows*unroll)), ahead)
	}
	ADDQ(U32(4*unroll), a)
	ADDQ(U32(4*nr*unroll), b)
	DECQ(terms)
	JNE(LabelRef("terms"))
	ADDQ(step, a)
	if ahead != nil {
		LEAQ(Mem{Base: ahead, Index: step, Scale: 1, Disp: 4*nr - 4*t.rows*nr}, ahead)
	}
	DECQ(panels)
	JNE(LabelRef("panel"))
}

// tileRows is a whole panel's columns. Where they are several tiles, all but the first
// find the rows in the first cache.
func (m *machine) tileRows(name string) {
	TEXT(name, attr.NOSPLIT, "func(panels int, a *float32, step int, b, c *float32)")
	Doc(fmt.Sprintf("%s stores %d rows of 32 sums. The terms' first factors are rows of 32 in", name, m.rows),
		"panels step elements apart, the second ones a row of 32 for each term.")
	Pragma("noescape")
	panels, a := Load(Param("panels"), GP64()), Load(Param("a"), GP64())
	step, b := Load(Param("step"), GP64()), Load(Param("b"), GP64())
	SHLQ(Imm(2), step)
	SUBQ(U32(4*nr), step)
	if parts := nr / m.columns(); parts == 1 {
		ahead := GP64()
		LEAQ(Mem{Base: a, Disp: distance}, ahead)
		t := m.zeroed()
		t.sumRows(panels, a, step, b, ahead)
		t.store(Load(Param("c"), GP64()))
	} else {
		c, left, row := Load(Param("c"), GP64()), GP64(), GP64()
		MOVQ(U32(uint32(parts)), left)
		Label("part")
		MOVQ(b, row)
		t := m.zeroed()
		t.sumRows(panels, a, step, row, nil)
		t.store(c)
		Load(Param("panels"), panels)
		Load(Param("a"), a)
		ADDQ(U32(uint32(4*m.columns())), b)
		ADDQ(U32(uint32(4*m.columns())), c)
		DECQ(left)
		JNE(LabelRef("part"))
	}
	end()
}

// sumColumns emits the loops of a tile whose terms lie one below the other; ask emits
// requests for what comes after the p-th of some terms.
func (t *tile) sumColumns(k, a, b Register, ask func(p, unroll int)) {
	loop := func(label string, unroll int) {
		Label(label)
		CMPQ(k, Imm(uint64(unroll)))
		JL(LabelRef(label + "done"))
		for p := range unroll {
			ask(p, unroll)
			t.step(b, p, func(i int) Mem { return Mem{Base: a, Disp: 4 * (nr*p + i)} })
		}
		ADDQ(U32(uint32(4*nr*unroll)), a)
		ADDQ(U32(uint32(4*nr*unroll)), b)
		SUBQ(Imm(uint64(unroll)), k)
		JMP(LabelRef(label))
		Label(label + "done")
	}
	loop("eight", 8)
	loop("one", 1)
}

// tileColumns is some rows and a whole panel's columns.
func (m *machine) tileColumns(name string) {
	TEXT(name, attr.NOSPLIT, "func(k int, a, b, c *float32)")
	Doc(fmt.Sprintf("%s stores %d rows of 32 sums of k terms: rows of 32 in both panels, of", name, m.rows),
		fmt.Sprintf("which the first counts %d.", m.rows))
	Pragma("noescape")
	k, a, b := Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	t := m.zeroed()
	t.sumColumns(k, a, b, func(p, unroll int) {
		if unroll > 1 {
			PREFETCHT0(Mem{Base: a, Disp: distance + 4*nr*p})
			PREFETCHT0(Mem{Base: b, Disp: distance + 4*nr*p})
			PREFETCHT0(Mem{Base: b, Disp: distance + 4*nr*p + 64})
		}
	})
	t.store(Load(Param("c"), GP64()))
	end()
}

// addColumns is a tile that is a part of a panel's columns and of its terms, and asks
// for values further on in b.
func (m *machine) addColumns(name string) {
	TEXT(name, attr.NOSPLIT, "func(k int, a, b, c *float32, ahead int)")
	Doc(fmt.Sprintf("%s adds k terms to %d sums in %d rows of c: rows of 32 in both panels, of", name, m.columns(), m.rows),
		fmt.Sprintf("which the first counts %d and the second %d. It asks for values ahead bytes after the", m.rows, m.columns()), "second's.")
	Pragma("noescape")
	k, a, b := Load(Param("k"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	c, ahead := Load(Param("c"), GP64()), Load(Param("ahead"), GP64())
	t := m.tile()
	t.each(c, func(at Mem, sum VecVirtual) { VMOVUPS(at, sum) })
	t.sumColumns(k, a, b, func(p, _ int) { PREFETCHT1(Mem{Base: b, Index: ahead, Scale: 1, Disp: 4 * nr * p}) })
	t.store(c)
	end()
}

func end() {
	VZEROUPPER()
	RET()
}
