package mixture

import (
	"math"
	"strings"
	"testing"
)

func open(t *testing.T, o Options) *Set {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCentres(t *testing.T) {
	for _, c := range []struct {
		o    Options
		n    int
		at   int
		want []float32
	}{
		{Options{}, 8, 0, []float32{2, 0}},
		{Options{}, 8, 1, []float32{math.Sqrt2, math.Sqrt2}},
		{Options{Layout: "ring", Modes: 4, Radius: 3}, 4, 2, []float32{-3, 0}},
		{Options{Layout: "grid"}, 25, 0, []float32{-2, -2}},
		{Options{Layout: "grid"}, 25, 13, []float32{1, 0}},
		{Options{Layout: "line"}, 2, 1, []float32{2}},
		{Options{Layout: "line", Modes: 1}, 1, 0, []float32{0}},
	} {
		s := open(t, c.o)
		if len(s.Centres()) != c.n {
			t.Errorf("%+v has %d modes, want %d", c.o, len(s.Centres()), c.n)
		}
		got := s.Centres()[c.at]
		if _, _, dim := s.Shape(); dim != len(c.want) {
			t.Fatalf("%+v has %d dimensions, want %d", c.o, dim, len(c.want))
		}
		for k := range c.want {
			if math.Abs(float64(got[k]-c.want[k])) > 1e-6 {
				t.Errorf("%+v: mode %d lies at %v, want %v", c.o, c.at, got, c.want)
			}
		}
	}
}

func TestPointsAreGaussians(t *testing.T) {
	s := open(t, Options{Labels: true, Seed: 5})
	const n = 80000
	var square float64
	var x [2]float32
	sums := make([][2]float64, 8)
	for i := range n {
		s.Read(x[:], i)
		mean := s.Centres()[s.Label(i)]
		for k := range x {
			d := float64(x[k] - mean[k])
			square += d * d
			sums[s.Label(i)][k] += d
		}
	}
	if sigma := math.Sqrt(square / (2 * n)); math.Abs(sigma-.1) > .001 || s.Sigma() != .1 {
		t.Errorf("points have σ %.4f, want .1", sigma)
	}
	for m, sum := range sums { // five standard errors
		if e := math.Hypot(sum[0], sum[1]) / (n / 8); e > 5*.1/math.Sqrt(n/8) {
			t.Errorf("mode %d's points are %g off its centre", m, e)
		}
	}
	var again [2]float32
	open(t, Options{Seed: 5, Limit: 10}).Read(again[:], 3)
	if s.Read(x[:], 3); x != again {
		t.Error("a point depends on more than seed and index")
	}
	if open(t, Options{Seed: 6}).Read(again[:], 3); x == again {
		t.Error("a point does not depend on the seed")
	}
}

func TestSetFacts(t *testing.T) {
	s := open(t, Options{})
	if s.Len() != DefaultPoints || s.Classes() != nil || s.Label(3) != -1 {
		t.Errorf("%d points, classes %v, label %d", s.Len(), s.Classes(), s.Label(3))
	}
	if got := s.Fingerprint(); got != "mixture:ring-8-r2-s0.1-n1048576-seed0" {
		t.Errorf("fingerprint %s", got)
	}
	if names := open(t, Options{Labels: true}).Classes(); len(names) != 8 || names[7] != "mode 7" {
		t.Errorf("classes %v", names)
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Layout: "star"}, "use ring, grid or line"},
		{Options{Layout: "grid", Modes: 8}, "no square number; the nearest is 9"},
		{Options{Sigma: -1}, "none may be negative"},
	} {
		if _, err := Open(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q in it", c.o, err, c.want)
		}
	}
}
