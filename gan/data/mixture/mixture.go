// Package mixture draws points from mixtures of equally likely Gaussians of one
// width: the ring and the grid in two dimensions and the line in one (the toy
// data of Metz et al., arXiv:1611.02163, and Gulrajani et al.,
// arXiv:1704.00028). Point i is a pure function of the seed and i.
package mixture

import (
	"fmt"
	"math"

	"ganengine/gan/data/seeded"
)

// DefaultPoints is the size of a set without a limit. It is far more than a
// training run draws from these mixtures, so that points hardly repeat.
const DefaultPoints = 1 << 20

// Options choose a mixture; a zero takes the layout's default.
type Options struct {
	Layout string  // "ring" (default), "grid" or "line"
	Modes  int     // Gaussians: 8 in a ring, 25 in a square grid, 2 on a line
	Radius float64 // the ring's, or half the width of grid and line: 2
	Sigma  float64 // standard deviation of each Gaussian: .1, in a grid .05
	Labels bool    // a point's mode is its class
	Limit  int     // number of points: DefaultPoints
	Seed   uint64
}

// Set is a mixture's points; it is safe for concurrent use.
type Set struct {
	options Options
	centres [][]float32
	classes []string
}

// Open makes the set.
func Open(o Options) (*Set, error) {
	if o.Layout == "" {
		o.Layout = "ring"
	}
	defaults := map[string]Options{
		"ring": {Modes: 8, Radius: 2, Sigma: .1},
		"grid": {Modes: 25, Radius: 2, Sigma: .05},
		"line": {Modes: 2, Radius: 2, Sigma: .1},
	}
	d, ok := defaults[o.Layout]
	if !ok {
		return nil, fmt.Errorf("mixture layout %q is unknown: use ring, grid or line", o.Layout)
	}
	if o.Modes == 0 {
		o.Modes = d.Modes
	}
	if o.Radius == 0 {
		o.Radius = d.Radius
	}
	if o.Sigma == 0 {
		o.Sigma = d.Sigma
	}
	if o.Limit == 0 {
		o.Limit = DefaultPoints
	}
	if o.Modes < 0 || o.Radius < 0 || o.Sigma < 0 || o.Limit < 0 {
		return nil, fmt.Errorf("mixture modes = %d, radius = %g, sigma = %g, limit = %d: none may be negative", o.Modes, o.Radius, o.Sigma, o.Limit)
	}
	s := &Set{options: o}
	if err := s.place(); err != nil {
		return nil, err
	}
	if o.Labels {
		for m := range s.centres {
			s.classes = append(s.classes, fmt.Sprint("mode ", m))
		}
	}
	return s, nil
}

// place sets the centres.
func (s *Set) place() error {
	o := s.options
	switch o.Layout {
	case "ring": // counter-clockwise from (radius, 0)
		for m := range o.Modes {
			sin, cos := math.Sincos(2 * math.Pi * float64(m) / float64(o.Modes))
			s.centres = append(s.centres, []float32{float32(o.Radius * cos), float32(o.Radius * sin)})
		}
	case "grid": // rows from below
		side := int(math.Round(math.Sqrt(float64(o.Modes))))
		if side*side != o.Modes {
			return fmt.Errorf("a mixture grid is square: modes = %d is no square number; the nearest is %d", o.Modes, side*side)
		}
		for m := range o.Modes {
			s.centres = append(s.centres, []float32{even(m%side, side, o.Radius), even(m/side, side, o.Radius)})
		}
	case "line":
		for m := range o.Modes {
			s.centres = append(s.centres, []float32{even(m, o.Modes, o.Radius)})
		}
	}
	return nil
}

// even is place i of n evenly spaced in [-radius, radius]; one alone lies at 0.
func even(i, n int, radius float64) float32 {
	if n == 1 {
		return 0
	}
	return float32(radius * float64(2*i-(n-1)) / float64(n-1))
}

// Centres are the Gaussians' means, [mode][dimension].
func (s *Set) Centres() [][]float32 { return s.centres }

// Sigma is the standard deviation of each Gaussian, in every direction.
func (s *Set) Sigma() float64 { return s.options.Sigma }

// Len is the number of points.
func (s *Set) Len() int { return s.options.Limit }

// Shape is 1, 1 and the dimension of the points.
func (s *Set) Shape() (h, w, c int) { return 1, 1, len(s.centres[0]) }

// Classes name the modes, nil without labels.
func (s *Set) Classes() []string { return s.classes }

// Label is the mode that point i is drawn from, -1 without labels.
func (s *Set) Label(i int) int {
	if s.classes == nil {
		return -1
	}
	return s.mode(i)
}

// mode is each in turn.
func (s *Set) mode(i int) int { return i % len(s.centres) }

// Read writes point i to dst.
func (s *Set) Read(dst []float32, i int) error {
	r := seeded.New(s.options.Seed, uint64(i))
	for k, mean := range s.centres[s.mode(i)] {
		dst[k] = float32(float64(mean) + float64(s.options.Sigma*r.Normal()))
	}
	return nil
}

// Fingerprint identifies the mixture.
func (s *Set) Fingerprint() string {
	o := s.options
	return fmt.Sprintf("mixture:%s-%d-r%g-s%g-n%d-seed%d", o.Layout, o.Modes, o.Radius, o.Sigma, o.Limit, o.Seed)
}

// Close does nothing: nothing is open.
func (s *Set) Close() error { return nil }
