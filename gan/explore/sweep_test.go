package explore

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// samples of two seeds while a code of coded goes through its values.
func swept(t *testing.T, e *Explorer, name string, steps int) (*Sweep, [][]float32) {
	t.Helper()
	seeds := &Seeds{}
	seeds.Add(3, 2)
	s, err := e.Sweep(e.Drawn(seeds, 0), name, steps)
	if err != nil {
		t.Fatal(err)
	}
	return s, made(t, e, s)
}

func made(t *testing.T, e *Explorer, l Latents) (out [][]float32) {
	t.Helper()
	if err := e.each(t.Context(), l, true, func(_ int, s *samples) error {
		for i := range s.N {
			out = append(out, slices.Clone(s.Raw[5*i:5*(i+1)]))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// A sweep moves one code, or one number of it, through its range, and nothing else.
func TestSweep(t *testing.T) {
	e := openCoded(t)
	for _, test := range []struct {
		name  string
		at    int // the number of a sample that shows it
		want  []float32
		names string
	}{
		{"z.1", 1, []float32{-2, -1, 0, 1, 2}, "-2.00 -1.00 0.00 1.00 2.00"},
		{"z.0", 0, []float32{-2, -1, 0, 1, 2}, "-2.00 -1.00 0.00 1.00 2.00"},
		{"u", 2, []float32{-1.7320508, -.8660254, 0, .8660254, 1.7320508}, "-1.73 -0.87 0.00 0.87 1.73"},
		{"u.0", 2, []float32{-1.7320508, -.8660254, 0, .8660254, 1.7320508}, "-1.73 -0.87 0.00 0.87 1.73"},
		{"k", 3, []float32{0, 10, 20}, "0 1 2"},
		{"y", 4, []float32{0, 10}, "0 1"},
	} {
		s, got := swept(t, e, test.name, 4)
		if strings.Join(s.Names, " ") != test.names || s.Columns() != len(test.want) || len(got) != 2*len(test.want) || s.Len() != len(got) || s.Discrete != (test.at > 2) {
			t.Fatalf("%s: %v, %d samples", test.name, s.Names, len(got))
		}
		for i, x := range got {
			want := slices.Clone(got[i/len(test.want)*len(test.want)]) // the row's first one
			want[test.at] = test.want[i%len(test.want)]
			if !slices.Equal(x, want) {
				t.Errorf("%s: sample %d is %v, want %v", test.name, i, x, want)
			}
		}
		if other := got[len(test.want)]; other[0] == got[0][0] && other[1] == got[0][1] {
			t.Errorf("%s: both rows are of one seed", test.name)
		}
	}
	seeds := &Seeds{}
	seeds.Add(3, 1)
	if got := made(t, e, e.SweepClasses(e.Drawn(seeds, 0), 1, 0)); len(got) != 2 || got[0][4] != 10 || got[1][4] != 0 {
		t.Errorf("classes 1 to 0: %v", got)
	}
	for name, want := range map[string]string{"z": "code z is of 2 normal numbers: say which, as in z.0", "z.2": "they are z.0 to z.1", "z.x": `has no "x"`,
		"k.1": "code k is of 3 categories: name it without a number", "c": "no code \"c\"; its codes are z (2 normal numbers), k (3 categories), u (1 uniform number), y (2 classes)"} {
		if _, err := e.Sweep(e.Drawn(seeds, 0), name, 4); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// points in parts, as a walk's samples come.
func told(j *Jumps, parts ...[]float32) *Jumps {
	for _, p := range parts {
		j.add(&samples{N: len(p) / 2, Shape: []int{2}, Raw: p})
	}
	return j
}

func TestJumps(t *testing.T) {
	path := [][]float32{{0, 0, 1, 1}, {1, 3}, {5, 3, 5, 4}} // steps of 1, √2, √8 and √½
	for _, test := range []struct {
		j            *Jumps
		size, median float64
		from         int
	}{
		{told(&Jumps{}, path...), math.Sqrt(8), (1 + math.Sqrt2) / 2, 2},
		{told(&Jumps{Closed: true}, path...), math.Sqrt(41. / 2), math.Sqrt2, 4}, // back to 0, 0
		{told(&Jumps{Row: 3}, path...), math.Sqrt2, 1, 1},                        // none from the third to the fourth
		{told(&Jumps{}, path[1]), 0, 0, 0},
	} {
		size, from, median := test.j.Largest()
		if math.Abs(size-test.size) > 1e-12 || math.Abs(median-test.median) > 1e-12 || from != test.from {
			t.Errorf("%g from %d on, median %g; want %g from %d on, median %g", size, from, median, test.size, test.from, test.median)
		}
	}
	pixels := &Jumps{}
	pixels.add(&samples{N: 3, Shape: []int{1, 2, 1}, Pixels: []uint8{0, 0, 51, 51, 153, 153}})
	if got := fmt.Sprint(pixels); got != "largest of 2 steps 0.4000, from number 2 on: 1.33 times the median, 0.3000" {
		t.Errorf("it says %q", got)
	}
	if got := fmt.Sprint(told(&Jumps{}, []float32{1, 1, 1, 1, 1, 1, 3, 1})); !strings.Contains(got, "steps 1.4142, from number 3 on; half of them or more change nothing") {
		t.Errorf("it says %q", got)
	}
}

// An expression shows the seeds of each mean before the mean, what is in none, and the
// result; nothing twice.
func TestParts(t *testing.T) {
	for text, want := range map[string]string{
		"mean(1,5,9) - mean( 2,6 ) + mean(3,7)":  "1 5 9 mean(1,5,9) | 2 6 mean(2,6) | 3 7 mean(3,7) | result",
		"4 - mean(1, 2) + 0.5 * (3 - 4)":         "1 2 mean(1,2) | 4 3 | result",
		"mean(1,2) - mean(1,2) + mean(2, 3) - 1": "1 2 mean(1,2) | 3 mean(2,3) | result",
		"7":                                      "7 | result",
		"mean(1, mean(2, 3))":                    "2 3 mean(2,3) | 1 mean(1,mean(2,3)) | result",
	} {
		x, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, row := range x.Parts() {
			var names []string
			for _, p := range row {
				names = append(names, p.Text)
				if p.Text != "result" {
					own, err := Parse(p.Text)
					if err != nil || !slices.Equal(p.Eval(oneHot), own.Eval(oneHot)) {
						t.Errorf("%s: the latent of %s is another one (%v)", text, p.Text, err)
					}
				} else if !slices.Equal(p.Eval(oneHot), x.Eval(oneHot)) {
					t.Errorf("%s: the result is another one", text)
				}
			}
			rows = append(rows, strings.Join(names, " "))
		}
		if got := strings.Join(rows, " | "); got != want {
			t.Errorf("%s shows %q, want %q", text, got, want)
		}
	}
}
