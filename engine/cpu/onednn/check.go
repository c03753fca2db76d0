//go:build linux && cgo

package onednn

import "fmt"

func (c Conv) check() error {
	for _, n := range [...]int{c.N, c.H, c.W, c.C, c.K, c.R, c.S, c.P, c.Q, c.Stride[0], c.Stride[1], c.Groups} {
		if n < 1 {
			return fmt.Errorf("convolution %v: sizes, strides and groups must be at least 1", c)
		}
	}
	if c.C%c.Groups != 0 || c.K%c.Groups != 0 {
		return fmt.Errorf("convolution %v: groups must divide the channels of x and y", c)
	}
	p := (c.H+c.Pad[0]+c.Pad[1]-c.R)/c.Stride[0] + 1
	q := (c.W+c.Pad[2]+c.Pad[3]-c.S)/c.Stride[1] + 1
	if c.P != p || c.Q != q {
		return fmt.Errorf("convolution %v: these sizes, strides and pads give y[%d,%d,%d,%d]", c, c.N, p, q, c.K)
	}
	return nil
}

// A matrix is one operand of a MatMul as stored.
type matrix struct{ rows, cols, ld int }

// stored returns a, b and c with their row lengths filled in.
func (m MatMul) stored() (a, b, c matrix) {
	a, b, c = matrix{m.M, m.K, m.LDA}, matrix{m.K, m.N, m.LDB}, matrix{m.M, m.N, m.LDC}
	if m.TransA {
		a.rows, a.cols = a.cols, a.rows
	}
	if m.TransB {
		b.rows, b.cols = b.cols, b.rows
	}
	for _, t := range [...]*matrix{&a, &b, &c} {
		if t.ld == 0 {
			t.ld = t.cols
		}
	}
	return a, b, c
}

func (m MatMul) check() error {
	if min(m.Batch, m.M, m.N, m.K) < 1 {
		return fmt.Errorf("matrix product %v: sizes must be at least 1", m)
	}
	a, b, c := m.stored()
	if a.ld < a.cols || b.ld < b.cols || c.ld < c.cols {
		return fmt.Errorf("matrix product %v: rows of a, b, c need %d, %d, %d elements", m, a.cols, b.cols, c.cols)
	}
	return nil
}
