//go:build cuda && cgo && linux

package software_test

import (
	"math"
	"testing"
)

// instruction is one of PTX with what it computes: sizes of the result and the
// operands in bytes, and their bits.
type instruction struct {
	text string
	out  int
	in   []int
	want func(v []uint64) uint64
	real bool // the result is a float64, of which any bits that are no number will do
}

// Numbers at which instructions behave in a way of their own.
var (
	integers = []uint64{0, 1, 2, 7, 15, 31, 32, 33, 63, 64, 255, 0x7fff, 0x8000, 0xffff, 0x12345678, 0x7fffffff, 0x80000000,
		0xdeadbeef, 0xffffffff, 0x123456789abcdef0, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff}
	floats = []float64{0, math.Copysign(0, -1), 1, -1, .1, 1.5, 2.5, -2.5, 3.7, -3.7, 255.5, 1e10, -2147483648, 4294967296, 0x1p-126,
		-0x1p-140, 0x1.fffffep127, 0x1.00ffp0, 0x1.01p0, 0x1.03p0, math.Inf(1), math.Inf(-1), math.NaN()}
)

const nan32, nan64 = 0x7fffffff, 0x7fffffffffffffff

func f32(v uint64) float32 { return math.Float32frombits(uint32(v)) }

func bits32(x float32) uint64 {
	if x != x {
		return nan32
	}
	return uint64(math.Float32bits(x))
}

func bits64(x float64) uint64 {
	if x != x {
		return nan64
	}
	return math.Float64bits(x)
}

// single, double, word and long make instructions of one type from a function.

func single(text string, f func(x, y, z float32) float32, operands int) instruction {
	return instruction{text, 4, []int{-4, -4, -4}[:operands], func(v []uint64) uint64 {
		v = append(v, 0, 0)
		return bits32(f(f32(v[0]), f32(v[1]), f32(v[2])))
	}, false}
}

func double(text string, f func(x, y, z float64) float64, operands int) instruction {
	return instruction{text, 8, []int{-8, -8, -8}[:operands], func(v []uint64) uint64 {
		v = append(v, 0, 0)
		return bits64(f(math.Float64frombits(v[0]), math.Float64frombits(v[1]), math.Float64frombits(v[2])))
	}, true}
}

func word(text string, f func(x, y, z uint32) uint32, operands int) instruction {
	return instruction{text, 4, []int{4, 4, 4}[:operands], func(v []uint64) uint64 {
		v = append(v, 0, 0)
		return uint64(f(uint32(v[0]), uint32(v[1]), uint32(v[2])))
	}, false}
}

func long(text string, f func(x, y, z uint64) uint64, operands int) instruction {
	return instruction{text, 8, []int{8, 8, 8}[:operands], func(v []uint64) uint64 {
		v = append(v, 0, 0)
		return f(v[0], v[1], v[2])
	}, false}
}

func truth(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// flag makes an instruction that sets %p.
func flag(text string, f func(x, y float32) bool) instruction {
	return instruction{text + "; selp.b32 %r, 1, 0, %p", 4, []int{-4, -4}, func(v []uint64) uint64 { return uint64(truth(f(f32(v[0]), f32(v[1])))) }, false}
}

func order(text string, f func(x, y uint32) bool) instruction {
	return word(text+"; selp.b32 %r, 1, 0, %p", func(x, y, _ uint32) uint32 { return truth(f(x, y)) }, 2)
}

func isNaN(x float32) bool { return x != x }

// sets are all combinations of operands of the given sizes (negative: floats), or
// where there are three, as many as fit a block.
func sets(in []int) [][]uint64 {
	all := [][]uint64{nil}
	for _, size := range in {
		var next [][]uint64
		for _, s := range all {
			for _, v := range values(size) {
				next = append(next, append(s[:len(s):len(s)], v))
			}
		}
		all = next
	}
	const block = 1024
	var some [][]uint64
	for i := range min(block, len(all)) {
		some = append(some, all[i*len(all)/min(block, len(all))])
	}
	return some
}

func values(size int) (list []uint64) {
	switch size {
	case -4:
		for _, x := range floats {
			list = append(list, bits32(float32(x)))
		}
	case -8:
		for _, x := range floats {
			list = append(list, bits64(x))
		}
	default:
		for _, v := range integers {
			list = append(list, v&(1<<(8*size)-1))
		}
	}
	return list
}

func check(t *testing.T, list []instruction) {
	t.Helper()
	open(t)
	for _, c := range list { // in this goroutine, whose thread has the context
		all := sets(c.in)
		sizes := make([]int, len(c.in))
		for i, s := range c.in {
			sizes[i] = max(s, -s)
		}
		for i, got := range compute(t, c.text, c.out, sizes, all) {
			if c.real {
				got = bits64(math.Float64frombits(got))
			}
			if want := c.want(all[i]) & (1<<(8*c.out) - 1); got != want {
				t.Errorf("%s: of %#x it is %#x, want %#x", c.text, all[i], got, want)
				break
			}
		}
	}
}
