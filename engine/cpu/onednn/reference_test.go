//go:build linux && cgo

package onednn

import "math"

// ulp is the distance from 1 to the next float32, over 2: one rounding.
const ulp = 1.0 / (1 << 24)

// A sum is one element of a result: its value in float64, the same sum over
// absolute values, and how many terms it has.
type sum struct {
	value, absolute float64
	terms           int
}

func (s *sum) add(a, b float32) {
	v := float64(a) * float64(b)
	s.value += v
	s.absolute += math.Abs(v)
	s.terms++
}

// close says whether a float32 computation of s may have given v: each term
// contributes roundings that are independent of each other, so the error grows
// as the square root of their number. 4 leaves room for unlucky signs.
func (s *sum) close(v float32) bool {
	limit := 4 * ulp * math.Sqrt(float64(s.terms)+1) * s.absolute
	return math.Abs(float64(v)-s.value) <= limit
}

// triad visits each product x·w·y of the convolution by the three indices.
func (c Conv) triad(visit func(x, w, y int)) {
	cg, kg := c.C/c.Groups, c.K/c.Groups
	c.positions(func(n, p, q, r, s, h, w int) {
		for k := range c.K {
			for i := range cg {
				visit(((n*c.H+h)*c.W+w)*c.C+k/kg*cg+i, ((k*c.R+r)*c.S+s)*cg+i, ((n*c.P+p)*c.Q+q)*c.K+k)
			}
		}
	})
}

// positions visits each output position and filter tap that lies in the image.
func (c Conv) positions(visit func(n, p, q, r, s, h, w int)) {
	for n := range c.N {
		for at := range c.P * c.Q * c.R * c.S {
			p, q, r, s := at/(c.Q*c.R*c.S), at/(c.R*c.S)%c.Q, at/c.S%c.R, at%c.S
			h, w := p*c.Stride[0]+r-c.Pad[0], q*c.Stride[1]+s-c.Pad[2]
			if h >= 0 && h < c.H && w >= 0 && w < c.W {
				visit(n, p, q, r, s, h, w)
			}
		}
	}
}
