package cpu

import (
	"testing"

	"ganengine/engine/cpu/convtest"
	"ganengine/engine/cpu/gemm"
	"ganengine/engine/cpu/winograd"
	"ganengine/engine/graph"
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

// TestPrefersLibrary: oneDNN is the first choice for bf16, and with AVX-512 for what is
// large, but not for images.
func TestPrefersLibrary(t *testing.T) {
	const large = 2 * smallWork
	image, inside := convtest.Square(8, 64, 3, 64, 4, 2, 1), convtest.Square(8, 32, 64, 128, 4, 2, 1)
	for _, c := range []struct {
		wide  bool
		dtype graph.DType
		form  form
		conv  gemm.Conv
		work  int64
		want  bool
	}{
		{false, graph.F32, convForward, image, large, false},
		{false, graph.F32, convForward, inside, large, false},
		{false, graph.BF16, convForward, inside, large, true},
		{false, graph.BF16, convInputGrad, image, large, false},
		{true, graph.F32, convForward, image, large, false},
		{true, graph.F32, convForward, inside, large, true},
		{true, graph.F32, convForward, inside, smallWork / 2, false},
		{true, graph.F64, convForward, inside, large, false},
	} {
		d := &Device{wideVectors: c.wide}
		if got := d.prefersLibrary(&productStep{form: c.form, dtype: c.dtype, conv: c.conv}, c.work); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
