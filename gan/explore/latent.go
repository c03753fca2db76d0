package explore

import (
	"context"
	"fmt"
	"math"
)

// redraws bounds the draws for one seed: at any sensible threshold far fewer do.
const redraws = 1000

// redraw is the seed of the k-th further draw for a seed: far from the seeds
// that people count with.
func redraw(seed int32, k int) int32 { return seed ^ int32(uint32(k)*0x9e3779b1) }

// Truncated draws latents whose numbers all lie within the threshold: each
// number outside is replaced by the one at its place in further draws of the
// same seed (the truncation trick, Brock et al. 2019).
func (e *Explorer) Truncated(ctx context.Context, seeds []int32, threshold float64) ([]float32, error) {
	if !(threshold > 0) {
		return nil, fmt.Errorf("the threshold of latents must be more than 0, got %g", threshold)
	}
	z, err := e.Latents(ctx, seeds)
	if err != nil {
		return nil, err
	}
	inside := func(i int) bool { return i%e.Width() >= e.Z() || math.Abs(float64(z[i])) <= threshold } // classes have no bounds
	more := make([]int32, len(seeds))
	for k := 1; ; k++ {
		missing := false
		for i := range z {
			missing = missing || !inside(i)
		}
		if !missing {
			return z, nil
		}
		if k > redraws {
			return nil, fmt.Errorf("no latent within the threshold %g after %d draws; use a larger one", threshold, redraws)
		}
		for i, s := range seeds {
			more[i] = redraw(s, k)
		}
		fresh, err := e.Latents(ctx, more)
		if err != nil {
			return nil, err
		}
		for i := range z {
			if !inside(i) {
				z[i] = fresh[i]
			}
		}
	}
}

// Lerp is a + t (b - a); the ends are exact.
func Lerp(a, b []float32, t float64) []float32 {
	out := make([]float32, len(a))
	for i := range a {
		out[i] = float32(float64((1-t)*float64(a[i])) + float64(t*float64(b[i])))
	}
	return out
}

// Slerp goes along the great circle from a to b (White 2016): with the angle
// w between them, sin((1-t)w)/sin(w) a + sin(tw)/sin(w) b. Normal latents in
// many dimensions lie near a sphere, which a straight line would leave. Where
// the angle is nearly 0 or 180 degrees the line is taken. The ends are exact.
func Slerp(a, b []float32, t float64) []float32 {
	var aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		aa, bb, ab = aa+x*x, bb+y*y, ab+x*y
	}
	cos := max(-1, min(1, ab/math.Sqrt(aa*bb)))
	w := math.Acos(cos)
	sin := math.Sin(w)
	if t == 0 || t == 1 || !(sin > 1e-6) { // a zero vector gives NaN
		return Lerp(a, b, t)
	}
	p, q := math.Sin((1-t)*w)/sin, math.Sin(t*w)/sin
	out := make([]float32, len(a))
	for i := range a {
		out[i] = float32(float64(p*float64(a[i])) + float64(q*float64(b[i])))
	}
	return out
}
