//go:build !amd64

package gemm

import "ganengine/engine/internal/isa"

// Without assembly no Engine has simd set, and none of these is called.

var kernelNeeds isa.Table

func stridedFor(isa.Set) lanes { return 0 }

func kernelSIMD[T Float](int, []T, []T, *[6]*T, bool)                                 {}
func copyRowsSIMD[T Float]([]T, int, int, []T, int, int)                              {}
func copyAtSIMD[T Float]([]T, []T, []int)                                             {}
func dotSIMD[T Float](lanes, int, []T, int, []T, []T)                                 {}
func addSIMD[T Float]([]T, []T) int                                                   { return 0 }
func transposeSIMD[T Float]([]T, int, *[maxWidth]*T, int)                             {}
func stridedSIMD[T Float](lanes, int, int, *stridedPart[T], []T, []T, []T, int, bool) {}
