package kernels

import (
	"fmt"
	"math"
)

// Precision is the type of a product's operands and result, and how they are
// multiplied and summed.
type Precision uint8

// The precisions. Sums have a fixed order in all of them.
const (
	F32  Precision = iota // fp32 throughout
	TF32                  // fp32 in memory; operands may be rounded to tf32, sums in fp32
	BF16                  // bf16 in memory, sums in fp32, the result rounded once
	F64                   // fp64 throughout
)

func (p Precision) String() string { return [...]string{"fp32", "tf32", "bf16", "fp64"}[p] }

// kernel is the precision in the names of kernels that know no tf32.
func (p Precision) kernel() string { return [...]string{"f32", "f32", "bf16", "f64"}[p] }

// sumBytes is the size of a number in the type of the sums.
func (p Precision) sumBytes() int64 {
	if p == F64 {
		return 8
	}
	return 4
}

// Pointer is one of the memories that a launch takes.
type Pointer uint8

// The operands in the operator's order, the result, and memory whose contents
// count from a product's first launch to its last only.
const (
	X Pointer = iota
	Y
	Z
	Scratch
)

// Launch is one kernel and how it is started. Its parameters are the pointers,
// then the scalars; all of its shared memory is static.
type Launch struct {
	Entry       string
	Grid, Block [3]int
	Pointers    []Pointer
	Scalars     []any // int32, int64, or the []byte of a structure
}

// Product is an operator as launches, one after the other. Every byte of the
// result is written. All arrays are dense; each wants the alignment of its
// elements, and is fastest on 16 bytes.
type Product struct {
	Launches []Launch
	Scratch  int64 // bytes
}

// Limits of a launch. An index may run beyond an extent by a tile.
const (
	maxGridX  = math.MaxInt32
	maxGridYZ = 65535
	maxExtent = math.MaxInt32 - 1024
)

// tiling is a result cut into tiles for blocks, each with all of the sum or a
// part of it.
type tiling struct {
	rows, cols, groups int // of the result; of independent products beside each other
	depth              int // terms of a sum
	tile               [2]int
	step               int // terms in shared memory at a time
}

// A split of a sum over blocks costs another launch, so it has to pay: few tiles
// and long sums. The numbers are constants, not the device's own, so that
// results do not depend on the device's size.
const (
	wantedBlocks = 264 // two for each multiprocessor of an H100
	leastDepth   = 256 // of a split
)

func (t tiling) tiles() int {
	return ceil(t.rows, t.tile[0]) * ceil(t.cols, t.tile[1]) * t.groups
}

// split says into how many parts of what length sums are cut.
func (t tiling) split() (splits, depth int) {
	n := min(wantedBlocks/t.tiles(), t.depth/leastDepth, maxGridYZ/t.groups)
	depth = ceil(ceil(t.depth, max(n, 1)), t.step) * t.step
	return ceil(t.depth, depth), depth
}

// product is the launch of a tiled kernel, which takes the scalars that follow
// from the tiling last, and the launch that adds the parts of split sums.
func (t tiling) product(entry string, threads int, p Precision, scalars func(splits, depth int) []any) (Product, error) {
	splits, depth := t.split()
	first := Launch{
		Entry:    entry,
		Grid:     [3]int{ceil(t.rows, t.tile[0]), ceil(t.cols, t.tile[1]), t.groups * splits},
		Block:    [3]int{threads, 1, 1},
		Pointers: []Pointer{X, Y, Z},
		Scalars:  scalars(splits, depth),
	}
	if err := first.check(); err != nil || splits == 1 {
		return Product{Launches: []Launch{first}}, err
	}
	return first.summed(int64(t.rows)*int64(t.cols)*int64(t.groups), splits, p)
}

// summed is a launch that leaves parts of a result, and the one that adds them.
func (l Launch) summed(size int64, splits int, p Precision) (Product, error) {
	l.Pointers = []Pointer{X, Y, Scratch}
	entry, results := "sum_splits_", int64(sumThreads)
	if splits >= manySplits {
		entry, results = "sum_many_splits_", sumThreads/sumStrands
	}
	sum := Launch{
		Entry:    entry + p.kernel(),
		Grid:     [3]int{int((size + results - 1) / results), 1, 1},
		Block:    [3]int{sumThreads, 1, 1},
		Pointers: []Pointer{Scratch, Z},
		Scalars:  []any{size, int32(splits)},
	}
	return Product{Launches: []Launch{l, sum}, Scratch: size * int64(splits) * p.sumBytes()}, sum.check()
}

// What sums.cu was compiled for: threads of a block, and for each result where
// there are many splits.
const (
	sumThreads = 256
	sumStrands = 8
	manySplits = 4 * sumStrands
)

func (l Launch) check() error {
	if l.Grid[0] > maxGridX || l.Grid[1] > maxGridYZ || l.Grid[2] > maxGridYZ {
		return fmt.Errorf("%s: a grid of %v blocks is larger than CUDA allows", l.Entry, l.Grid)
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }
