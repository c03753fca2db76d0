//go:build !amd64

package gemm

import "ganengine/engine/internal/isa"

// Without assembly no Engine has wide set.

func vectorTiles(isa.Set) []Tiles { return nil }
