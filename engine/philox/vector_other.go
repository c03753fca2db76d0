//go:build !amd64

package philox

// vectorWords writes no words: there is no vector code for this processor.
func vectorWords[T uint32 | int32]([]T, Row, uint32) int { return 0 }

// vectorNormals turns no words into normals.
func vectorNormals([]float32) int { return 0 }
