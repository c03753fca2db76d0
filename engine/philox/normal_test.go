package philox

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/internal/isa"
)

func TestUniformExact(t *testing.T) {
	for _, c := range []struct {
		word uint32
		want float32
	}{{0, 0}, {0xff, 0}, {0x100, 0x1p-24}, {1 << 31, 0.5}, {0xffffffff, 1 - 0x1p-24}} {
		if got := Uniform(c.word); got != c.want {
			t.Errorf("Uniform(%#x) = %v, want %v", c.word, got, c.want)
		}
	}
}

// TestNormalEveryInput compares all 2^24 distinct inputs (half of them, and
// the symmetry) with the exact inverse distribution function.
func TestNormalEveryInput(t *testing.T) {
	const limit = 4e-7 // stated in Normal's comment
	step := uint32(1)
	if testing.Short() {
		step = 61
	}
	worst, at := 0.0, uint32(0)
	for k := uint32(1 << 23); k < 1<<24; k += step {
		got := float64(Normal(k << 8))
		if Normal(^(k << 8)) != float32(-got) {
			t.Fatalf("k=%d: %v, but the mirrored word gives %v", k, got, Normal(^(k << 8)))
		}
		want := math.Sqrt2 * math.Erfinv(float64(2*int64(k)+1-1<<24)*0x1p-24)
		if e := math.Abs(got-want) / want; e > worst {
			worst, at = e, k
		}
	}
	t.Logf("largest relative error %.3g at k=%d (value %v)", worst, at, Normal(at<<8))
	if worst > limit {
		t.Errorf("largest relative error %.3g at k=%d, want at most %.3g", worst, at, limit)
	}
}

// TestNormalNeverFalls: a larger word never gives a value smaller by more
// than rounding, also where the two polynomials meet.
func TestNormalNeverFalls(t *testing.T) {
	prev := Normal(0)
	for k := uint32(1); k < 1<<24; k++ {
		v := Normal(k << 8)
		if prev-v > 1e-6*max(1, float32(math.Abs(float64(v)))) {
			t.Fatalf("Normal falls from %v to %v at k=%d", prev, v, k)
		}
		prev = v
	}
}

// TestNormalBits pins values and a hash of all positive ones (the others are
// their mirror). A machine or compiler that fuses or reorders an operation
// changes it.
func TestNormalBits(t *testing.T) {
	for word, want := range map[uint32]uint32{
		0x00000000: 0xc0ad7080, // -5.419983
		0x12345678: 0xbfbbd930, // -1.4675655
		0x80000000: 0x33a06c98, // 7.470334e-08
		0xc0000000: 0x3f2cab5f, // 0.6744899
		0xfe000000: 0x401ab94f, // 2.4175603, the tail's polynomial
		0xffffffff: 0x40ad7080, // 5.419983
	} {
		if got := math.Float32bits(Normal(word)); got != want {
			t.Errorf("Normal(%#x) has bits %#08x, want %#08x", word, got, want)
		}
	}
	h := uint64(0xcbf29ce484222325)
	for k := uint32(1 << 23); k < 1<<24; k++ {
		h = (h ^ uint64(math.Float32bits(Normal(k<<8)))) * 0x100000001b3
	}
	const want uint64 = 0x38e5496da5e10c46
	if h != want {
		t.Errorf("hash of the normals is %#x, want %#x", h, want)
	}
}

// TestNormalDistribution checks moments and Kolmogorov and Smirnov's
// distance of 10^6 draws of a fixed stream, so the figures never vary.
func TestNormalDistribution(t *testing.T) {
	const n = 1000000
	v := make([]float64, n)
	FillNormal(Best(isa.Machine()), v, Row{Key: StreamKey(1, StreamHash("g/latent"))}, 0)
	var m [5]float64
	for _, x := range v {
		for i, p := 1, x; i <= 4; i, p = i+1, p*x {
			m[i] += p / n
		}
	}
	// Each moment's standard deviation is sqrt(var/n); five of them.
	for i, c := range []struct{ want, variance float64 }{{0, 1}, {1, 2}, {0, 15}, {3, 96}} {
		if tol := 5 * math.Sqrt(c.variance/n); math.Abs(m[i+1]-c.want) > tol {
			t.Errorf("moment %d is %v, want %v within %.2g", i+1, m[i+1], c.want, tol)
		}
	}
	slices.Sort(v)
	d := 0.0
	for i, x := range v {
		p := 0.5 * math.Erfc(-x/math.Sqrt2)
		d = max(d, p-float64(i)/n, float64(i+1)/n-p)
	}
	if d*math.Sqrt(n) > 1.63 { // the 1% point of Kolmogorov's distribution
		t.Errorf("Kolmogorov-Smirnov distance %.3g·n^-½, want below 1.63", d*math.Sqrt(n))
	}
	// Neighbours in a row, and the same column of neighbouring rows, are uncorrelated.
	w := make([]float64, n)
	FillNormal(Best(isa.Machine()), v, Row{Key: StreamKey(1, StreamHash("g/latent"))}, 0)
	FillNormal(Best(isa.Machine()), w, Row{Key: StreamKey(1, StreamHash("g/latent")), Index: 1}, 0)
	var next, below float64
	for i := range n - 1 {
		next += v[i] * v[i+1] / n
		below += v[i] * w[i] / n
	}
	if tol := 5 / math.Sqrt(n); math.Abs(next) > tol || math.Abs(below) > tol {
		t.Errorf("correlation with the next column %.2g, with the next row %.2g, want below %.2g", next, below, tol)
	}
}

// TestVectorNormals compares every input, and words in every place of a vector,
// with Normal, bit for bit.
func TestVectorNormals(t *testing.T) {
	c := Best(isa.Machine())
	if !c.simd {
		t.Skip("no vector code for this processor")
	}
	x := make([]float32, 1<<16)
	for k := uint32(0); k < 1<<24; k += uint32(len(x)) {
		for i := range x {
			x[i] = math.Float32frombits((k + uint32(i)) << 8)
		}
		c.toNormals(x)
		for i, got := range x {
			if want := Normal((k + uint32(i)) << 8); math.Float32bits(got) != math.Float32bits(want) {
				t.Fatalf("k=%d: %v, want %v", k+uint32(i), got, want)
			}
		}
	}
}
