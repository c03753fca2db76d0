//go:build cuda && cgo && linux

package cuda

import (
	"testing"

	"ganengine/cuda/cudnn"
	"ganengine/engine/debug"
	"ganengine/kernels"
)

// TestRival: package kernels' product competes in every direction and type, on
// operands that it reads as what they are.
func TestRival(t *testing.T) {
	d := open(t, debug.Switches{}).(*Device)
	if err := d.enter(); err != nil {
		t.Fatal(err)
	}
	defer d.leave()
	c := cudnn.Conv{N: 2, H: 6, W: 4, C: 5, K: 7, R: 3, S: 2, P: 3, Q: 2, Stride: [2]int{2, 2}, Pad: [4]int{1, 0, 0, 0}, Groups: 1}
	for c.Type = range cudnn.BFloat16 + 1 {
		for c.Direction = range cudnn.FilterGrad + 1 {
			took, ok, err := d.rival(c)
			if err != nil || !ok || took <= 0 {
				t.Errorf("%v: %v, %v, %v", c, took, ok, err)
			}
			q, err := kernels.Conv(kernels.Direction(c.Direction), ownShape(c), precision(c.Type))
			if err != nil {
				t.Fatal(err)
			}
			own, err := d.newOwnTrial(c, q)
			if err != nil {
				t.Fatal(err)
			}
			if wrong, err := own.wrong(); err != nil || wrong != "" {
				t.Errorf("%v: %s, %v", c, wrong, err)
			}
			if err := own.close(); err != nil {
				t.Error(err)
			}
		}
	}
	c.Groups, c.C, c.K = 0, 1, 1
	if _, ok, err := d.rival(c); ok || err != nil {
		t.Errorf("what package kernels does not compute competes: %v, %v", ok, err)
	}
}
