//go:build !amd64

package gemm

// Without assembly no Engine has wide set.

const haveAVX512 = false

func vectorTiles() []Tiles { return nil }
