//go:build !amd64

package gemm

import "ganengine/engine/internal/isa"

// Without assembly no Engine has simd or wide set, and none of these is called.

var kernelNeeds, stridedNeeds isa.Table

func kernelSIMD[T Float](int, []T, []T, *[6]*T, bool)                          {}
func copyRowsSIMD[T Float]([]T, int, []T, int, int)                            {}
func copyAtSIMD[T Float]([]T, []T, []int)                                      {}
func dotSIMD[T Float](int, []T, int, []T, []T)                                 {}
func addSIMD[T Float]([]T, []T) int                                            { return 0 }
func transposeSIMD[T Float]([]T, int, *[maxWidth]*T, int)                      {}
func stridedSIMD[T Float](int, int, *stridedPart[T], []T, []T, []T, int, bool) {}
