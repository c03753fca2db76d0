package gemm

import "math"

// Products of bf16 values are sums over pairs of terms, as AVX512_BF16 takes
// them: a lane of 32 bits holds terms 2p and 2p+1, the first in its lower half.
// A tile is TileRows×TileWidth sums in float32. Engine does not compute in bf16
// yet, so nothing but tests calls them. Panels are slices of bf16's bits:
//
//	B          [pair][TileWidth][2]: element p of column j is b[p/2*2*TileWidth + 2*j + p%2]
//	A, rows    [block][row][TileWidth]: element p of row i is a[p/TileWidth*step + i*TileWidth + p%TileWidth]
//	A, columns [pair][row][2]: element p of row i is a[p/2*step + 2*i + p%2]
//
// The first form of A is for values whose terms lie side by side in memory, such
// as channels; the second, and B, for values of which two neighbouring terms'
// rows are interleaved. step is the distance of blocks, or of pairs, in elements.
// A last block may end after the last pair; an odd number of terms is filled up
// with a zero in both operands.
//
// VDPBF16PS takes subnormal operands and results for zeros, and rounds to the
// nearest even after each of a lane's two additions. A tile's sums are added in
// the order of the pairs, whatever else is computed.

// HavePairs says whether the CPU has AVX512_BF16. Elsewhere SumPairRows and
// SumPairColumns are plain loops with other roundings.
func HavePairs() bool { return havePairs }

// SumPairRows stores in c, TileRows rows of TileWidth, the product of A in the
// form of rows and a panel of B, or adds it to c.
func SumPairRows(pairs int, a []uint16, step int, b []uint16, c []float32, accumulate, fast bool) {
	b, c = b[:pairs*2*TileWidth], c[:TileRows*TileWidth]
	if pairs > 0 {
		last := (pairs - 1) / (TileWidth / 2)
		a = a[:last*step+(TileRows-1)*TileWidth+2*(pairs-last*TileWidth/2)]
	}
	if fast && pairs > 0 {
		sumPairRows(pairs, a, step, b, c, accumulate)
		return
	}
	sumPairs(pairs, b, c, accumulate, func(i, p int) int {
		return p/TileWidth*step + i*TileWidth + p%TileWidth
	}, a)
}

// SumPairColumns is SumPairRows for A in the form of columns.
func SumPairColumns(pairs int, a []uint16, step int, b []uint16, c []float32, accumulate, fast bool) {
	b, c = b[:pairs*2*TileWidth], c[:TileRows*TileWidth]
	if pairs > 0 {
		a = a[:(pairs-1)*step+2*TileRows]
	}
	if fast && pairs > 0 {
		sumPairColumns(pairs, a, step, b, c, accumulate)
		return
	}
	sumPairs(pairs, b, c, accumulate, func(i, p int) int { return p/2*step + 2*i + p%2 }, a)
}

// sumPairs is the sums in plain Go; at is where element p of row i lies in a.
func sumPairs(pairs int, b []uint16, c []float32, accumulate bool, at func(i, p int) int, a []uint16) {
	if !accumulate {
		clear(c)
	}
	for i := range TileRows {
		for p := range 2 * pairs {
			v := fromBF16(a[at(i, p)])
			for j := range TileWidth {
				c[i*TileWidth+j] += v * fromBF16(b[p/2*2*TileWidth+2*j+p%2])
			}
		}
	}
}

func fromBF16(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }
