//go:build linux && cgo

package onednn

import "testing"

func TestChildMatMul(t *testing.T) {
	l := child(t)
	for _, m := range []MatMul{
		{Batch: 1, M: 5, N: 7, K: 3},
		{Batch: 1, M: 64, N: 48, K: 100, TransA: true},
		{Batch: 1, M: 33, N: 65, K: 129, TransB: true},
		{Batch: 1, M: 16, N: 8, K: 24, TransA: true, TransB: true},
		{Batch: 1, M: 9, N: 1, K: 500},
		{Batch: 1, M: 1, N: 90, K: 50},
		{Batch: 3, M: 17, N: 19, K: 23},
		{Batch: 4, M: 8, N: 8, K: 16, TransB: true},
		{Batch: 1, M: 6, N: 10, K: 12, LDA: 16, LDB: 11, LDC: 13},
		{Batch: 2, M: 6, N: 10, K: 12, TransA: true, LDA: 9, LDB: 20, LDC: 10},
	} {
		t.Run(m.String(), func(t *testing.T) {
			p, err := l.MatMul(m)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			a, b, c := m.stored()
			size := func(t matrix) int { return m.Batch * t.rows * t.ld }
			data := operands(t, [3]int{size(a), size(b), size(c)})
			execute(t, p, data, 2)
			m.verify(t, data)
		})
	}
}

// verify checks a product written over zeros, which the gaps between rows keep.
func (m MatMul) verify(t *testing.T, data [3][]float32) {
	a, b, c := m.stored()
	at := func(t matrix, i, row, col int, transposed bool) int {
		if transposed {
			row, col = col, row
		}
		return (i*t.rows+row)*t.ld + col
	}
	written := map[int]bool{}
	for e := range m.Batch * m.M * m.N {
		i, row, col := e/(m.M*m.N), e/m.N%m.M, e%m.N
		var s sum
		for k := range m.K {
			s.add(data[0][at(a, i, row, k, m.TransA)], data[1][at(b, i, k, col, m.TransB)])
		}
		o := at(c, i, row, col, false)
		written[o] = true
		if !s.close(data[2][o]) {
			t.Fatalf("c[%d][%d,%d] is %v, should be %v", i, row, col, data[2][o], s.value)
		}
	}
	for o, v := range data[2] {
		if !written[o] && v != 0 {
			t.Fatalf("element %d, between rows, was written", o)
		}
	}
}
