package philox

import "unsafe"

// A Row names one row of one stream at one run; with a column it names a
// number. The zero Index and Run go with RowKey.
type Row struct {
	Key   Key
	Index uint32 // global batch row
	Run   uint64 // the program's run number
}

// chunk is how many words wait on the stack between the generator and the
// conversion; both loops stay in the first-level cache.
const chunk = 256

// FillWords writes the words of columns col, col+1, ... of row r. Col is at
// least 0; it need not be a multiple of 4.
func FillWords[T uint32 | int32](dst []T, r Row, col int) {
	if odd := col % 4; odd != 0 {
		n := copy(dst, words[T](r, uint32(col/4))[odd:])
		dst, col = dst[n:], col+n
	}
	b := uint32(col / 4)
	n := vectorWords(dst, r, b)
	dst, b = dst[n:], b+uint32(n/4)
	for ; len(dst) >= 4; b++ {
		w0, w1, w2, w3 := r.block(b)
		d := (*[4]T)(dst)
		d[0], d[1], d[2], d[3] = T(w0), T(w1), T(w2), T(w3)
		dst = dst[4:]
	}
	copy(dst, words[T](r, b))
}

// words is one block as a slice, for the cut blocks at both ends of a row.
func words[T uint32 | int32](r Row, b uint32) []T {
	w0, w1, w2, w3 := r.block(b)
	return []T{T(w0), T(w1), T(w2), T(w3)}
}

// FillUniform writes Uniform of the words of columns col, col+1, ... of row r.
func FillUniform[T float32 | float64](dst []T, r Row, col int) {
	var words [chunk]uint32
	for len(dst) > 0 {
		n := min(len(dst), chunk)
		FillWords(words[:n], r, col)
		for i, w := range words[:n] {
			dst[i] = T(Uniform(w))
		}
		dst, col = dst[n:], col+n
	}
}

// FillNormal writes Normal of the words of columns col, col+1, ... of row r.
func FillNormal[T float32 | float64](dst []T, r Row, col int) {
	var part [chunk]float32
	var z T
	single := unsafe.Sizeof(z) == unsafe.Sizeof(part[0])
	for len(dst) > 0 {
		n := min(len(dst), chunk)
		if single { // in place
			fillNormal(unsafe.Slice((*float32)(unsafe.Pointer(&dst[0])), n), r, col)
		} else {
			fillNormal(part[:n], r, col)
			for i, x := range part[:n] {
				dst[i] = T(x)
			}
		}
		dst, col = dst[n:], col+n
	}
}

// fillNormal is FillNormal for a chunk. Words wait in the place of their normals.
func fillNormal(dst []float32, r Row, col int) {
	words := unsafe.Slice((*uint32)(unsafe.Pointer(&dst[0])), len(dst))
	FillWords(words, r, col)
	if done := vectorNormals(dst); done < len(dst) {
		normals(dst[done:], words[done:])
	}
}

// normals writes Normal of up to a chunk of words, which may lie in dst. It goes
// over them in two loops: each is a short chain of operations, so that the
// processor overlaps more columns than Normal itself would let it.
func normals(dst []float32, words []uint32) {
	var x, w [chunk]float32
	for i, word := range words {
		x[i] = symmetric(word)
		w[i] = negLog(oneMinusSquare(x[i]))
	}
	for i := range dst {
		dst[i] = quantile(x[i], w[i])
	}
}

// block is the words of columns 4b to 4b+3.
func (r Row) block(b uint32) (w0, w1, w2, w3 uint32) {
	return rounds(r.Key[0], r.Key[1], b, r.Index, uint32(r.Run), uint32(r.Run>>32))
}
