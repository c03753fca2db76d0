package explore

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func norm(x []float32) float64 {
	s := 0.
	for _, v := range x {
		s += float64(v) * float64(v)
	}
	return math.Sqrt(s)
}

func scaled(x []float32, to float64) []float32 {
	out, f := make([]float32, len(x)), to/norm(x)
	for i, v := range x {
		out[i] = float32(f * float64(v))
	}
	return out
}

// On the great circle the norm stays, and equal steps are equal angles.
func TestSlerp(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		a, b := scaled(normals(r, 100), 10), scaled(normals(r, 100), 10)
		for _, end := range []struct {
			t    float64
			want []float32
		}{{0, a}, {1, b}} {
			if !slices.Equal(Slerp(a, b, end.t), end.want) {
				t.Errorf("the end at %g is not exact", end.t)
			}
		}
		last := a
		var first float64
		for k := 1; k <= 8; k++ {
			x := Slerp(a, b, float64(k)/8)
			if n := norm(x); math.Abs(n/10-1) > 1e-6 {
				t.Errorf("norm %g at step %d of 8, want 10", n, k)
			}
			chord := 0.
			for i := range x {
				chord += float64(x[i]-last[i]) * float64(x[i]-last[i])
			}
			if k == 1 {
				first = chord
			} else if math.Abs(chord/first-1) > 1e-4 {
				t.Errorf("step %d has squared length %g, the first %g", k, chord, first)
			}
			last = x
		}
	}
}

// The line between independent normal latents leaves their sphere: its middle
// has norm 0.71 √Z, which is why slerp is the default.
func TestLerpMiddle(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	mean := 0.
	for range 200 {
		mean += norm(Lerp(normals(r, 100), normals(r, 100), .5)) / 10 / 200
	}
	if math.Abs(mean-math.Sqrt(.5)) > .02 {
		t.Errorf("norm %.3f √Z in the middle, want 0.71", mean)
	}
}

// Where no great circle is defined the line is taken.
func TestSlerpWithoutAngle(t *testing.T) {
	a := []float32{1, 2, 3}
	for name, b := range map[string][]float32{"same": a, "opposite": {-1, -2, -3}, "zero": {0, 0, 0}, "parallel": {2, 4, 6}} {
		for _, at := range []float64{0, .25, .5, 1} {
			if got, want := Slerp(a, b, at), Lerp(a, b, at); !slices.Equal(got, want) {
				t.Errorf("%s at %g: %v, want %v", name, at, got, want)
			}
		}
	}
}

func TestWalk(t *testing.T) {
	points, err := Held([]float32{0, 0, 10, 0, 10, 10}, 2)
	if err != nil {
		t.Fatal(err)
	}
	corners := points.(held).z
	for _, test := range []struct {
		steps      int
		loop, legs bool
		want       []float32
	}{
		{1, false, false, corners},
		{2, false, false, []float32{0, 0, 5, 0, 10, 0, 10, 5, 10, 10}},
		{1, true, false, corners},
		{2, true, false, []float32{0, 0, 5, 0, 10, 0, 10, 5, 10, 10, 5, 5}},
		{2, false, true, []float32{0, 0, 5, 0, 10, 0, 10, 0, 10, 5, 10, 10}},
		{1, true, true, []float32{0, 0, 10, 0, 10, 0, 10, 10, 10, 10, 0, 0}},
	} {
		w := &Walk{Points: points, Steps: test.steps, Loop: test.loop, Legs: test.legs, Between: Lerp}
		whole, err := w.Read(t.Context(), 0, w.Len())
		if err != nil || !slices.Equal(whole, test.want) {
			t.Errorf("%+v: %v (%v)", test, whole, err)
		}
		for i := w.Len() - 1; i >= 0; i-- { // any part, in any order
			if one, err := w.Read(t.Context(), i, 1); err != nil || !slices.Equal(one, test.want[2*i:2*i+2]) {
				t.Errorf("%+v: latent %d is %v (%v)", test, i, one, err)
			}
		}
	}
	alone, err := Held(corners[:2], 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []*Walk{{Points: alone, Steps: 3, Between: Lerp}, {Points: points, Between: Lerp}} {
		if _, err := w.Read(t.Context(), 0, 1); err == nil {
			t.Errorf("%+v was taken", w)
		}
	}
}

func TestSeeds(t *testing.T) {
	var s Seeds
	s.Add(7, 1)
	s.Add(0, 3)
	s.Add(math.MaxInt32-1, 2)
	var got []int32
	for i := range s.Len() {
		got = append(got, s.At(i))
	}
	if want := []int32{7, 0, 1, 2, math.MaxInt32 - 1, math.MaxInt32}; !slices.Equal(got, want) {
		t.Errorf("seeds %v, want %v", got, want)
	}
}

// oneHot is a latent that shows which seeds, and how much of each, are in a sum.
func oneHot(seed int32) []float32 {
	z := make([]float32, 16)
	z[seed%16] = 1
	return z
}

func TestExpressions(t *testing.T) {
	for text, want := range map[string]map[int]float32{
		"7":                                 {7: 1},
		" 7 ":                               {7: 1},
		"1+2":                               {1: 1, 2: 1},
		"1 - 2 - 3":                         {1: 1, 2: -1, 3: -1},
		"1 - (2 - 3)":                       {1: 1, 2: -1, 3: 1},
		"mean(1,5,9) - mean(2,6)+mean(3,7)": {1: 1. / 3, 5: 1. / 3, 9: 1. / 3, 2: -.5, 6: -.5, 3: .5, 7: .5},
		"mean(4)":                           {4: 1},
		"mean(1+2, 3)":                      {1: .5, 2: .5, 3: .5},
		"0.5*3":                             {3: .5},
		"3 * .5 + 4":                        {3: .5, 4: 1},
		"2.0 * (1 - 2)":                     {1: 2, 2: -2},
		"0.5 * mean(1, 2) * 4.":             {1: 1, 2: 1},
		"((((3))))":                         {3: 1},
	} {
		x, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := x.Eval(oneHot)
		for i, v := range got {
			if v != want[i] {
				t.Errorf("%s: %g of seed %d, want %g", text, v, i, want[i])
			}
		}
		for _, s := range x.Seeds() {
			if want[int(s)] == 0 {
				t.Errorf("%s: lists seed %d", text, s)
			}
		}
		if len(x.Seeds()) != len(want) {
			t.Errorf("%s: seeds %v", text, x.Seeds())
		}
		if x.String() != text {
			t.Errorf("%q prints as %q", text, x)
		}
	}
	if x, _ := Parse("9 - mean(2, 9) + 1"); !slices.Equal(x.Seeds(), []int32{9, 2, 1}) {
		t.Errorf("seeds %v, want them in order of first mention", x.Seeds())
	}
}

// Evaluating does not change the latents that it is given.
func TestEvalLeavesLatents(t *testing.T) {
	z := []float32{1, 2}
	x, err := Parse("mean(1, 1) + 1 * 0.5 - 1")
	if err != nil {
		t.Fatal(err)
	}
	x.Eval(func(int32) []float32 { return z })
	if !slices.Equal(z, []float32{1, 2}) {
		t.Errorf("the latent became %v", z)
	}
}

func TestWrongExpressions(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "position 1: expected a seed",
		"1 +":                    "position 4: expected a seed",
		"1 2":                    "position 3: expected + or -",
		"(1":                     "expected )",
		"mean 1":                 "expected (",
		"mean()":                 "expected a seed",
		"mean(1,)":               "expected a seed",
		"0.5":                    "a number, not a latent",
		"1 + 0.5":                "factor can only multiply",
		"1 * 2":                  "needs a factor",
		"0.5 * 0.5":              "needs a factor",
		"mean(0.5)":              "mean takes latents",
		"-1":                     "expected a seed",
		"2147483648":             "no seed",
		"1.2.3 * 4":              "no seed",
		"seed":                   "expected a seed",
		"1 # 2":                  "expected + or -",
		"é":                      "expected a seed",
		strings.Repeat("(", 1e5): "nested",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %.200v, want %q", text, err, want)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: the error has several lines", text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"mean(1,5,9) - mean(2,6) + mean(3,7)", "0.5*(1-2)*2.", "((", "mean(", "1..2", "9999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := Parse(text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("an error of several lines: %q", err)
			}
			return
		}
		if len(x.Seeds()) == 0 {
			t.Fatalf("%q has no seed", text)
		}
		if z := x.Eval(oneHot); len(z) != 16 {
			t.Fatalf("%q gave %d numbers", text, len(z))
		}
	})
}
