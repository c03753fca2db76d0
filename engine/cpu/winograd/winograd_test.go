package winograd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/cpu/winograd/internal/toom"
	"ganengine/engine/internal/isa"
)

func cases() []gemm.Conv {
	all := []gemm.Conv{
		convtest.Square(2, 8, 32, 32, 4, 2, 1),
		convtest.Square(1, 4, 32, 32, 4, 2, 1),    // 2×2 results: the small tiles
		convtest.Square(5, 8, 64, 96, 4, 2, 1),    // several panels
		convtest.Square(3, 14, 3, 5, 4, 2, 1),     // 7×7 results: tiles that end outside, panels hardly filled
		convtest.Square(2, 10, 33, 17, 4, 2, 1),   // a panel for one channel more
		convtest.Square(1, 44, 8, 40, 4, 2, 1),    // many tiles
		convtest.Square(21, 16, 20, 24, 4, 2, 1),  // many images
		convtest.Square(2, 6, 16, 48, 2, 1, 0),    // two taps of stride 1
		convtest.Square(2, 7, 40, 34, 3, 1, 1),    // three taps
		convtest.Square(30, 8, 33, 31, 3, 1, 1),   // of which many tiles
		convtest.Square(1, 5, 2, 1, 3, 1, 2),      // wide padding
		convtest.Square(1, 104, 128, 17, 4, 2, 1), // an image of more than one block
		{N: 2, H: 9, W: 12, C: 18, K: 20, R: 4, S: 4, P: 4, Q: 6, StrideH: 2, StrideW: 2, PadTop: 1, PadLeft: 2},
		{N: 2, H: 6, W: 9, C: 18, K: 20, R: 3, S: 3, P: 6, Q: 7, StrideH: 1, StrideW: 1, PadTop: 2, PadLeft: 0},
	}
	return all
}

type operation = convtest.Operation[float32]

var operations = convtest.Operations[float32]()

// plain is one operation in float64.
func plain(op operation, c gemm.Conv, args [3][]float64) []float64 {
	x, w, y := args[0], args[1], args[2]
	out := make([]float64, len(args[op.Result]))
	convtest.Each(c, func(xi, wi, yi int) {
		x, w, y := x[xi:xi+c.C], w[wi:wi+c.C], y[yi]
		switch op.Result {
		case 2:
			for i, v := range x {
				out[yi] += v * w[i]
			}
		case 0:
			for i, v := range w {
				out[xi+i] += y * v
			}
		case 1:
			for i, v := range x {
				out[wi+i] += y * v
			}
		}
	})
	return out
}

func wide[T gemm.Float](x []T, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(float64(v))
	}
	return y
}

func identity(v float64) float64 { return v }

func engines() map[string]*Engine {
	all := map[string]*Engine{}
	for _, have := range isa.Limits(isa.Machine()) {
		one := New(nil, have)
		all[one.Name()+"/1"], all[one.Name()+"/3"] = one, New(kerneltest.Team(3), have)
	}
	return all
}

// spreads is an engine whose results, of squares, are the squares' sums that
// rounding errors grow with: its transforms are the algorithms' with each
// coefficient squared. Where a sum of terms x is off by a rounding of each partial
// sum, all independent, its error's standard deviation is at most
// ulp·√(roundings·Σx²), the roundings being those that a term passes through.
func spreads() *Engine {
	e := New(nil, 0)
	e.short = nil
	squared := func(m toom.Matrix) toom.Matrix {
		var out toom.Matrix
		for _, row := range m {
			out = append(out, wide(row, func(v float64) float64 { return v * v }))
		}
		return out
	}
	for _, f := range sizes {
		t := toom.New(f[0], f[1])
		in, filter, result := squared(t.In), squared(t.Filter), squared(t.Out)
		e.short = append(e.short, &short{m: t.M, r: t.R, n: t.N,
			image: scatter(in), result: scatter(result.Transposed()), filter: scatter(filter),
			toResult: collect(result), toImage: collectAdd(in.Transposed()), toFilter: collectAdd(filter.Transposed())})
	}
	return e
}

// tolerance of each element: six standard deviations.
func tolerance(op operation, c gemm.Conv, args [3][]float32) []float64 {
	e := spreads()
	var given [3][]float32
	for i, a := range args {
		for _, v := range a {
			given[i] = append(given[i], v*v)
		}
	}
	clear(given[op.Result])
	op.Run(e, make([]float32, op.Workspace(e, c)), given[0], given[1], given[2], c)
	terms := []int{c.K, e.Tiles(c), c.StrideH * c.StrideW * c.C}[op.Result]
	const transforms = 4 * 6 // two of at most six terms along both axes, there and back
	return wide(given[op.Result], func(v float64) float64 { return 6 * 0x1p-24 * math.Sqrt(float64(terms+transforms)*v) })
}

func TestConvolutions(t *testing.T) {
	all := engines()
	for _, c := range cases() {
		r := rand.New(rand.NewPCG(1, 2))
		args := [3][]float32{kerneltest.Random[float32](r, c.N*c.H*c.W*c.C), kerneltest.Random[float32](r, c.K*c.R*c.S*c.C), kerneltest.Random[float32](r, c.N*c.P*c.Q*c.K)}
		for _, op := range operations {
			t.Run(fmt.Sprintf("%s/%dx%dx%dx%d-%d/%d", op.Name, c.N, c.H, c.W, c.C, c.K, c.R), func(t *testing.T) {
				want := plain(op, c, [3][]float64{wide(args[0], identity), wide(args[1], identity), wide(args[2], identity)})
				allowed := tolerance(op, c, args)
				first := map[string][]float32{}
				for name, e := range all {
					if !e.Supports(c) {
						t.Fatalf("%s: not supported", name)
					}
					whole, out := kerneltest.FencedNaN[float32](len(want), 16)
					wsWhole, ws := kerneltest.FencedNaN[float32](op.Workspace(e, c), 16)
					given := args
					given[op.Result] = out
					op.Run(e, ws, given[0], given[1], given[2], c)
					kerneltest.CheckFence(t, whole, len(out), 16)
					kerneltest.CheckFence(t, wsWhole, len(ws), 16)
					for i, v := range out {
						if off := math.Abs(float64(v) - want[i]); !(off <= allowed[i]) {
							t.Fatalf("%s: element %d is %v, want %v: off by %.3g, %.3g are allowed", name, i, v, want[i], off, allowed[i])
						}
					}
					if f := first[e.tiles.Name]; f == nil {
						first[e.tiles.Name] = out
					} else {
						for i := range out {
							if out[i] != f[i] {
								t.Fatalf("%s: element %d depends on the number of workers", name, i)
							}
						}
					}
				}
			})
		}
	}
}

// TestSupports: what would compute something that is exactly zero is refused, as
// is what there is no algorithm for.
func TestSupports(t *testing.T) {
	e := New(nil, 0)
	if !e.Supports(convtest.Square(1, 8, 4, 4, 4, 2, 1)) {
		t.Error("a layer of DCGAN is refused")
	}
	grouped := convtest.Square(1, 8, 4, 4, 4, 2, 1)
	grouped.Groups = 2
	for what, c := range map[string]gemm.Conv{
		"groups":                         grouped,
		"stride 3":                       convtest.Square(1, 9, 4, 4, 3, 3, 0),
		"five taps":                      convtest.Square(1, 8, 4, 4, 5, 1, 2),
		"pixels that no tap meets":       {N: 1, H: 9, W: 9, C: 4, K: 4, R: 2, S: 2, P: 4, Q: 4, StrideH: 1, StrideW: 1},
		"windows before the first pixel": convtest.Square(1, 3, 2, 2, 2, 1, 3),
		"windows behind the last pixel":  {N: 1, H: 3, W: 3, C: 2, K: 2, R: 2, S: 2, P: 5, Q: 5, StrideH: 1, StrideW: 1, PadTop: 1, PadLeft: 1},
	} {
		if e.Supports(c) {
			t.Errorf("%s: not refused", what)
		}
	}
}

// TestAmplification: F(2, 2) adds and subtracts alone, so that its errors are a
// plain sum's up to the products that share a result; larger tiles lose more.
func TestAmplification(t *testing.T) {
	for _, c := range []struct {
		m, r        int
		least, most float64
	}{{2, 2, 1, 3}, {4, 2, 2, 5}, {2, 3, 1, 3}} {
		if a := Amplification(c.m, c.r); !(a >= c.least && a <= c.most) {
			t.Errorf("F(%d, %d) amplifies rounding errors %.2f times", c.m, c.r, a)
		}
	}
}
