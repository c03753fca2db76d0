// Command gen writes the AVX-512 and the AVX2 assembly of package winograd and its Go
// stubs. Run it with `go generate ./engine/cpu/winograd`.
package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/cpu/winograd/internal/toom"
	"ganengine/engine/internal/isa/isagen"
)

func main() {
	for _, m := range []machine{avx512, avx2} {
		for _, f := range [][2]int{{2, 2}, {4, 2}, {2, 3}} {
			s := toom.New(f[0], f[1])
			name := func(what string) string { return fmt.Sprintf("%s%dx%d%s", what, s.M, s.R, m.suffix) }
			m.scatter(name("image"), s.In)
			m.scatter(name("result"), s.Out.Transposed())
			m.scatter(name("filter"), s.Filter)
			m.collect(name("toResult"), s.Out, false)
			m.collect(name("toImage"), s.In.Transposed(), true)
			m.collect(name("toFilter"), s.Filter.Transposed(), true)
		}
		m.transposeRows()
	}
	isagen.Generate("needs")
}

// panelBytes is the size of a row of a panel: 32 channels.
const panelBytes = 4 * 32

// scatter emits l x lᵀ from pixels given by pointers to panels of 32 channels.
func (m *machine) scatter(name string, l toom.Matrix) {
	stack := m.text(name, l, "func(dst *float32, src **float32, point, panel, channels int)")
	Doc(name+" transforms all channels of the pixels at src into panels that lie panel",
		"elements apart, with their points point elements apart.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	point, panel := Load(Param("point"), GP64()), Load(Param("panel"), GP64())
	left := Load(Param("channels"), GP64())
	SHLQ(Imm(2), point)
	SHLQ(Imm(2), panel)
	SUBQ(U32(panelBytes), panel) // which the loop itself goes on
	off := GP64()
	XORQ(off, off)
	Label("vector")
	n := len(l[0])
	m.each(left, func(channels part) {
		out := m.sandwich(l, stack, func(i, j int) VecVirtual {
			p, v := GP64(), m.register()
			MOVQ(Mem{Base: src, Disp: 8 * (i*n + j)}, p)
			channels.load(Mem{Base: p, Index: off, Scale: 1}, v)
			return v
		})
		at := GP64()
		MOVQ(dst, at)
		out(func(_, _ int, v VecVirtual) {
			VMOVUPS(v, Mem{Base: at})
			if m.asks {
				PREFETCHT0(Mem{Base: at, Index: panel, Scale: 1, Disp: panelBytes})
			}
			ADDQ(point, at)
		})
	})
	SUBQ(Imm(uint64(m.lanes)), left)
	ADDQ(Imm(uint64(m.bytes())), off)
	ADDQ(Imm(uint64(m.bytes())), dst)
	TESTQ(U32(uint32(panelBytes-m.bytes())), off)
	JNE(LabelRef("vector")) // the rest of the panel
	ADDQ(panel, dst)
	TESTQ(left, left)
	JG(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// collect emits l x lᵀ from a panel to pixels given by pointers.
func (m *machine) collect(name string, l toom.Matrix, add bool) {
	signature, base := "func(dst **float32, src *float32, point, channels int)", "."
	if add {
		signature, base = "func(dst, add **float32, src *float32, point, channels int)", ", and adds the values at add."
	}
	stack := m.text(name, l, signature)
	Doc(name+" transforms up to 32 channels of a panel, whose points lie point elements", "apart, into the pixels at dst"+base)
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	point, left := Load(Param("point"), GP64()), Load(Param("channels"), GP64())
	var old Register
	if add {
		old = Load(Param("add"), GP64())
	}
	SHLQ(Imm(2), point)
	off := GP64()
	XORQ(off, off)
	Label("vector")
	r, n := len(l), len(l[0])
	m.each(left, func(channels part) {
		row, from := GP64(), GP64()
		MOVQ(src, row)
		stride := GP64() // from one row of points to the next
		IMUL3Q(Imm(uint64(n)), point, stride)
		out := m.sandwich(l, stack, func(i, j int) VecVirtual {
			v := m.register()
			if i == 0 {
				MOVQ(row, from)
				ADDQ(point, row)
			}
			VMOVUPS(Mem{Base: from}, v)
			ADDQ(stride, from)
			return v
		})
		out(func(i, j int, v VecVirtual) {
			p := GP64()
			if add {
				MOVQ(Mem{Base: old, Disp: 8 * (i*r + j)}, p)
				o := m.register()
				channels.load(Mem{Base: p, Index: off, Scale: 1}, o)
				VADDPS(o, v, o)
				v = o
			}
			MOVQ(Mem{Base: dst, Disp: 8 * (i*r + j)}, p)
			channels.store(v, Mem{Base: p, Index: off, Scale: 1})
		})
	})
	ADDQ(Imm(uint64(m.bytes())), src)
	ADDQ(Imm(uint64(m.bytes())), off)
	SUBQ(Imm(uint64(m.lanes)), left)
	JG(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// text begins a function that transforms by l and answers where on the stack there is
// room for what its registers do not hold. Such a one must not leave out the check that
// the stack is large enough.
func (m *machine) text(name string, l toom.Matrix, signature string) (stack Mem) {
	spilled := m.spilled(l)
	if spilled == 0 {
		TEXT(name, attr.NOSPLIT, signature)
		return stack
	}
	TEXT(name, 0, signature)
	return AllocLocal(spilled * m.bytes())
}

// spilled is how many elements of l x do not stay in registers: besides these there
// are a column or row of values, a sum and an addend.
func (m *machine) spilled(l toom.Matrix) int {
	return max(len(l)*len(l[0])-(m.registers-len(l[0])-2), 0)
}

// sandwich emits l x, column by column, and returns what emits the rest, row by
// row, and passes each element on. The first elements of l x wait on the stack where
// the registers do not hold all.
func (m *machine) sandwich(l toom.Matrix, stack Mem, load func(i, j int) VecVirtual) func(store func(i, j int, v VecVirtual)) {
	n, spilled := len(l[0]), m.spilled(l)
	half := make([][]VecVirtual, len(l)) // l x
	place := func(i, j int) (Mem, bool) {
		at := j*len(l) + i
		return stack.Offset(at * m.bytes()), at < spilled
	}
	for j := range n {
		column := make([]VecVirtual, n)
		for i := range n {
			column[i] = load(i, j)
		}
		for i, row := range l {
			v := m.combine(row, column)
			if at, ok := place(i, j); ok {
				VMOVUPS(v, at)
			}
			half[i] = append(half[i], v)
		}
	}
	return func(store func(i, j int, v VecVirtual)) {
		for i := range half {
			for j := range half[i] {
				if at, ok := place(i, j); ok {
					half[i][j] = m.register()
					VMOVUPS(at, half[i][j])
				}
			}
			for j, row := range l {
				store(i, j, m.combine(row, half[i]))
			}
		}
	}
}

// combine emits the sum of c[k] x[k], beginning with a term of factor one.
func (m *machine) combine(c []float64, x []VecVirtual) VecVirtual {
	first := -1
	for k, v := range c {
		if v != 0 && (first < 0 || v == 1 && c[first] != 1) {
			first = k
		}
	}
	sum := x[first]
	fresh := false // sum is not one of x
	if c[first] != 1 {
		sum, fresh = m.register(), true
		m.multiply(c[first], x[first], sum)
	}
	own := func() VecVirtual {
		if fresh {
			return sum
		}
		return m.register()
	}
	for k, v := range c {
		switch {
		case k == first || v == 0:
			continue
		case v == 1:
			next := own()
			VADDPS(x[k], sum, next)
			sum = next
		case v == -1:
			next := own()
			VSUBPS(x[k], sum, next)
			sum = next
		default:
			if !fresh {
				next := m.register()
				VMOVAPS(sum, next)
				sum = next
			}
			m.multiplyAdd(v, x[k], sum)
		}
		fresh = true
	}
	return sum
}

// transposeRows emits the exchange of rows and columns in square blocks.
func (m *machine) transposeRows() {
	name := "transpose32" + m.suffix
	TEXT(name, attr.NOSPLIT, "func(dst *float32, src **float32, n int)")
	Doc(fmt.Sprintf("%s stores n columns of 32 rows one after the other, and as many of zeros as are", name), fmt.Sprintf("missing for a multiple of %d.", m.lanes))
	Pragma("noescape")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	off := GP64()
	XORQ(off, off)
	Label("block")
	m.each(n, func(columns part) {
		for first := 0; first < 32; first += m.lanes {
			v := make([]VecVirtual, m.lanes)
			for i := range v {
				p := GP64()
				v[i] = m.register()
				MOVQ(Mem{Base: src, Disp: 8 * (first + i)}, p)
				columns.load(Mem{Base: p, Index: off, Scale: 1}, v[i])
			}
			for i, column := range m.exchange(v) {
				VMOVUPS(column, Mem{Base: dst, Disp: panelBytes*i + 4*first})
			}
		}
	})
	ADDQ(Imm(uint64(m.bytes())), off)
	ADDQ(U32(uint32(m.lanes*panelBytes)), dst)
	SUBQ(Imm(uint64(m.lanes)), n)
	JG(LabelRef("block"))
	VZEROUPPER()
	RET()
}
