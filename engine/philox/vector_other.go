//go:build !amd64

package philox

import "ganengine/engine/internal/isa"

// needs is empty: there is no vector code for this processor, and no Code calls it.
var needs isa.Table

// vectorWords writes no words.
func vectorWords[T uint32 | int32]([]T, Row, uint32) int { return 0 }

// vectorNormals turns no words into normals.
func vectorNormals([]float32) int { return 0 }
