package emit

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"ganengine/engine/graph"
)

// class is the kind of a register.
type class uint8

const (
	f32  class = iota
	f64        //
	b32        // integers of 32 bits and less
	b64        // addresses
	b16        // bf16 on its way to memory
	pred       // truth
	classes
)

// Of each class: the letter of its registers, their type in declarations, and
// the type that mov, ld and st give them.
var (
	letters = [classes]string{f32: "%f", f64: "%d", b32: "%r", b64: "%l", b16: "%h", pred: "%p"}
	types   = [classes]string{f32: ".f32", f64: ".f64", b32: ".b32", b64: ".b64", b16: ".b16", pred: ".pred"}
)

// reg is a register; each is written once, but for those of loops.
type reg struct {
	class class
	n     int
}

func (r reg) String() string { return fmt.Sprintf("%s%d", letters[r.class], r.n) }

// classOf is the class in which values of a type are held: bf16 widened to f32,
// u8 as an integer, bool as a predicate.
func classOf(d graph.DType) class {
	switch d {
	case graph.F64:
		return f64
	case graph.I32, graph.U8:
		return b32
	case graph.Bool:
		return pred
	}
	return f32
}

// builder writes the text of one part of a kernel. The first error stays.
type builder struct {
	text     strings.Builder
	x, y     reg // this part's block
	grid     [2]int
	threads  int // of a block
	resident int // blocks that a multiprocessor has to hold at once, 0: as many as it can
	shared   int // bytes of static shared memory
	room     Room
	count    [classes]int
	labels   int
	pointers []Pointer
	bases    []reg       // of each pointer, in global memory
	math     []string    // functions of kernels.Math that are called
	rounded  map[reg]reg // what narrow made of what
	err      error
}

func newBuilder() *builder {
	b := &builder{rounded: map[reg]reg{}}
	b.x, b.y = b.new(b32), b.new(b32)
	return b
}

// over says how many blocks the part has along both axes, and threads in each.
func (b *builder) over(x, y, threads int) *builder {
	b.grid, b.threads = [2]int{x, y}, threads
	return b
}

func (b *builder) blocks() int { return b.grid[0] * b.grid[1] }

// flat is a part of blocks in a row, with n threads or a few more.
func (b *builder) flat(n int) *builder {
	t := min(threads, ceil(n, 32)*32)
	return b.over(ceil(n, t), 1, t)
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf("%w: "+format, append([]any{ErrUnsupported}, args...)...)
	}
}

// new is a register that was not used yet.
func (b *builder) new(c class) reg {
	b.count[c]++
	return reg{c, b.count[c] - 1}
}

// line writes an instruction.
func (b *builder) line(format string, args ...any) {
	b.text.WriteByte('\t')
	fmt.Fprintf(&b.text, format, args...)
	b.text.WriteString(";\n")
}

// op writes an instruction with a new register as its result. Operands are
// registers, or numbers and text for immediate ones.
func (b *builder) op(c class, name string, operands ...any) reg {
	r := b.new(c)
	b.to(r, name, operands...)
	return r
}

// to writes an instruction with r as its result.
func (b *builder) to(r reg, name string, operands ...any) {
	var s strings.Builder
	for _, o := range operands {
		fmt.Fprintf(&s, ", %v", o)
	}
	b.line("%s %s%s", name, r, s.String())
}

// label names a place that place puts into the text.
func (b *builder) label() string {
	b.labels++
	return fmt.Sprintf("L%d", b.labels)
}

func (b *builder) place(label string) { fmt.Fprintf(&b.text, "%s:\n", label) }

// base is the register with the address of a pointer, a parameter of the kernel.
func (b *builder) base(p Pointer) reg {
	for i, q := range b.pointers {
		if p == q {
			return b.bases[i]
		}
	}
	b.pointers = append(b.pointers, p)
	b.bases = append(b.bases, b.new(b64))
	return b.bases[len(b.bases)-1]
}

// address is that of element index (b32, unsigned) behind a pointer.
func (b *builder) address(p Pointer, index reg, size int) reg {
	return b.op(b64, "add.s64", b.base(p), b.op(b64, "mul.wide.u32", index, size))
}

// real is a number as an immediate operand of class f32 or f64.
func real(c class, x float64) string {
	if c == f64 {
		return fmt.Sprintf("0d%016X", math.Float64bits(x))
	}
	return fmt.Sprintf("0f%08X", math.Float32bits(float32(x)))
}

// constant is a number in a register, as type d has it.
func (b *builder) constant(d graph.DType, x float64) reg {
	c := classOf(d)
	x = d.Round(x)
	switch c {
	case f32, f64:
		return b.op(c, "mov"+types[c], real(c, x))
	case b32:
		return b.op(c, "mov.b32", int64(x))
	}
	return b.op(pred, "setp.ne.s32", int64(x), 0)
}

// divide splits an index by n: how many times n goes into it, and what is left.
func (b *builder) divide(x reg, n int) (q, r reg) { return b.quotient(x, n), b.remainder(x, n) }

// quotient is x/n for x below 2³¹. An assembler of PTX does not know what to do with
// divisors that are known: a division costs it twenty instructions.
//
// Reference: T. Granlund and P. Montgomery, "Division by Invariant Integers using
// Multiplication", 1994.
func (b *builder) quotient(x reg, n int) reg {
	log := bits.Len(uint(n - 1)) // rounded up
	if n == 1<<log {
		return b.op(b32, "shr.u32", x, log)
	}
	high := b.op(b32, "mul.hi.u32", x, 1<<(31+log)/n+1)
	return b.op(b32, "shr.u32", high, log-1)
}

// remainder is x%n for x below 2³¹.
func (b *builder) remainder(x reg, n int) reg {
	if n&(n-1) == 0 {
		return b.op(b32, "and.b32", x, n-1)
	}
	return b.op(b32, "mad.lo.s32", b.quotient(x, n), -n, x)
}

// thread is the number of this thread in a part with one axis of blocks.
func (b *builder) thread() reg {
	return b.op(b32, "mad.lo.s32", b.x, b.op(b32, "mov.u32", "%ntid.x"), b.op(b32, "mov.u32", "%tid.x"))
}

// leaveIf ends the thread where a condition holds.
func (b *builder) leaveIf(p reg) { b.line("@%s ret", p) }
