package vec

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// nearestBF16 rounds through an exact 8-bit float of package big.
func nearestBF16(f float32) uint16 {
	if f != f || math.IsInf(float64(f), 0) || f == 0 || math.Abs(float64(f)) < 0x1p-126 {
		panic("only for normal numbers")
	}
	v, _ := new(big.Float).SetPrec(8).SetMode(big.ToNearestEven).SetFloat64(float64(f)).Float32()
	return uint16(math.Float32bits(v) >> 16)
}

func TestBF16(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, o := range sets() {
		narrow, wide, back := make([]uint16, 1<<16), make([]float32, 1<<16), make([]uint16, 1<<16+1)
		for i := range narrow {
			narrow[i] = uint16(i)
		}
		o.FromBF16(wide, narrow)
		o.ToBF16(back[:1<<16], wide)
		for i, w := range wide {
			want := uint16(i)
			if w != w {
				want |= 0x40
			} else if got := math.Float32bits(w); got != uint32(i)<<16 {
				t.Fatalf("%s: %#x widens to %#x", o.Name(), i, got)
			}
			if back[i] != want {
				t.Fatalf("%s: %#x comes back as %#x", o.Name(), i, back[i])
			}
		}
		for n := range 140 {
			x, dst := make([]float32, n), make([]uint16, n+1)
			dst[n] = 77
			for i := range x {
				for x[i] == 0 || !(math.Abs(float64(x[i])) < math.MaxFloat32/2 && math.Abs(float64(x[i])) > 0x1p-126) {
					x[i] = math.Float32frombits(r.Uint32() &^ (r.Uint32() & 0x7fff)) // ties too
				}
			}
			o.ToBF16(dst[:n], x)
			for i, v := range x {
				if want := nearestBF16(v); dst[i] != want {
					t.Fatalf("%s: %g becomes %#x, want %#x", o.Name(), v, dst[i], want)
				}
			}
			if dst[n] != 77 {
				t.Fatalf("%s: wrote past %d", o.Name(), n)
			}
		}
	}
}

// TestFromBF16 of every length: tails are widened like the rest, and nothing behind.
func TestFromBF16(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for _, o := range sets() {
		for n := range 140 {
			x := make([]uint16, n)
			for i := range x {
				x[i] = uint16(r.Uint32())
			}
			dst, check := fenced(t, n, n%4)
			o.FromBF16(dst, x)
			check()
			for i, v := range x {
				if got, want := math.Float32bits(dst[i]), uint32(v)<<16; got != want {
					t.Fatalf("%s: number %d of %d, %#x, widens to %#x, want %#x", o.Name(), i, n, v, got, want)
				}
			}
		}
	}
}

func TestFromUint8(t *testing.T) {
	for _, o := range sets() {
		for n := range 300 {
			x := make([]uint8, n)
			for i := range x {
				x[i] = uint8(i * 7)
			}
			dst, check := fenced(t, n, n%4)
			o.FromUint8(dst, x, 2.0/255, -1)
			check()
			scale := float32(2.0 / 255)
			for i, v := range x {
				if want := float32(float32(v)*scale) - 1; dst[i] != want {
					t.Fatalf("%s: %d becomes %g, want %g", o.Name(), v, dst[i], want)
				}
			}
		}
	}
}

func TestConvertAndBooleans(t *testing.T) {
	i32 := make([]int32, 4)
	Convert(i32, []float32{1.9, -1.9, 0, 1 << 24})
	for i, want := range []int32{1, -1, 0, 1 << 24} {
		if i32[i] != want {
			t.Errorf("to int32: %d, want %d", i32[i], want)
		}
	}
	f64, f32s := make([]float64, 2), make([]float32, 2)
	Convert(f64, []float32{0.1, 3})
	Convert(f32s, []float64{0.1, 1e300})
	if f64[0] != float64(float32(0.1)) || f32s[0] != 0.1 || !math.IsInf(float64(f32s[1]), 1) {
		t.Errorf("between floats: %v %v", f64, f32s)
	}
	b := make([]uint8, 4)
	ToBool(b, []float32{0, 1, float32(math.NaN()), float32(math.Copysign(0, -1))})
	for i, want := range []uint8{0, 1, 1, 0} {
		if b[i] != want {
			t.Errorf("boolean %d: %d, want %d", i, b[i], want)
		}
	}
	mask := make([]float64, 2)
	if FromBool(mask, []uint8{0, 1}); mask[0] != 0 || mask[1] != 1 {
		t.Errorf("mask: %v", mask)
	}
}
