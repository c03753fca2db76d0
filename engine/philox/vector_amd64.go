package philox

import "unsafe"

//go:generate go run ./internal/gen -out philox_amd64.s -stubs stubs_amd64.go -needs needs_amd64.go -pkg philox

// vectorWords writes words of whole groups, from block b on; it says how many.
func vectorWords[T uint32 | int32](dst []T, r Row, b uint32) int {
	n := len(dst) / group
	if n == 0 {
		return 0
	}
	key := [2]uint32(r.Key)
	counter := [4]uint32{b, r.Index, uint32(r.Run), uint32(r.Run >> 32)}
	wordsAVX2((*uint32)(unsafe.Pointer(&dst[0])), n, &key, &counter)
	return n * group
}

// vectorNormals turns words, held as bits, into normals; it says how many.
func vectorNormals(x []float32) int {
	n := len(x) &^ 7
	if n == 0 {
		return 0
	}
	normalsAVX2(&x[0], n)
	return n
}
