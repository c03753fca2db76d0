package gemm

import "ganengine/engine/internal/isa"

func vectorTiles(have isa.Set) (all []Tiles) {
	avx2, avx512 := tileNeeds.Split("AVX2")
	if have.Runs(avx512) {
		all = append(all, Tiles{Name: "avx512", Lanes: 16, Rows: 8, rows: rowsAVX512, columns: columnsAVX512})
	}
	if have.Runs(avx2) {
		all = append(all, Tiles{Name: "avx2", Lanes: 8, Rows: 6, rows: rowsAVX2, columns: columnsAVX2})
	}
	return all
}

func rowsAVX512(panels int, a []float32, step int, b, c []float32) {
	tileRowsWide(panels, &a[0], step, &b[0], &c[0])
}

func columnsAVX512(k int, a, b, c []float32) {
	for i := 0; i < TileWidth; i += 8 {
		tileColumnsWide(k, &a[i], &b[0], &c[i*TileWidth])
	}
}

func rowsAVX2(panels int, a []float32, step int, b, c []float32) {
	tileRowsAVX2(panels, &a[0], step, &b[0], &c[0])
}

// nearTerms is how many terms of two panels' halves lie in the first cache.
const nearTerms = 128

// columnsAVX2 makes tiles of 6 and of 5 rows, since 32 is no multiple of 6. It asks
// for the panel behind b, which is the next one's.
func columnsAVX2(k int, a, b, c []float32) {
	clear(c)
	parts := ceil(k, nearTerms)
	for part := range parts {
		p, end := part*k/parts, (part+1)*k/parts
		for j := 0; j < TileWidth; j += 16 {
			ahead := 4 * k * TileWidth
			for i := 0; i < TileWidth; {
				at, row, sum := &a[p*TileWidth+i], &b[p*TileWidth+j], &c[i*TileWidth+j]
				if i < 12 {
					tileColumns6AVX2(end-p, at, row, sum, ahead)
					i += 6
				} else {
					tileColumns5AVX2(end-p, at, row, sum, ahead)
					i += 5
				}
				ahead = 0
			}
		}
	}
}
