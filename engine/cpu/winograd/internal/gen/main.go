// Command gen writes the AVX-512 assembly of package winograd and its Go stubs.
// Run it with `go generate ./engine/cpu/winograd`.
package main

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"ganengine/engine/cpu/winograd/internal/toom"
	"ganengine/engine/internal/transpose"
)

func main() {
	ConstraintExpr("amd64")
	for _, f := range [][2]int{{2, 2}, {4, 2}, {2, 3}} {
		s := toom.New(f[0], f[1])
		name := func(what string) string { return fmt.Sprintf("%s%dx%d", what, s.M, s.R) }
		scatter(name("image"), s.In)
		scatter(name("result"), s.Out.Transposed())
		scatter(name("filter"), s.Filter)
		collect(name("toResult"), s.Out, false)
		collect(name("toImage"), s.In.Transposed(), true)
		collect(name("toFilter"), s.Filter.Transposed(), true)
	}
	transposeRows()
	Generate()
}

// scatter emits l x lᵀ from pixels given by pointers to panels of 32 channels.
func scatter(name string, l toom.Matrix) {
	TEXT(name, attr.NOSPLIT, "func(dst *float32, src **float32, point, panel, channels int)")
	Doc(name+" transforms all channels of the pixels at src into panels that lie panel",
		"elements apart, with their points point elements apart.")
	Pragma("noescape")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	point, panel := Load(Param("point"), GP64()), Load(Param("panel"), GP64())
	left := Load(Param("channels"), GP64())
	SHLQ(Imm(2), point)
	SHLQ(Imm(2), panel)
	SUBQ(U32(128), panel) // which the loop itself goes on
	off := GP64()
	XORQ(off, off)
	Label("vector")
	mask := tail(left)
	n := len(l[0])
	out := sandwich(l, func(i, j int) VecVirtual {
		p, v := GP64(), ZMM()
		MOVQ(Mem{Base: src, Disp: 8 * (i*n + j)}, p)
		VMOVUPS_Z(Mem{Base: p, Index: off, Scale: 1}, mask, v)
		return v
	})
	at := GP64()
	MOVQ(dst, at)
	out(func(_, _ int, v VecVirtual) {
		VMOVUPS(v, Mem{Base: at})
		ADDQ(point, at)
	})
	SUBQ(Imm(16), left)
	ADDQ(Imm(64), off)
	ADDQ(Imm(64), dst)
	TESTQ(U32(64), off)
	JNE(LabelRef("vector")) // the panel's second half
	ADDQ(panel, dst)
	TESTQ(left, left)
	JG(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// collect emits l x lᵀ from a panel to pixels given by pointers.
func collect(name string, l toom.Matrix, add bool) {
	signature, base := "func(dst **float32, src *float32, point, channels int)", "."
	if add {
		signature, base = "func(dst, add **float32, src *float32, point, channels int)", ", and adds the values at add."
	}
	TEXT(name, attr.NOSPLIT, signature)
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
	mask := tail(left)
	m, n := len(l), len(l[0])
	row, from := GP64(), GP64()
	MOVQ(src, row)
	stride := GP64() // from one row of points to the next
	IMUL3Q(Imm(uint64(n)), point, stride)
	out := sandwich(l, func(i, j int) VecVirtual {
		v := ZMM()
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
			MOVQ(Mem{Base: old, Disp: 8 * (i*m + j)}, p)
			o := ZMM()
			VMOVUPS_Z(Mem{Base: p, Index: off, Scale: 1}, mask, o)
			VADDPS(o, v, o)
			v = o
		}
		MOVQ(Mem{Base: dst, Disp: 8 * (i*m + j)}, p)
		VMOVUPS(v, mask, Mem{Base: p, Index: off, Scale: 1})
	})
	ADDQ(Imm(64), src)
	ADDQ(Imm(64), off)
	SUBQ(Imm(16), left)
	JG(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// tail is the mask of the channels of a vector, left of which are left.
func tail(left Register) Register {
	n, bits, mask := GP64(), GP64(), K()
	MOVQ(left, n)
	XORQ(bits, bits)
	TESTQ(n, n)
	CMOVQLT(bits, n)
	MOVQ(U32(16), bits)
	CMPQ(n, bits)
	CMOVQGT(bits, n)
	MOVQ(U32(0xffff), bits)
	BZHIQ(n, bits, bits)
	KMOVW(bits.As32(), mask)
	return mask
}

// sandwich emits l x, column by column, and returns what emits the rest, row by
// row, and passes each element on.
func sandwich(l toom.Matrix, load func(i, j int) VecVirtual) func(store func(i, j int, v VecVirtual)) {
	n := len(l[0])
	half := make([][]VecVirtual, len(l)) // l x
	for j := range n {
		column := make([]VecVirtual, n)
		for i := range n {
			column[i] = load(i, j)
		}
		for i, row := range l {
			half[i] = append(half[i], combine(row, column))
		}
	}
	return func(store func(i, j int, v VecVirtual)) {
		for i := range half {
			for j, row := range l {
				store(i, j, combine(row, half[i]))
			}
		}
	}
}

// combine emits the sum of c[k] x[k], beginning with a term of factor one.
func combine(c []float64, x []VecVirtual) VecVirtual {
	first := -1
	for k, v := range c {
		if v != 0 && (first < 0 || v == 1 && c[first] != 1) {
			first = k
		}
	}
	sum := x[first]
	fresh := false // sum is not one of x
	if c[first] != 1 {
		sum, fresh = ZMM(), true
		VMULPS_BCST(constant(c[first]), x[first], sum)
	}
	own := func() VecVirtual {
		if fresh {
			return sum
		}
		return ZMM()
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
				next := ZMM()
				VMOVAPS(sum, next)
				sum = next
			}
			VFMADD231PS_BCST(constant(v), x[k], sum)
		}
		fresh = true
	}
	return sum
}

var constants = map[uint32]Mem{}

func constant(v float64) Mem {
	b := math.Float32bits(float32(v))
	if m, ok := constants[b]; ok {
		return m
	}
	m := GLOBL(fmt.Sprintf("c%08x", b), attr.RODATA|attr.NOPTR)
	DATA(0, F32(float32(v)))
	constants[b] = m
	return m
}

// transposeRows emits the exchange of rows and columns in blocks of 16×16.
func transposeRows() {
	TEXT("transpose32", attr.NOSPLIT, "func(dst *float32, src **float32, n int)")
	Doc("transpose32 stores n columns of 32 rows one after the other, reading up to 15 more.")
	Pragma("noescape")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	off := GP64()
	XORQ(off, off)
	Label("block")
	mask := tail(n)
	for half := range 2 {
		v := make([]VecVirtual, 16)
		for i := range v {
			p := GP64()
			v[i] = ZMM()
			MOVQ(Mem{Base: src, Disp: 8 * (16*half + i)}, p)
			VMOVUPS_Z(Mem{Base: p, Index: off, Scale: 1}, mask, v[i])
		}
		for i, column := range transpose.Lanes(v) {
			VMOVUPS(column, Mem{Base: dst, Disp: 128*i + 64*half})
		}
	}
	ADDQ(Imm(64), off)
	ADDQ(U32(16*128), dst)
	SUBQ(Imm(16), n)
	JG(LabelRef("block"))
	VZEROUPPER()
	RET()
}
