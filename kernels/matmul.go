package kernels

import "fmt"

// The kernels' tiles: blocks of `threads` compute `tile` results each, from
// `step` terms in shared memory at a time.
type shape struct {
	suffix  string
	tile    [2]int
	step    int
	threads int
}

// shapes are, per precision, what matmul.cu and matmul_bf16.cu were compiled
// for, largest first.
var shapes = map[Precision][]shape{
	F32:  {{"_large", [2]int{128, 128}, 16, 256}, {"_small", [2]int{64, 64}, 16, 256}},
	TF32: {{"_large", [2]int{128, 128}, 16, 256}, {"_small", [2]int{64, 64}, 16, 256}},
	BF16: {{"_large", [2]int{128, 128}, 32, 256}, {"_small", [2]int{64, 64}, 32, 128}},
	F64:  {{"", [2]int{64, 64}, 16, 256}},
}

// largeTiles is how many tiles of a shape there must be for it to be taken: with
// fewer, smaller tiles keep more multiprocessors busy.
const largeTiles = wantedBlocks / 2

// MatMul is z = op(x) op(y), z [m, n], where op is the identity or the
// transpose: x is [m, k], or [k, m] if transX, and y is [k, n], or [n, k] if
// transY. All row-major.
func MatMul(m, n, k int, transX, transY bool, p Precision) (Product, error) {
	for _, extent := range []int{m, n, k} {
		if extent < 1 || extent > maxExtent {
			return Product{}, fmt.Errorf("matrix product [%d,%d]x[%d,%d]: every extent must lie in 1 ... %d", m, k, k, n, maxExtent)
		}
	}
	if p > F64 {
		return Product{}, fmt.Errorf("matrix product: unknown precision %d", p)
	}
	product := dot(m, n, k, p)
	linesOfK := (!transX || m == 1) && (transY || n == 1)
	if !linesOfK || min(m, n) > fewLines || n > maxGridYZ || k < leastDepth {
		var err error
		if product, err = tiledMatMul(m, n, k, transX, transY, p); err != nil {
			return Product{}, fmt.Errorf("matrix product [%d,%d]x[%d,%d]: %w", m, k, k, n, err)
		}
	}
	return product, nil
}

// fewLines is up to how many rows or columns a product is computed as dot
// products, one a block, rather than in tiles that would be mostly empty.
const fewLines = 4

// dot computes each result by a block of its own, from lines of k.
func dot(m, n, k int, p Precision) Product {
	return Product{Launches: []Launch{{
		Entry:    "dot_" + p.kernel(),
		Grid:     [3]int{m, n, 1},
		Block:    [3]int{sumThreads, 1, 1},
		Pointers: []Pointer{X, Y, Z},
		Scalars:  []any{int32(k)},
	}}}
}

func tiledMatMul(m, n, k int, transX, transY bool, p Precision) (Product, error) {
	var s shape
	t := tiling{rows: m, cols: n, groups: 1, depth: k}
	for _, s = range shapes[p] {
		t.tile, t.step = s.tile, s.step
		if t.tiles() >= largeTiles {
			break
		}
	}
	extents := []any{int32(m), int32(n), int32(k)}
	if p == BF16 { // compiled for each transposition
		name := "matmul_bf16_" + letter(transX) + letter(transY) + s.suffix
		return t.product(name, s.threads, p, func(_, depth int) []any { return append(extents, int32(depth)) })
	}
	name := "matmul_" + [...]string{F32: "f32", TF32: "tf32", F64: "f64"}[p] + s.suffix
	return t.product(name, s.threads, p, func(_, depth int) []any {
		return append(extents, flag(transX), flag(transY), int32(depth))
	})
}

func letter(trans bool) string {
	if trans {
		return "t"
	}
	return "n"
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
