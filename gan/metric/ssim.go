package metric

import "math"

// Structural similarity as Wang, Bovik, Sheikh and Simoncelli define it (IEEE
// Transactions on Image Processing 13(4), 2004): a Gaussian window of 11x11 pixels with a
// deviation of 1.5, and constants (.01 L)² and (.03 L)² of the range L = 255.
const (
	ssimWindow    = 11
	ssimDeviation = 1.5
	ssimC1        = .01 * 255 * .01 * 255
	ssimC2        = .03 * 255 * .03 * 255
)

// gaussianWindow is one side of the window, which is the product of two; it sums to 1.
var gaussianWindow = func() (w [ssimWindow]float64) {
	sum := 0.
	for k := range w {
		d := float64(k - ssimWindow/2)
		w[k] = math.Exp(-d * d / (2 * ssimDeviation * ssimDeviation))
		sum += w[k]
	}
	for k := range w {
		w[k] /= sum
	}
	return w
}()

// similarity is the mean structural similarity of a pair over all windows that lie
// within it, and over its channels.
func similarity(p *Pairs, i int) float64 {
	a, b := p.images(i)
	h, w, channels := p.shape[0], p.shape[1], p.shape[2]
	s := newWindows(h, w)
	sum := 0.
	for c := range channels {
		sum += s.similarity(a[c:], b[c:], channels)
	}
	return sum / float64(channels)
}

// windows has the memory for one channel of h by w pixels.
type windows struct {
	h, w    int
	product []float64
	across  []float64    // [h, w-10]: windows along rows alone
	moments [5][]float64 // [h-10, w-10]: means of x, y, x², y² and xy
}

func newWindows(h, w int) *windows {
	down, right := h-ssimWindow+1, w-ssimWindow+1
	s := &windows{h: h, w: w, product: make([]float64, h*w), across: make([]float64, h*right)}
	for k := range s.moments {
		s.moments[k] = make([]float64, down*right)
	}
	return s
}

// similarity is that of one channel, whose pixels are stride apart.
func (s *windows) similarity(x, y []uint8, stride int) float64 {
	for k, product := range [5]func(x, y float64) float64{
		func(x, _ float64) float64 { return x }, func(_, y float64) float64 { return y },
		func(x, _ float64) float64 { return x * x }, func(_, y float64) float64 { return y * y }, func(x, y float64) float64 { return x * y },
	} {
		for i := range s.product {
			s.product[i] = product(float64(x[i*stride]), float64(y[i*stride]))
		}
		s.average(s.moments[k])
	}
	sum := 0.
	for i, mx := range s.moments[0] {
		my := s.moments[1][i]
		vx, vy, covariance := s.moments[2][i]-mx*mx, s.moments[3][i]-my*my, s.moments[4][i]-mx*my
		sum += (2*mx*my + ssimC1) * (2*covariance + ssimC2) / ((mx*mx + my*my + ssimC1) * (vx + vy + ssimC2))
	}
	return sum / float64(len(s.moments[0]))
}

// average writes the mean of the product over each window.
func (s *windows) average(dst []float64) {
	right := s.w - ssimWindow + 1
	for r := range s.h {
		for c := range right {
			sum := 0.
			for k, weight := range gaussianWindow {
				sum += weight * s.product[r*s.w+c+k]
			}
			s.across[r*right+c] = sum
		}
	}
	for i := range dst {
		sum := 0.
		for k, weight := range gaussianWindow {
			sum += weight * s.across[i+k*right]
		}
		dst[i] = sum
	}
}
