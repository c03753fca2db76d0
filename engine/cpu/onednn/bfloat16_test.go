//go:build linux && cgo

package onednn

import (
	"errors"
	"testing"
	"unsafe"
)

// TestChildBFloat16 accepts a kernel or ErrUnsupported, as the machine has it,
// and no other error.
func TestChildBFloat16(t *testing.T) {
	l := child(t)
	c := square(2, 4, 8, 8, 3, 1, 1)
	c.DType, c.WideResult = BFloat16, true
	for _, d := range directions {
		p, err := d.prepare(l, c)
		if err != nil {
			if !errors.Is(err, ErrUnsupported) {
				t.Errorf("%s: %v", d.name, err)
			}
			continue
		}
		t.Logf("%s: %s", d.name, p.Implementation())
		checkOnes(t, p, c, d.result)
	}
}

// checkOnes convolves ones, so that each element of the float32 result counts
// its terms.
func checkOnes(t *testing.T, p *Primitive, c Conv, result int) {
	t.Helper()
	sizes := c.sizes()
	m := [3][]float32{}
	for i, n := range sizes {
		m[i] = floats(t, n)
		ones := unsafe.Slice((*uint16)(unsafe.Pointer(&m[i][0])), n)
		for j := range ones {
			ones[j] = 0x3f80
		}
	}
	run(t, p, m, newMemory(t, int(p.WorkspaceBytes())))
	want := make([]float32, sizes[result])
	c.triad(func(x, w, y int) { want[[3]int{x, w, y}[result]]++ })
	if i := firstDifference(want, m[result]); i >= 0 {
		t.Errorf("element %d is %v, should be %v", i, m[result][i], want[i])
	}
}
