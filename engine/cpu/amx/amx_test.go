package amx

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

func cases() []gemm.Conv {
	return []gemm.Conv{
		convtest.Square(32, 8, 32, 32, 4, 2, 1),
		convtest.Square(1, 4, 32, 32, 4, 2, 1),    // one image
		convtest.Square(16, 8, 16, 16, 4, 2, 1),   // one tile of each
		convtest.Square(17, 6, 17, 17, 4, 2, 1),   // and one more
		convtest.Square(5, 8, 64, 96, 4, 2, 1),    // several blocks of channels
		convtest.Square(33, 14, 3, 5, 4, 2, 1),    // patches, and blocks hardly filled
		convtest.Square(3, 10, 33, 47, 4, 2, 1),   // a block for one channel more
		convtest.Square(70, 4, 40, 70, 4, 2, 1),   // several blocks of images
		convtest.Square(4, 7, 1, 40, 5, 1, 2),     // patches of one channel
		convtest.Square(2, 9, 2, 3, 5, 3, 4),      // patches of padding alone
		convtest.Square(3, 7, 40, 34, 3, 1, 1),    // stride 1
		convtest.Square(3, 11, 20, 24, 3, 3, 0),   // stride 3: pixels that no tap meets
		convtest.Square(2, 11, 20, 24, 1, 3, 1),   // and windows that meet no pixel
		convtest.Square(2, 5, 9, 10, 3, 1, 4),     // wide padding
		convtest.Square(40, 1, 100, 130, 1, 1, 0), // matrices
		convtest.Square(36, 4, 70, 1, 4, 1, 0),    // one pixel, one filter
		convtest.Square(2, 24, 20, 20, 2, 1, 0),   // an image of several strips, in all directions
		convtest.Square(2, 18, 400, 20, 3, 2, 1),  // and of several shares of channels besides, of which a task has two strips
		convtest.Square(260, 2, 17, 18, 2, 1, 1),  // many images
		{N: 3, H: 9, W: 12, C: 18, K: 20, R: 4, S: 3, P: 4, Q: 12, StrideH: 2, StrideW: 1, PadTop: 1, PadLeft: 2},
		{N: 2, H: 6, W: 9, C: 3, K: 20, R: 3, S: 4, P: 6, Q: 4, StrideH: 1, StrideW: 2, PadTop: 2, PadLeft: 0},
		{N: 2, H: 3, W: 3, C: 36, K: 2, R: 2, S: 2, P: 6, Q: 6, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1}, // windows behind the last pixel
	}
}

type operation = convtest.Operation[uint16]

var operations = convtest.Operations[uint16]()

// plain64 computes an operation in float64, with the sums of absolute values and
// the numbers of terms.
func plain64(op operation, c gemm.Conv, args [3][]float64) (sum, size, terms []float64) {
	n := len(args[op.Result])
	sum, size, terms = make([]float64, n), make([]float64, n), make([]float64, n)
	x, w, y := args[0], args[1], args[2]
	convtest.Each(c, func(xi, wi, yi int) {
		for i := range c.C {
			at, v := yi, 0.
			switch op.Result {
			case 0:
				at, v = xi+i, w[wi+i]*y[yi]
			case 1:
				at, v = wi+i, x[xi+i]*y[yi]
			default:
				v = x[xi+i] * w[wi+i]
			}
			sum[at] += v
			size[at] += math.Abs(v)
			terms[at]++
		}
	})
	return sum, size, terms
}

// allowed is how far a result may be off: 4 ulps of float32 for each sum of n
// terms, as they grow with the root of n (engine/devicetest), and half an ulp of
// bf16, which has 8 significant bits.
func allowed(sum, size, terms float64) float64 {
	return 4*0x1p-23*math.Sqrt(terms)*size + 0x1p-8*math.Abs(sum)
}

func randomBits(r *rand.Rand, n int) []uint16 {
	x := make([]uint16, n)
	for i := range x {
		x[i] = round(float32(r.NormFloat64()))
	}
	return x
}

func wide(x []uint16) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(widen(v))
	}
	return w
}

// engines are plain loops and AMX, with different numbers of workers.
func engines() map[string]*Engine {
	all := map[string]*Engine{}
	for _, workers := range []int{1, 3} {
		par := kerneltest.Team(workers)
		all[fmt.Sprint("plain ", workers)] = NewGeneric(par)
		if e, ok := New(par, isa.Machine()); ok {
			all[fmt.Sprint("AMX ", workers)] = e
		}
	}
	return all
}

const nan = 0x7fc0

// fenced is n elements, NaN, with sentinels around them.
func fenced(n, offset int) (all, inside []uint16) {
	all = make([]uint16, offset+n+37)
	for i := range all {
		all[i] = 0x1234
	}
	inside = all[offset : offset+n : offset+n]
	for i := range inside {
		inside[i] = nan
	}
	return all, inside
}

func checkFence(t *testing.T, all []uint16, n, offset int) {
	t.Helper()
	for i, v := range all {
		if (i < offset || i >= offset+n) && v != 0x1234 {
			t.Fatalf("wrote %#x at %d outside [0, %d)", v, i-offset, n)
		}
	}
}

// operands are random ones for all three operations.
func operands(c gemm.Conv) [3][]uint16 {
	r := rand.New(rand.NewPCG(1, 2))
	return [3][]uint16{randomBits(r, c.N*c.H*c.W*c.C), randomBits(r, c.K*c.R*c.S*c.C), randomBits(r, c.N*c.P*c.Q*c.K)}
}

// result is an operation's, and what it should be.
type result struct {
	bits             []uint16
	sum, size, terms []float64
}

// compute runs an operation with sentinels around all that it writes.
func compute(t *testing.T, e *Engine, op operation, c gemm.Conv, args [3][]uint16) result {
	t.Helper()
	var r result
	r.sum, r.size, r.terms = plain64(op, c, [3][]float64{wide(args[0]), wide(args[1]), wide(args[2])})
	r.bits = run(t, e, op, c, args)
	return r
}

func run(t *testing.T, e *Engine, op operation, c gemm.Conv, args [3][]uint16) []uint16 {
	t.Helper()
	n := len(args[op.Result])
	whole, out := fenced(n, 16)
	size := op.Workspace(e, c)
	wsWhole, ws := fenced(size, 16)
	args[op.Result] = out
	op.Run(e, ws, args[0], args[1], args[2], c)
	checkFence(t, whole, n, 16)
	checkFence(t, wsWhole, size, 16)
	return out
}

// compare says which element is off by more than it may be.
func (r result) compare() error {
	for i, v := range wide(r.bits) {
		if off, most := math.Abs(v-r.sum[i]), allowed(r.sum[i], r.size[i], r.terms[i]); !(off <= most) {
			return fmt.Errorf("element %d is %v, want %v: off by %.3g, %.3g are allowed", i, v, r.sum[i], off, most)
		}
	}
	return nil
}

func TestConvolutions(t *testing.T) {
	all := engines()
	for _, c := range cases() {
		if terms := c.N * c.P * c.Q * c.K * c.R * c.S * c.C; testing.Short() && terms > 1<<20 {
			continue
		}
		args := operands(c)
		for _, op := range operations {
			t.Run(fmt.Sprintf("%s/%dx%dx%dx%d-%d/%dx%d", op.Name, c.N, c.H, c.W, c.C, c.K, c.R, c.StrideH), func(t *testing.T) {
				r := compute(t, all["plain 1"], op, c, args)
				first := map[bool][]uint16{}
				for name, e := range all {
					r.bits = run(t, e, op, c, args)
					if err := r.compare(); err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					if f := first[e.Fast()]; f == nil {
						first[e.Fast()] = r.bits
					} else if !slices.Equal(f, r.bits) {
						t.Fatalf("%s: bits depend on the number of workers", name)
					}
				}
			})
		}
	}
}
