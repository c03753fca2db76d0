package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu/kerneltest"
)

// randomBits is n random bf16 values.
func randomBits(r *rand.Rand, n int) []uint16 {
	x := make([]uint16, n)
	for i := range x {
		x[i] = uint16(math.Float32bits(float32(r.NormFloat64())) >> 16)
	}
	return x
}

// TestSumPairs compares both forms, in assembly and in plain Go, with sums in
// float64 that find each element by the panels' definition.
func TestSumPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	type form struct {
		name string
		sum  func(pairs int, a []uint16, step int, b []uint16, c []float32, accumulate, fast bool)
		size func(pairs int) (step, size int)
		at   func(i, p, step int) int
	}
	forms := []form{
		{"rows", SumPairRows,
			func(pairs int) (int, int) {
				step := (TileRows + 3) * TileWidth
				return step, ceil(2*pairs, TileWidth) * step
			},
			func(i, p, step int) int { return p/TileWidth*step + i*TileWidth + p%TileWidth }},
		{"columns", SumPairColumns,
			func(pairs int) (int, int) { return 2*TileRows + 6, pairs * (2*TileRows + 6) },
			func(i, p, step int) int { return p/2*step + 2*i + p%2 }},
	}
	for _, f := range forms {
		for _, pairs := range []int{0, 1, 3, 4, 15, 16, 17, 37, 64, 200} {
			step, size := f.size(pairs)
			a, b := randomBits(r, size), randomBits(r, pairs*2*TileWidth)
			for _, accumulate := range []bool{false, true} {
				start := kerneltest.Random[float32](r, TileRows*TileWidth)
				want, abs := make([]float64, len(start)), make([]float64, len(start))
				for at := range want {
					i, j := at/TileWidth, at%TileWidth
					if accumulate {
						want[at], abs[at] = float64(start[at]), math.Abs(float64(start[at]))
					}
					for p := range 2 * pairs {
						v := float64(fromBF16(a[f.at(i, p, step)])) * float64(fromBF16(b[p/2*2*TileWidth+2*j+p%2]))
						want[at], abs[at] = want[at]+v, abs[at]+math.Abs(v)
					}
				}
				for _, fast := range []bool{false, true}[:1+count(HavePairs())] {
					name := fmt.Sprintf("%s, %d pairs, accumulate %v, fast %v", f.name, pairs, accumulate, fast)
					whole, c := kerneltest.Fenced[float32](len(start), 1)
					copy(c, start)
					f.sum(pairs, a, step, b, c, accumulate, fast)
					kerneltest.CheckFence(t, whole, len(c), 1)
					for i, v := range c {
						if !(math.Abs(float64(v)-want[i]) <= tolerance[float32](2*pairs, abs[i])) {
							t.Fatalf("%s: element %d is %v, want %v", name, i, v, want[i])
						}
					}
				}
			}
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// BenchmarkSumPairs is one core's rate on panels in the first-level cache.
func BenchmarkSumPairs(b *testing.B) {
	if !HavePairs() {
		b.Skip("no AVX512_BF16")
	}
	for _, pairs := range []int{128, 512, 2048} {
		a, x, c := make([]uint16, 2*pairs*TileRows), make([]uint16, 2*pairs*TileWidth), make([]float32, TileRows*TileWidth)
		for name, f := range map[string]func(){
			"rows":    func() { SumPairRows(pairs, a, TileRows*TileWidth, x, c, true, true) },
			"columns": func() { SumPairColumns(pairs, a, 2*TileRows, x, c, true, true) },
		} {
			b.Run(fmt.Sprintf("%s/%d", name, 2*pairs), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				gflops(b, 4*float64(TileRows*TileWidth*pairs))
			})
		}
	}
}
