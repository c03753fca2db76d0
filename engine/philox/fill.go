package philox

import (
	"unsafe"

	"ganengine/engine/internal/isa"
)

// Code is an implementation of the fills; all give the same bits. The zero value is
// plain Go loops.
type Code struct{ simd bool }

// Best is the fastest code for a processor that has these extensions.
func Best(have isa.Set) Code { return Code{have.Runs(needs)} }

// Name says which implementation it is, for logs.
func (c Code) Name() string {
	if c.simd {
		return "avx2"
	}
	return "go"
}

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

// group is how many words vector code makes at once.
const group = 32

// FillWords writes the words of columns col, col+1, ... of row r. Col is at
// least 0; it need not be a multiple of 4.
func FillWords[T uint32 | int32](c Code, dst []T, r Row, col int) {
	if odd := col % 4; odd != 0 {
		n := copy(dst, words[T](r, uint32(col/4))[odd:])
		dst, col = dst[n:], col+n
	}
	b := uint32(col / 4)
	n := 0
	if c.simd {
		n = vectorWords(dst, r, b)
	}
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
func FillUniform[T float32 | float64](c Code, dst []T, r Row, col int) {
	var words [chunk]uint32
	for len(dst) > 0 {
		n := min(len(dst), chunk)
		FillWords(c, words[:n], r, col)
		for i, w := range words[:n] {
			dst[i] = T(Uniform(w))
		}
		dst, col = dst[n:], col+n
	}
}

// FillNormal writes Normal of the words of columns col, col+1, ... of row r.
func FillNormal[T float32 | float64](c Code, dst []T, r Row, col int) {
	var part [chunk]float32
	var z T
	single := unsafe.Sizeof(z) == unsafe.Sizeof(part[0])
	for len(dst) > 0 {
		n := min(len(dst), chunk)
		if single { // in place
			c.fillNormal(unsafe.Slice((*float32)(unsafe.Pointer(&dst[0])), n), r, col)
		} else {
			c.fillNormal(part[:n], r, col)
			for i, x := range part[:n] {
				dst[i] = T(x)
			}
		}
		dst, col = dst[n:], col+n
	}
}

// FillNormalRows is FillNormal from column 0 for whole rows of cols columns, r and
// those after it, one after the other in dst. Where rows are short their words are
// turned into normals together.
func FillNormalRows[T float32 | float64](c Code, dst []T, r Row, cols int) {
	if cols > chunk/2 {
		for ; len(dst) > 0; dst, r.Index = dst[cols:], r.Index+1 {
			FillNormal(c, dst[:cols], r, 0)
		}
		return
	}
	var words [chunk]uint32
	for len(dst) > 0 {
		n := min(len(dst), chunk/cols*cols)
		for at := 0; at < n; at, r.Index = at+cols, r.Index+1 {
			c.fillShort(words[at:at+cols], r)
		}
		part := unsafe.Slice((*float32)(unsafe.Pointer(&words[0])), n)
		c.toNormals(part)
		for i, x := range part {
			dst[i] = T(x)
		}
		dst = dst[n:]
	}
}

// fillShort is FillWords from column 0 without what only long rows need.
func (c Code) fillShort(dst []uint32, r Row) {
	if len(dst) >= group {
		FillWords(c, dst, r, 0)
		return
	}
	for b := uint32(0); len(dst) > 0; b++ {
		w0, w1, w2, w3 := r.block(b)
		w := [4]uint32{w0, w1, w2, w3}
		dst = dst[copy(dst, w[:]):]
	}
}

// fillNormal is FillNormal for a chunk. Words wait in the place of their normals.
func (c Code) fillNormal(dst []float32, r Row, col int) {
	FillWords(c, unsafe.Slice((*uint32)(unsafe.Pointer(&dst[0])), len(dst)), r, col)
	c.toNormals(dst)
}

// toNormals turns up to a chunk of words, held as bits, into normals.
func (c Code) toNormals(x []float32) {
	words := unsafe.Slice((*uint32)(unsafe.Pointer(&x[0])), len(x))
	done := 0
	if c.simd {
		done = vectorNormals(x)
	}
	if done < len(x) {
		normals(x[done:], words[done:])
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
