package cpu

import (
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/winograd"
	"ganengine/engine/internal/isa"
)

// TestSavesEnough: 16 tiles are enough without AVX-512, and 32 with it; 8 are not, nor is
// what takes hardly fewer multiplications since its channels fill no panel.
func TestSavesEnough(t *testing.T) {
	for _, c := range []struct {
		images, channels int
		wide, want       bool
	}{{1, 64, false, true}, {1, 64, true, false}, {2, 64, true, true}, {2, 3, false, false}} {
		conv := convtest.Square(c.images, 32, c.channels, 128, 4, 2, 1) // 16 tiles an image
		d := &Device{winograd: winograd.New(nil, isa.Machine()), wideVectors: c.wide}
		work := int64(2 * conv.N * conv.P * conv.Q * conv.K * conv.R * conv.S * conv.C)
		if got := d.savesEnough(&productStep{form: convForward, conv: conv}, work); got != c.want {
			t.Errorf("%d images of %d channels, AVX-512 %t: %t", c.images, c.channels, c.wide, got)
		}
	}
	eight := convtest.Square(2, 16, 128, 256, 4, 2, 1)
	d := &Device{winograd: winograd.New(nil, isa.Machine())}
	if d.savesEnough(&productStep{form: convForward, conv: eight}, int64(2*2*8*8*256*16*128)) {
		t.Error("8 tiles are taken to save enough")
	}
}
