package gemm

// The products of package winograd are sums of one tile each, on panels that it
// has written itself. Panels are TileWidth wide: element x of a panel is its row
// x/TileWidth. Products of Engine's pack their operands themselves.
const (
	TileRows  = 8
	TileWidth = 32
)

// HaveTiles says whether SumRows and SumColumns are fast: the processor has
// AVX-512. Elsewhere they are plain loops with other roundings.
func HaveTiles() bool { return haveAVX512 }

// SumRows stores in c, TileRows rows of TileWidth,
//
//	c[i][j] = sum over x < panels and p < TileWidth of a[x*step + i*TileWidth + p] b[(x*TileWidth+p)*TileWidth + j].
func SumRows(panels int, a []float32, step int, b, c []float32, fast bool) {
	a, b, c = a[:(panels-1)*step+TileRows*TileWidth], b[:panels*TileWidth*TileWidth], c[:TileRows*TileWidth]
	if fast {
		sumRows(panels, a, step, b, c)
		return
	}
	clear(c)
	for x := range panels {
		for i := range TileRows {
			row := c[i*TileWidth : (i+1)*TileWidth]
			for p, v := range a[x*step+i*TileWidth : x*step+(i+1)*TileWidth] {
				addScaled(row, v, b[(x*TileWidth+p)*TileWidth:])
			}
		}
	}
}

// SumColumns stores in c, TileRows rows of TileWidth,
//
//	c[i][j] = sum over p < k of a[p*TileWidth + i] b[p*TileWidth + j].
func SumColumns(k int, a, b, c []float32, fast bool) {
	a, b, c = a[:(k-1)*TileWidth+TileRows], b[:k*TileWidth], c[:TileRows*TileWidth]
	if fast {
		sumColumns(k, a, b, c)
		return
	}
	clear(c)
	for p := range k {
		for i, v := range a[p*TileWidth : p*TileWidth+TileRows] {
			addScaled(c[i*TileWidth:(i+1)*TileWidth], v, b[p*TileWidth:])
		}
	}
}

func addScaled(sum []float32, v float32, x []float32) {
	for j, w := range x[:len(sum)] {
		sum[j] += v * w
	}
}
