package gemm

import "unsafe"

// pack copies elements (i0..i1, p0..p1) of o into panels of width free indices,
// each panel a row of width for every p. The last panel is filled up with zeros.
func (t *task[T]) pack(dst []T, width int, o *operand[T], i0, i1, p0, p1 int) {
	k := p1 - p0
	if o.view == filterTaps || o.view == strided && o.red != 1 {
		t.packRows(dst, width, o, i0, i1-i0, p0, p1)
		return
	}
	if o.view == spread {
		o.patches.locate(t.pixels[:k], p0)
		t.tap = -1
	}
	for i := i0; i < i1; i += width {
		n := min(width, i1-i)
		panel := dst[:k*width]
		dst = dst[k*width:]
		switch o.view {
		case gathered:
			t.gather(panel, width, o, i, n, p0, p1)
		case spread:
			t.spread(panel, width, o, i, n, k)
		default:
			t.transposeRows(panel, width, o, i, n, p0, p1)
		}
	}
}

// packRows is pack for an operand whose free indices lie side by side.
func (t *task[T]) packRows(dst []T, width int, o *operand[T], i, n, p0, p1 int) {
	k := p1 - p0
	if o.view == strided {
		t.copyRows(dst, k, width, o.data[i*o.free+p0*o.red:], o.red, n, k)
		return
	}
	g := &o.taps
	for p := p0; p < p1; { // (t, u, filter)
		filter, tap := p%g.depth, p/g.depth
		run := min(g.depth-filter, p1-p)
		at := g.base + tap/g.cols*g.row + tap%g.cols*g.col + filter*o.red + i
		t.copyRows(dst[(p-p0)*width:], k, width, o.data[at:], o.red, n, run)
		p += run
	}
}

// copyRows fills rows of panels of k rows each from as many rows of n values. It goes
// along the longer of both directions: what lies side by side is read at once.
func (t *task[T]) copyRows(dst []T, k, width int, src []T, stride, n, rows int) {
	whole := 0
	if t.simd {
		if whole = n / width; whole > 1 {
			for p := range rows {
				copyRowsSIMD(dst[p*width:(whole-1)*k*width+(p+1)*width], k*width, width, src[p*stride:p*stride+whole*width], width, whole)
			}
		} else if whole == 1 {
			copyRowsSIMD(dst[:rows*width], width, width, src[:(rows-1)*stride+width], stride, rows)
		}
	}
	for i := whole * width; i < n; i += width {
		last := min(width, n-i)
		for p := range rows {
			row := dst[i*k+p*width : i*k+(p+1)*width]
			clear(row[copy(row, src[p*stride+i:p*stride+i+last]):])
		}
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
	for p := p0; p < p1; {
		c, tap := p%g.c, p/g.c
		r, s := tap/g.s, tap%g.s
		run := g.c - c
		if whole {
			run += (g.s - 1 - s) * g.c
		}
		run = min(run, p1-p)
		var rows [maxWidth]*T
		for l := range rows[:width] {
			rows[l] = &t.zeros[0]
		}
		for l, px := range at {
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
		run := min(g.c-c, n-l)
		if t.simd && run == maxWidth {
			t.locateTap(g, tap, k)
			copyAtSIMD(panel[:k*width], o.data[c:], t.at[:k])
			return
		}
		if g.c == g.ld {
			run = min(g.c*(g.s-tap%g.s)-c, n-l)
		}
		for p, px := range t.pixels[:k] {
			copyTaps(g, panel[p*width+l:p*width+l+run], o.data, px, tap/g.s, tap%g.s, c)
		}
		l += run
	}
}

// locateTap finds where the k located pixels have their values at a tap,
// negative outside the image. Neighbouring panels ask for the same tap.
func (t *task[T]) locateTap(g *patches, tap, k int) {
	if t.tap == tap {
		return
	}
	t.tap = tap
	r, s := tap/g.s, tap%g.s
	for p, px := range t.pixels[:k] {
		off, ok := g.offset(px, r, s)
		if !ok {
			off = -1
		}
		t.at[p] = off
	}
}

// transpose stores n columns of width rows one after the other.
func (t *task[T]) transpose(dst []T, width int, rows *[maxWidth]*T, n int) {
	dst = dst[:n*width]
	if t.simd && n >= 8 {
		whole := n &^ 7
		transposeSIMD(dst, width, rows, whole)
		if whole == n {
			return
		}
		// The last eight columns again, the first of them for the second time.
		for l := range rows[:width] {
			rows[l] = &unsafe.Slice(rows[l], n)[n-8]
		}
		transposeSIMD(dst[(n-8)*width:], width, rows, 8)
		return
	}
	for l := range width {
		for p, v := range unsafe.Slice(rows[l], n) {
			dst[p*width+l] = v
		}
	}
}
