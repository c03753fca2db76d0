package gemm

import "ganengine/engine/internal/isa"

// TileWidth is the width of the panels of package winograd, which writes them itself.
// Element x of a panel is its row x/TileWidth. Products of Engine's pack their
// operands themselves.
const TileWidth = 32

// Tiles are the kernels of package winograd's products, for one kind of vectors.
// Each kind has its own roundings.
type Tiles struct {
	Name  string
	Lanes int // of the vectors, 1 for plain loops
	Rows  int // that SumRows computes at a time

	rows    func(panels int, a []float32, step int, b, c []float32)
	columns func(k int, a, b, c []float32)
}

// AllTiles are the kinds for a processor that has these extensions, the fastest first,
// plain loops last.
func AllTiles(have isa.Set) []Tiles {
	return append(vectorTiles(have), Tiles{Name: "go", Lanes: 1, Rows: 8, rows: plainRows, columns: plainColumns})
}

// Fast says that the tiles are of vectors.
func (t *Tiles) Fast() bool { return t.Lanes > 1 }

// SumRows stores in c, t.Rows rows of TileWidth,
//
//	c[i][j] = sum over x < panels and p < TileWidth of a[x*step + i*TileWidth + p] b[(x*TileWidth+p)*TileWidth + j].
func (t *Tiles) SumRows(panels int, a []float32, step int, b, c []float32) {
	t.rows(panels, a[:(panels-1)*step+t.Rows*TileWidth], step, b[:panels*TileWidth*TileWidth], c[:t.Rows*TileWidth])
}

// SumColumns stores in c, TileWidth rows of TileWidth,
//
//	c[i][j] = sum over p < k of a[p*TileWidth + i] b[p*TileWidth + j].
func (t *Tiles) SumColumns(k int, a, b, c []float32) {
	t.columns(k, a[:k*TileWidth], b[:k*TileWidth], c[:TileWidth*TileWidth])
}

func plainRows(panels int, a []float32, step int, b, c []float32) {
	clear(c)
	for x := range panels {
		for i := range len(c) / TileWidth {
			row := c[i*TileWidth : (i+1)*TileWidth]
			for p, v := range a[x*step+i*TileWidth : x*step+(i+1)*TileWidth] {
				addScaled(row, v, b[(x*TileWidth+p)*TileWidth:])
			}
		}
	}
}

func plainColumns(k int, a, b, c []float32) {
	clear(c)
	for p := range k {
		for i, v := range a[p*TileWidth : (p+1)*TileWidth] {
			addScaled(c[i*TileWidth:(i+1)*TileWidth], v, b[p*TileWidth:])
		}
	}
}

func addScaled(sum []float32, v float32, x []float32) {
	for j, w := range x[:len(sum)] {
		sum[j] += v * w
	}
}
