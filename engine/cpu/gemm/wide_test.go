package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu/kerneltest"
	"ganengine/engine/internal/isa"
)

// sumsOf are the sums of terms a(i, p) b(p, j), in float64, and the same of absolute
// values.
func sumsOf(rows, terms int, a, b func(x, y int) float32) (sums, abs []float64) {
	for i := range rows {
		for j := range TileWidth {
			s, sa := 0., 0.
			for p := range terms {
				v := float64(a(i, p)) * float64(b(p, j))
				s, sa = s+v, sa+math.Abs(v)
			}
			sums, abs = append(sums, s), append(abs, sa)
		}
	}
	return sums, abs
}

// TestTiles compares the sums of every kind of tiles that the CPU has with float64's:
// few terms and many, rows close together and apart.
func TestTiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	check := func(name string, c []float32, terms int, want, abs []float64) {
		t.Helper()
		for i := range c {
			if !(math.Abs(float64(c[i])-want[i]) <= tolerance[float32](terms, abs[i])) {
				t.Fatalf("%s: element %d is %v, want %v", name, i, c[i], want[i])
			}
		}
	}
	for _, tiles := range AllTiles(isa.Machine()) {
		for _, panels := range []int{1, 2, 9} {
			step := (tiles.Rows + panels) * TileWidth
			a, b := kerneltest.Random[float32](r, panels*step), kerneltest.Random[float32](r, panels*TileWidth*TileWidth)
			whole, c := kerneltest.FencedNaN[float32](tiles.Rows*TileWidth, 16)
			tiles.SumRows(panels, a, step, b, c)
			kerneltest.CheckFence(t, whole, len(c), 16)
			want, abs := sumsOf(tiles.Rows, panels*TileWidth, func(i, p int) float32 { return a[p/TileWidth*step+i*TileWidth+p%TileWidth] },
				func(p, j int) float32 { return b[p*TileWidth+j] })
			check(fmt.Sprintf("%s: rows of %d panels", tiles.Name, panels), c, panels*TileWidth, want, abs)
		}
		for _, k := range []int{1, 7, 8, 128, 129, 300} {
			a, b := kerneltest.Random[float32](r, k*TileWidth), kerneltest.Random[float32](r, k*TileWidth)
			whole, c := kerneltest.FencedNaN[float32](TileWidth*TileWidth, 16)
			tiles.SumColumns(k, a, b, c)
			kerneltest.CheckFence(t, whole, len(c), 16)
			want, abs := sumsOf(TileWidth, k, func(i, p int) float32 { return a[p*TileWidth+i] }, func(p, j int) float32 { return b[p*TileWidth+j] })
			check(fmt.Sprintf("%s: columns of %d terms", tiles.Name, k), c, k, want, abs)
		}
	}
}
