package watch

import (
	"math"
	"testing"
)

// looked is a look at real and then generated points of the plane, with their logits.
func looked(probability bool, logits []float32, points ...[2]float64) Look {
	l := Look{Logits: logits, Probability: probability}
	for _, a := range points {
		for _, b := range points {
			l.Products = append(l.Products, float32(a[0]*b[0]+a[1]*b[1]))
		}
	}
	return l
}

// Distances are worked out by hand: real points 0, 3 and 4 from each other by 3, 4, 5,
// and generated ones half as far, twice as far, or in one place.
func TestMeasures(t *testing.T) {
	real := [][2]float64{{0, 0}, {3, 0}, {0, 4}}
	scaled := func(s float64) (all [][2]float64) {
		all = append(all, real...)
		for _, p := range real {
			all = append(all, [2]float64{7 + s*p[0], 1 + s*p[1]})
		}
		return all
	}
	even := []float32{1, -1, 2, -3, .5, -1}
	for name, c := range map[string]struct {
		look Look
		want Measures
	}{
		// Of nine pairs of a real and a generated one D finds the real one more real in 3+1.5+3.
		"half":     {looked(true, even, scaled(.5)...), Measures{.5, 1, 2. / 3, 2. / 3, 7.5 / 9, 2./3 + 3.5/3}},
		"double":   {looked(true, even, scaled(2)...), Measures{2, 0, 2. / 3, 2. / 3, 7.5 / 9, 2./3 + 3.5/3}},
		"constant": {looked(true, even, scaled(0)...), Measures{0, 1, 2. / 3, 2. / 3, 7.5 / 9, 2./3 + 3.5/3}},
		// The middle of the means, 11 and 9, is the limit where logits are no probabilities.
		"a critic": {looked(false, []float32{11, 12, 10, 9, 10, 8}, scaled(1)...), Measures{1, 0, 2. / 3, 2. / 3, 8.5 / 9, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.look.Measures()
			for what, x := range map[string][2]float64{"diversity": {got.Diversity, c.want.Diversity}, "alike": {got.Alike, c.want.Alike}, "real": {got.Real, c.want.Real},
				"fake": {got.Fake, c.want.Fake}, "above": {got.Above, c.want.Above}, "margin": {got.Margin, c.want.Margin}} {
				if math.Abs(x[0]-x[1]) > 1e-6 {
					t.Errorf("%s %v, want %v", what, x[0], x[1])
				}
			}
		})
	}
}

// Data of one sample alone have no distances to compare with.
func TestMeasuresOfOneRealSample(t *testing.T) {
	if m := looked(true, make([]float32, 4), [2]float64{1, 1}, [2]float64{1, 1}, [2]float64{0, 0}, [2]float64{1, 0}).Measures(); m.Finite() {
		t.Errorf("%+v is of numbers", m)
	}
}
