package metric

import "math"

// Mixture is Gaussians of one deviation.
type Mixture struct {
	Centres [][]float32
	Sigma   float64
}

// Coverage says how a sample lies over a mixture of Gaussians. A point is good
// if it lies within three standard deviations of its nearest mode.
type Coverage struct {
	Modes int     // modes with at least the asked-for number of good points
	Any   int     // modes with at least one
	Good  float64 // share of good points
}

// ModeCoverage counts modes of equal deviation sigma, given by their centres,
// among points [n, dim] (the protocol of PacGAN, Lin et al. 2018, and of VEEGAN
// before it). A point that is not finite is not good.
func ModeCoverage(points []float32, centres [][]float32, sigma float64, least int) Coverage {
	dim := len(centres[0])
	hits := make([]int, len(centres))
	var c Coverage
	n := len(points) / dim
	for i := range n {
		nearest, at := math.Inf(1), 0
		for m, centre := range centres {
			if d := distance(points[i*dim:(i+1)*dim], centre); d < nearest {
				nearest, at = d, m
			}
		}
		if nearest <= 3*sigma {
			hits[at]++
			c.Good++
		}
	}
	for _, h := range hits {
		if h >= least {
			c.Modes++
		}
		if h > 0 {
			c.Any++
		}
	}
	c.Good /= float64(max(n, 1))
	return c
}

func distance(a, b []float32) float64 {
	var sum float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum)
}
