package emit

import (
	"ganengine/engine/fuse"
	"ganengine/engine/graph"
	"ganengine/engine/philox"
)

// draw draws a span's elements of a stream: the numbers that package philox has
// at their rows and columns.
func (b *builder) draw(n *graph.Node, s span) []reg {
	cols := n.Shape[1:].Size()
	var values []reg
	var words []reg
	for j := range s.n {
		at := s.at
		if j > 0 {
			at = b.op(b32, "add.u32", s.at, j)
		}
		row, col := b.divide(at, cols)
		// Where rows are whole blocks of four, a span lies in one.
		whole := cols%4 == 0 && s.n == 4
		if j == 0 || !whole {
			words = b.block(n, row, b.op(b32, "shr.u32", col, 2))
		}
		w := words[j%4]
		if !whole {
			w = b.pick(words, b.op(b32, "and.b32", col, 3))
		}
		var v reg
		if n.Op == graph.OpUniform {
			v = b.uniform(w)
		} else {
			v = b.normal(w)
		}
		values = append(values, b.toFloat(v, classOf(n.DType)))
	}
	return values
}

// pick is words[i], i from 0 to 3.
func (b *builder) pick(words []reg, i reg) reg {
	r := words[3]
	for j := 2; j >= 0; j-- {
		r = b.op(b32, "selp.b32", words[j], r, b.op(pred, "setp.eq.u32", i, j))
	}
	return r
}

// block is philox.Block at a row and a block of columns.
func (b *builder) block(n *graph.Node, row, column reg) []reg {
	stream := n.Attr.(*graph.Stream)
	hash := philox.StreamHash(stream.Key())
	low, high := int32(uint32(hash)), int32(uint32(hash>>32))
	zero := b.op(b32, "mov.b32", 0)
	var k0, k1 reg
	c := [4]reg{column, zero, zero, zero}
	if stream.PerRow {
		k0 = b.op(b32, "xor.b32", b.word(n.Inputs[0], row), low)
		k1 = b.op(b32, "mov.b32", high)
	} else {
		k0 = b.op(b32, "xor.b32", b.word(n.Inputs[0], b.op(b32, "mov.b32", 0)), low)
		k1 = b.op(b32, "xor.b32", b.word(n.Inputs[0], b.op(b32, "mov.b32", 1)), high)
		c[1], c[2] = row, b.word(n.Inputs[1], zero)
	}
	weyl0, weyl1 := philox.Weyl0, philox.Weyl1
	mul0, mul1 := philox.Mul0, philox.Mul1
	for round := range philox.Rounds {
		if round > 0 {
			k0 = b.op(b32, "add.u32", k0, int32(weyl0))
			k1 = b.op(b32, "add.u32", k1, int32(weyl1))
		}
		c = [4]reg{
			b.op(b32, "xor.b32", b.op(b32, "xor.b32", b.op(b32, "mul.hi.u32", c[2], mul1), c[1]), k0),
			b.op(b32, "mul.lo.u32", c[2], mul1),
			b.op(b32, "xor.b32", b.op(b32, "xor.b32", b.op(b32, "mul.hi.u32", c[0], mul0), c[3]), k1),
			b.op(b32, "mul.lo.u32", c[0], mul0),
		}
	}
	return c[:]
}

// word is element i of an I32 operand of a draw.
func (b *builder) word(x *graph.Node, i reg) reg {
	x = fuse.Source(x)
	if x.Op == graph.OpConst {
		return b.constant(graph.I32, x.Attr.(graph.Const).Value)
	}
	return b.loadRun(graph.I32, b.address(Pointer{Value: x}, i, 4), 1)[0]
}

// uniform is philox.Uniform.
func (b *builder) uniform(word reg) reg {
	k := b.op(f32, "cvt.rn.f32.u32", b.op(b32, "shr.u32", word, 8))
	return b.op(f32, "mul.rn.f32", k, real(f32, float64(philox.UnitScale)))
}

// normal is philox.Normal, the same operations in the same order.
func (b *builder) normal(word reg) reg {
	k := b.op(b32, "mad.lo.s32", b.op(b32, "shr.u32", word, 8), 2, 1-1<<24)
	x := b.mul(b.op(f32, "cvt.rn.f32.s32", k), philox.UnitScale)
	a := b.op(f32, "abs.f32", x)
	t := b.op(f32, "mul.rn.f32", b.op(f32, "sub.rn.f32", real(f32, 1), a), b.op(f32, "add.rn.f32", real(f32, 1), a))
	w := b.negLog(t)

	central := b.op(pred, "setp.lt.f32", w, real(f32, float64(philox.CentralLimit)))
	v := b.op(f32, "selp.f32", b.op(f32, "sub.rn.f32", w, real(f32, float64(philox.CentralShift))),
		b.op(f32, "sub.rn.f32", b.op(f32, "sqrt.rn.f32", w), real(f32, float64(philox.TailShift))), central)
	of := [9]reg{}
	for i, c := range [9][2]float32{{philox.Central0, philox.Tail0}, {philox.Central1, philox.Tail1}, {philox.Central2, philox.Tail2},
		{philox.Central3, philox.Tail3}, {philox.Central4, philox.Tail4}, {philox.Central5, philox.Tail5},
		{philox.Central6, philox.Tail6}, {philox.Central7, philox.Tail7}, {philox.Central8, philox.Tail8}} {
		of[i] = b.op(f32, "selp.f32", real(f32, float64(c[0])), real(f32, float64(c[1])), central)
	}
	return b.op(f32, "mul.rn.f32", b.polynomial(v, of), b.mul(x, philox.Sqrt2))
}

// negLog is philox's -log(t).
func (b *builder) negLog(t reg) reg {
	bits := b.op(b32, "mov.b32", t)
	e := b.op(b32, "shr.s32", b.op(b32, "sub.u32", bits, philox.SqrtHalfBits), 23)
	m := b.op(f32, "mov.b32", b.op(b32, "sub.u32", bits, b.op(b32, "shl.b32", e, 23)))
	f := b.op(f32, "sub.rn.f32", m, real(f32, 1))
	s := b.op(f32, "mul.rn.f32", f, f)
	n := b.op(f32, "cvt.rn.f32.s32", e)
	var of [9]reg
	for i, c := range [9]float32{philox.Log0, philox.Log1, philox.Log2, philox.Log3, philox.Log4, philox.Log5, philox.Log6, philox.Log7, philox.Log8} {
		of[i] = b.op(f32, "mov.f32", real(f32, float64(c)))
	}
	y := b.op(f32, "mul.rn.f32", b.op(f32, "mul.rn.f32", f, s), b.polynomial(f, of))
	y = b.op(f32, "add.rn.f32", y, b.mul(n, philox.Ln2Lo))
	y = b.op(f32, "sub.rn.f32", y, b.mul(s, .5))
	y = b.op(f32, "add.rn.f32", y, f)
	return b.op(f32, "neg.f32", b.op(f32, "add.rn.f32", y, b.mul(n, philox.Ln2Hi)))
}

func (b *builder) mul(x reg, by float32) reg {
	return b.op(f32, "mul.rn.f32", x, real(f32, float64(by)))
}

// polynomial is philox's: c0·v⁸ + ... + c8, even and odd powers apart.
func (b *builder) polynomial(v reg, c [9]reg) reg {
	s := b.op(f32, "mul.rn.f32", v, v)
	step := func(x, next reg) reg { return b.op(f32, "add.rn.f32", b.op(f32, "mul.rn.f32", x, s), next) }
	even, odd := step(c[0], c[2]), step(c[1], c[3])
	even, odd = step(even, c[4]), step(odd, c[5])
	even, odd = step(even, c[6]), step(odd, c[7])
	even = step(even, c[8])
	return b.op(f32, "add.rn.f32", b.op(f32, "mul.rn.f32", odd, v), even)
}
