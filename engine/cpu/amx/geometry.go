package amx

import "ganengine/engine/cpu/gemm"

// axis is one direction of a convolution: which pixel of the source a tap of a
// pixel of the result meets.
type axis struct {
	source, result    int // pixels
	taps, stride, pad int
	backwards         bool // the source is the convolution's result
}

// meets is the source's pixel, and whether there is one.
func (a *axis) meets(result, tap int) (int, bool) {
	if !a.backwards {
		i := result*a.stride - a.pad + tap
		return i, i >= 0 && i < a.source
	}
	i := result + a.pad - tap
	return i / a.stride, i >= 0 && i%a.stride == 0 && i/a.stride < a.source
}

// span is the range of the source's pixels that those of a range of the result meet.
func (a *axis) span(from, to int) (low, high int) {
	low = a.source
	for i := from; i < to; i++ {
		for t := range a.taps {
			if at, ok := a.meets(i, t); ok {
				low, high = min(low, at), max(high, at+1)
			}
		}
	}
	return min(low, high), high
}

// longest is the length of the longest span of the ranges of so many pixels.
func (a *axis) longest(each int) int {
	most := 0
	for i := 0; i < a.result; i += each {
		low, high := a.span(i, min(i+each, a.result))
		most = max(most, high-low)
	}
	return most
}

// source is an image whose pixels are packed: the convolution's, its result, or
// the patches of an image.
type source struct {
	data         []uint16
	n, h, w, c   int
	conv         gemm.Conv // whose patches they are, where gathered
	gathered     bool
	patch, depth int // elements of a row of patches; blocks of channels
}

// patches is the image that a convolution's source is: itself, or where a tap has
// so few channels that they would leave most of a block empty, patches.
func patches(c gemm.Conv) (source, axis, axis) {
	down := axis{source: c.H, result: c.P, taps: c.R, stride: c.StrideH, pad: c.PadTop}
	across := axis{source: c.W, result: c.Q, taps: c.S, stride: c.StrideW, pad: c.PadLeft}
	s := source{n: c.N, h: c.H, w: c.W, c: c.C, conv: c}
	all := c.R * c.S * c.C
	if c.S*c.C <= width && ceil(all, width) < c.R*c.S {
		s.gathered, s.h, s.w, s.c = true, c.P, c.Q, all
		down = axis{source: c.P, result: c.P, taps: 1, stride: 1}
		across = axis{source: c.Q, result: c.Q, taps: 1, stride: 1}
	}
	s.depth = ceil(s.c, width)
	s.patch = (s.depth + 1) * width // runs are written whole, the last one beyond
	return s, down, across
}

// reserve makes room for patches.
func (e *Engine) reserve(s *source, program int) {
	for i := range e.scratch {
		w := &e.scratch[i]
		if s.gathered && len(w.patch) < width*s.patch {
			w.patch = make([]uint16, width*s.patch)
		}
		if len(w.program) < program {
			w.program = make([]int64, program)
		}
	}
}

// packPixel packs the channels from to to, in blocks, of one pixel of a block of
// images. The blocks of channels lie step elements apart.
func (e *Engine) packPixel(w *scratch, s *source, how packing, images, h, x, from, to int, dst []uint16, step int) {
	rows := min(s.n-images*width, width)
	if s.gathered {
		e.gather(w, s, images*width, rows, h, x)
		for b := from; b < to; b++ {
			e.pack(w, how, &dst[(b-from)*step], &w.patch[b*width], 2*s.patch, rows, 1<<width-1)
		}
		return
	}
	at, next := ((images*width*s.h+h)*s.w+x)*s.c, 2*s.h*s.w*s.c
	for b := from; b < to; b++ {
		e.pack(w, how, &dst[(b-from)*step], &s.data[at+b*width], next, rows, mask(s.c, b*width))
	}
}

// gather makes the patches of one pixel of the result.
func (e *Engine) gather(w *scratch, s *source, first, rows, p, q int) {
	c := &s.conv
	top, left := p*c.StrideH-c.PadTop, q*c.StrideW-c.PadLeft
	low, high := max(0, -left), min(c.S, c.W-left)
	if low > 0 || high < c.S || top < 0 || top+c.R > c.H {
		clear(w.patch[:width*s.patch])
	}
	if low >= high {
		return
	}
	for r := max(0, -top); r < min(c.R, c.H-top); r++ {
		at := ((first*c.H+top+r)*c.W + left + low) * c.C
		e.kernel.rows(&w.patch[(r*c.S+low)*c.C], 2*s.patch, &s.data[at], 2*c.H*c.W*c.C, rows, mask((high-low)*c.C, 0))
	}
}
