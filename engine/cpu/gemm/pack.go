package gemm

import "unsafe"

// pack copies elements (i0..i1, p0..p1) of o into panels of width free indices,
// each panel a row of width for every p. The last panel is filled up with zeros.
func (t *task[T]) pack(dst []T, width int, o *operand[T], i0, i1, p0, p1 int) {
	k := p1 - p0
	if o.view == spread {
		o.patches.locate(t.pixels[:k], p0)
	}
	for i := i0; i < i1; i += width {
		n := min(width, i1-i)
		panel := dst[:k*width]
		dst = dst[k*width:]
		switch {
		case o.view == gathered:
			t.gather(panel, width, o, i, n, p0, p1)
		case o.view == spread:
			t.spread(panel, width, o, i, n, k)
		case o.view == filterTaps:
			copyTaps(panel, width, o, i, n, p0, p1)
		case o.red == 1:
			t.transposeRows(panel, width, o, i, n, p0, p1)
		default:
			copyRows(panel, width, o.data[i*o.free+p0*o.red:], o.red, n, k)
		}
	}
}

// copyRows fills a panel from k rows of n values.
func copyRows[T Float](panel []T, width int, src []T, stride, n, k int) {
	switch {
	case n == 16 && width == 16:
		for p := range k {
			*(*[16]T)(panel[p*16:]) = *(*[16]T)(src[p*stride:])
		}
	case n == 6 && width == 6:
		for p := range k {
			*(*[6]T)(panel[p*6:]) = *(*[6]T)(src[p*stride:])
		}
	default:
		for p := range k {
			row := panel[p*width : (p+1)*width]
			clear(row[copy(row, src[p*stride:p*stride+n]):])
		}
	}
}

// copyTaps fills a panel with n channels of filters, p = (t, u, filter).
func copyTaps[T Float](panel []T, width int, o *operand[T], i, n, p0, p1 int) {
	g := &o.taps
	for p := p0; p < p1; {
		filter, tap := p%g.depth, p/g.depth
		run := min(g.depth-filter, p1-p)
		at := g.base + tap/g.cols*g.row + tap%g.cols*g.col + filter*o.red + i
		copyRows(panel[(p-p0)*width:], width, o.data[at:], o.red, n, run)
		p += run
	}
}

// transposeRows fills a panel from n rows that run along p.
func (t *task[T]) transposeRows(panel []T, width int, o *operand[T], i, n, p0, p1 int) {
	var rows [maxWidth]*T
	for l := range width {
		rows[l] = &t.zeros[0]
		if l < n {
			rows[l] = &o.data[(i+l)*o.free+p0 : (i+l)*o.free+p1][0]
		}
	}
	t.transpose(panel, width, &rows, p1-p0)
}

// gather fills a panel with the patches of n pixels. A run of taps that is
// contiguous for every pixel is transposed at once: the channels of one tap,
// or a whole row of taps where no pixel of the panel touches the sides.
func (t *task[T]) gather(panel []T, width int, o *operand[T], i, n, p0, p1 int) {
	g := &o.patches
	at := t.pixels[:n]
	g.locate(at, i)
	whole := g.c == g.ld
	for _, px := range at {
		whole = whole && px.w >= 0 && px.w+g.s <= g.w
	}
	var rows [maxWidth]*T
	for l := n; l < width; l++ {
		rows[l] = &t.zeros[0]
	}
	for p := p0; p < p1; {
		c, tap := p%g.c, p/g.c
		r, s := tap/g.s, tap%g.s
		run := g.c - c
		if whole {
			run += (g.s - 1 - s) * g.c
		}
		run = min(run, p1-p)
		for l, px := range at {
			rows[l] = &t.zeros[0]
			if off, ok := g.offset(px, r, s); ok {
				rows[l] = &o.data[off+c : off+c+run][0]
			}
		}
		t.transpose(panel[(p-p0)*width:], width, &rows, run)
		p += run
	}
}

// spread fills a panel with n taps from i of k pixels, located before.
func (t *task[T]) spread(panel []T, width int, o *operand[T], i, n, k int) {
	g := &o.patches
	if n < width {
		clear(panel)
	}
	for l := 0; l < n; {
		c, tap := (i+l)%g.c, (i+l)/g.c
		r, s := tap/g.s, tap%g.s
		run := min(g.c-c, n-l)
		for p, px := range t.pixels[:k] {
			dst := panel[p*width+l : p*width+l+run]
			off, ok := g.offset(px, r, s)
			switch {
			case !ok:
				clear(dst)
			case run == 16:
				*(*[16]T)(dst) = *(*[16]T)(o.data[off+c:])
			default:
				copy(dst, o.data[off+c:off+c+run])
			}
		}
		l += run
	}
}

// transpose stores n columns of width rows one after the other.
func (t *task[T]) transpose(dst []T, width int, rows *[maxWidth]*T, n int) {
	done := 0
	if t.simd && n >= 8 {
		done = n &^ 7
		transposeSIMD(dst[:done*width], width, rows, done)
	}
	if done == n {
		return
	}
	dst = dst[:n*width]
	for l := range width {
		for p, v := range unsafe.Slice(rows[l], n)[done:] {
			dst[(done+p)*width+l] = v
		}
	}
}
