package gemm

// An operand is a view of an array as a matrix of elements (f, p): f is free,
// an index of the result, and p is summed over.
type operand[T Float] struct {
	data []T
	step int // from one product of a batch to the next
	view view

	// strided: element f*free + p*red, one of which is 1. filterTaps: free is 1
	// and red is the stride of the filter number.
	free, red int

	patches patches // gathered, spread
	taps    taps    // filterTaps
}

type view uint8

const (
	strided    view = iota // a matrix
	gathered               // f is a pixel of the result, p a tap: (row, column, channel)
	spread                 // f is a tap, p a pixel
	filterTaps             // f is a channel, p (row, column, filter number)
)

// patches reads an NHWC image: the value of pixel (n, p, q) at tap (r, s, c) is
// x[n, p*strideH-padTop+r, q*strideW-padLeft+s, c], and zero outside.
type patches struct {
	h, w, c          int // the image, and the channels of a tap
	ld               int // elements between neighbouring pixels
	s                int // columns of taps
	p, q             int // rows and columns of pixels
	strideH, strideW int
	padTop, padLeft  int
}

// taps places filter value (t, u, k) at base + t*row + u*col + k*red, with
// cols values of u and depth values of k.
type taps struct {
	base, row, col int
	cols, depth    int
}

// pixel is where a pixel's patch starts: its image and its first row and
// column, which padding puts outside the image.
type pixel struct{ image, h, w int }

// locate stores pixel i and those after it.
func (g *patches) locate(at []pixel, i int) {
	q, rest := i%g.q, i/g.q
	p, n := rest%g.p, rest/g.p
	for k := range at {
		at[k] = pixel{n * g.h * g.w * g.ld, p*g.strideH - g.padTop, q*g.strideW - g.padLeft}
		if q++; q == g.q {
			q = 0
			if p++; p == g.p {
				p = 0
				n++
			}
		}
	}
}

// offset is where the value at row r and column s of the patch lies, if it lies
// inside the image.
func (g *patches) offset(at pixel, r, s int) (int, bool) {
	h, w := at.h+r, at.w+s
	return at.image + (h*g.w+w)*g.ld, uint(h) < uint(g.h) && uint(w) < uint(g.w)
}

// copyTaps copies a pixel's values from channel c of the tap at row r and column
// s on, along the row of taps. Only where taps are whole pixels may dst reach
// into the next one.
func copyTaps[T Float](g *patches, dst, x []T, at pixel, r, s, c int) {
	if at.w+s >= 0 && at.w+s+ceil(c+len(dst), g.c) <= g.w {
		if off, ok := g.offset(at, r, s); ok {
			copy(dst, x[off+c:off+c+len(dst)])
		} else {
			clear(dst)
		}
		return
	}
	for len(dst) > 0 {
		n := min(g.c-c, len(dst))
		if off, ok := g.offset(at, r, s); ok {
			copy(dst[:n], x[off+c:off+c+n])
		} else {
			clear(dst[:n])
		}
		dst, s, c = dst[n:], s+1, 0
	}
}
