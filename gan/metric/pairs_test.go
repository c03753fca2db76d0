package metric

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func array[T uint8 | float32](data []T, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
}

func pairs(t *testing.T, given, made *tensor.Dense) *Comparison {
	t.Helper()
	p, err := NewPairs(given, made)
	if err != nil {
		t.Fatal(err)
	}
	return &Comparison{Pairs: p}
}

// filled are n images whose pixels are all of one value each.
func filled(h, w, c int, values ...uint8) *tensor.Dense {
	var pix []uint8
	for _, v := range values {
		pix = append(pix, slices.Repeat([]uint8{v}, h*w*c)...)
	}
	return array(pix, len(values), h, w, c)
}

// noise is images of pixels in [low, high).
func noise(seed uint64, n, h, w, c, low, high int) *tensor.Dense {
	r := rand.New(rand.NewPCG(seed, 1))
	pix := make([]uint8, n*h*w*c)
	for i := range pix {
		pix[i] = uint8(low + r.IntN(high-low))
	}
	return array(pix, n, h, w, c)
}

// TestPairsOfFlatImages has closed forms: what differs by d everywhere has L1 d/255 and
// psnr 20 log10(255/d), and of flat images a and b ssim is (2ab + C1)/(a² + b² + C1).
func TestPairsOfFlatImages(t *testing.T) {
	c := pairs(t, filled(11, 13, 3, 100, 10), filled(11, 13, 3, 151, 0))
	wantValue(t, c, "L1", (51+10)/2./255, 1e-15)
	wantValue(t, c, "psnr", (20*math.Log10(255./51)+20*math.Log10(255./10))/2, 1e-12)
	const c1 = 6.5025
	wantValue(t, c, "ssim", ((2*100*151+c1)/(100*100+151*151+c1)+c1/(100+c1))/2, 1e-12)
}

// TestSamePairs: what is the same has no difference.
func TestSamePairs(t *testing.T) {
	x := noise(1, 3, 12, 12, 1, 0, 256)
	c := pairs(t, x, x)
	wantValue(t, c, "L1", 0, 0)
	wantValue(t, c, "ssim", 1, 1e-12)
	if v := value(t, c, "psnr").Value; !math.IsInf(v, 1) {
		t.Errorf("psnr of the same images is %g, not infinite", v)
	}
}

// TestSimilarity holds ssim to its definition: weighted moments around the means of each
// window, in two dimensions, of every channel.
func TestSimilarity(t *testing.T) {
	const n, h, w, channels = 2, 14, 17, 3
	a, b := noise(1, n, h, w, channels, 40, 200), noise(2, n, h, w, channels, 0, 256)
	x, y := a.Data().([]uint8), b.Data().([]uint8)
	for i := range y { // related, so that covariances count
		y[i] = uint8((2*int(x[i]) + int(y[i])) / 3)
	}
	var window [11][11]float64
	total := 0.
	for r := range 11 {
		for c := range 11 {
			window[r][c] = math.Exp(-float64((r-5)*(r-5)+(c-5)*(c-5)) / (2 * 1.5 * 1.5))
			total += window[r][c]
		}
	}
	at := func(p []uint8, i, r, c, k int) float64 { return float64(p[((i*h+r)*w+c)*channels+k]) }
	sum, count := 0., 0.
	for i := range n {
		for k := range channels {
			for top := 0; top+11 <= h; top++ {
				for left := 0; left+11 <= w; left++ {
					over := func(f func(x, y float64) float64) (mean float64) {
						for r := range 11 {
							for c := range 11 {
								mean += window[r][c] / total * f(at(x, i, top+r, left+c, k), at(y, i, top+r, left+c, k))
							}
						}
						return mean
					}
					mx, my := over(func(x, _ float64) float64 { return x }), over(func(_, y float64) float64 { return y })
					vx, vy := over(func(x, _ float64) float64 { return (x - mx) * (x - mx) }), over(func(_, y float64) float64 { return (y - my) * (y - my) })
					cov := over(func(x, y float64) float64 { return (x - mx) * (y - my) })
					c1, c2 := math.Pow(.01*255, 2), math.Pow(.03*255, 2)
					sum += (2*mx*my + c1) / (mx*mx + my*my + c1) * (2*cov + c2) / (vx + vy + c2)
					count++
				}
			}
		}
	}
	wantValue(t, pairs(t, a, b), "ssim", sum/count, 1e-11)
	wantValue(t, pairs(t, b, a), "ssim", sum/count, 1e-11) // it is symmetric
}

// TestPairsOfPoints are measured by L1 alone, and others are no pairs.
func TestPairsOfPoints(t *testing.T) {
	c := pairs(t, array([]float32{0, 1, 2, 3}, 2, 2), array([]float32{.5, 1, 2, 1}, 2, 2))
	wantValue(t, c, "L1", 2.5/4, 1e-15)
	nan := array([]float32{0, 1, 2, float32(math.NaN())}, 2, 2)
	for want, made := range map[string]*tensor.Dense{
		"they are no pairs":                        array([]float32{1, 2}, 1, 2),
		"sample that is made 2 of 2 is not finite": nan,
	} {
		if _, err := NewPairs(array([]float32{0, 1, 2, 3}, 2, 2), made); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
