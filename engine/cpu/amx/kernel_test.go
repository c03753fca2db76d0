package amx

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// anyBits is n values of any bits: numbers of all sizes, infinities and NaN.
func anyBits(r *rand.Rand, n int) []uint16 {
	x := make([]uint16, n)
	for i := range x {
		x[i] = uint16(r.Uint32())
	}
	return x
}

// TestPacking compares AMX's packing with plain loops, to the bit, for every number
// of columns.
func TestPacking(t *testing.T) {
	fast, ok := fastest(isa.Machine())
	if !ok {
		t.Skip("no AMX")
	}
	r := rand.New(rand.NewPCG(3, 4))
	const stride = 40 // elements between rows
	src := anyBits(r, width*stride)
	for columns := 1; columns <= width; columns++ {
		m := mask(columns, 0)
		for name, run := range map[string]func(k kernel, dst []uint16){
			"rows":       func(k kernel, dst []uint16) { k.rows(&dst[0], 2*width, &src[0], 2*stride, 1+columns%width, m) },
			"pairs":      func(k kernel, dst []uint16) { k.pairs(&dst[0], &src[0], 2*stride, 1+columns%16, m) },
			"columns":    func(k kernel, dst []uint16) { k.columns(&dst[0], &src[0], 2*stride, m) },
			"transposed": func(k kernel, dst []uint16) { k.transposed(&dst[0], &src[0], 2*stride, m) },
		} {
			got, want := make([]uint16, block), make([]uint16, block)
			run(fast, got)
			run(plain{}, want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %d columns are packed otherwise than by plain loops", name, columns)
			}
		}
	}
}

// TestNarrow compares the last sums and their rounding, to the bit.
func TestNarrow(t *testing.T) {
	fast, ok := fastest(isa.Machine())
	if !ok {
		t.Skip("no AMX")
	}
	r := rand.New(rand.NewPCG(5, 6))
	const stride = 37
	for _, parts := range []int{1, 2, 5} {
		src := kerneltest.Random[float32](r, parts*block)
		for columns := 1; columns <= width; columns++ {
			run := func(k kernel) []uint16 {
				all, inside := fenced(width*stride, 3)
				k.narrow(&inside[0], 2*stride, columns, mask(columns, 0), &src[0], parts, sumBytes)
				checkFence(t, all, len(inside), 3)
				return inside
			}
			if !slices.Equal(run(fast), run(plain{})) {
				t.Fatalf("%d parts, %d columns: other bits than by plain loops", parts, columns)
			}
		}
	}
}

// TestNotFinite: what is not finite reaches the results of its own image alone.
func TestNotFinite(t *testing.T) {
	c := convtest.Square(18, 6, 20, 17, 4, 2, 1)
	r := rand.New(rand.NewPCG(7, 8))
	x, w := randomBits(r, c.N*c.H*c.W*c.C), randomBits(r, c.K*c.R*c.S*c.C)
	const image, inf = 3, 0x7f80
	x[image*c.H*c.W*c.C], x[image*c.H*c.W*c.C+1] = nan, inf
	for name, e := range engines() {
		ws, y := make([]uint16, e.ConvForwardWorkspace(c)), make([]uint16, c.N*c.P*c.Q*c.K)
		e.ConvForward(ws, x, w, y, c)
		for i, v := range wide(y) {
			n, pixel := i/(c.P*c.Q*c.K), i/c.K%(c.P*c.Q)
			if hit := n == image && pixel == 0; hit != (v != v) {
				t.Fatalf("%s: image %d, pixel %d has %v", name, n, pixel, v)
			}
		}
	}
}

// broken is a kernel with one wrong product.
type broken struct{ plain }

func (broken) products(t *terms, depth int, y *uint16, next, rows int, mask uint32, spill *[block]float32) {
	leaveOut(t)
	plain{}.products(t, depth, y, next, rows, mask, spill)
}

func (broken) sums(t *terms, sum *float32, accumulate bool) {
	leaveOut(t)
	plain{}.sums(t, sum, accumulate)
}

// leaveOut makes the first output's first term the second one over again.
func leaveOut(t *terms) {
	if t.program[1] > 1 {
		copy(t.program[2:4], t.program[4:6])
	}
}

// TestFindsBrokenKernel: the comparison of TestConvolutions sees one wrong term.
func TestFindsBrokenKernel(t *testing.T) {
	c := convtest.Square(5, 8, 20, 9, 4, 2, 1)
	args := operands(c)
	for _, op := range operations {
		if compute(t, newEngine(nil, plain{}, false), op, c, args).compare() != nil {
			t.Errorf("%s: plain loops are wrong", op.Name)
		}
		if compute(t, newEngine(nil, broken{}, false), op, c, args).compare() == nil {
			t.Errorf("%s: a wrong term is not found", op.Name)
		}
	}
}

// TestSupports: groups, and a product of two transposed matrices, are refused.
func TestSupports(t *testing.T) {
	e := NewGeneric(nil)
	c := convtest.Square(4, 8, 4, 4, 4, 2, 1)
	if !e.Supports(c) {
		t.Error("a plain convolution is refused")
	}
	c.Groups = 2
	if e.Supports(c) {
		t.Error("groups are not refused")
	}
	for _, p := range []Product{{M: 3, N: 4, K: 5}, {M: 3, N: 4, K: 5, TransA: true}, {M: 3, N: 4, K: 5, TransB: true}} {
		if !e.SupportsProduct(p) {
			t.Errorf("%+v is refused", p)
		}
	}
	if e.SupportsProduct(Product{M: 3, N: 4, K: 5, TransA: true, TransB: true}) {
		t.Error("two transposed matrices are not refused")
	}
}

// TestMultiply compares matrix products with sums in float64.
func TestMultiply(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for _, p := range []Product{{M: 1, N: 1, K: 1}, {M: 7, N: 33, K: 65}, {M: 70, N: 40, K: 100}, {M: 200, N: 17, K: 31}} {
		a, b := randomBits(r, p.M*p.K), randomBits(r, p.K*p.N)
		for _, trans := range [][2]bool{{}, {true, false}, {false, true}} {
			p.TransA, p.TransB = trans[0], trans[1]
			for name, e := range engines() {
				ws, c := make([]uint16, e.MultiplyWorkspace(p)), make([]uint16, p.M*p.N)
				e.Multiply(ws, p, a, b, c)
				if err := compareProduct(p, wide(a), wide(b), wide(c)); err != nil {
					t.Fatalf("%s, %+v: %v", name, p, err)
				}
			}
		}
	}
}

func compareProduct(p Product, a, b, c []float64) error {
	for i := range p.M {
		for j := range p.N {
			sum, size := 0., 0.
			for k := range p.K {
				x, y := i*p.K+k, k*p.N+j
				if p.TransA {
					x = k*p.M + i
				}
				if p.TransB {
					y = j*p.K + k
				}
				v := a[x] * b[y]
				sum, size = sum+v, size+max(v, -v)
			}
			if off := c[i*p.N+j] - sum; !(max(off, -off) <= allowed(sum, size, float64(p.K))) {
				return fmt.Errorf("element %d, %d is %v, want %v", i, j, c[i*p.N+j], sum)
			}
		}
	}
	return nil
}
