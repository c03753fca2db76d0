package metric

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// source hands a set over in parts of so many rows.
func source(f *Features, part int) Source {
	return func(_ context.Context, visit func(int, *Features) error) error {
		for first := 0; first < f.n; first += part {
			last := min(first+part, f.n)
			if err := visit(first, &Features{n: last - first, d: f.d, rows: f.rows[first*f.d : last*f.d]}); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestMemory: ratios that are worked by hand. Held-out samples are 1 and 3 from the
// training ones, 2 in the mean.
func TestMemory(t *testing.T) {
	train, held := features(t, 1, 0, 10, 20, 30, 40), features(t, 1, 11, 37)
	for want, fake := range map[float64]*Features{
		0:    features(t, 1, 10, 40, 0), // copies
		1:    features(t, 1, -1, 43),    // as far as held-out ones
		2:    features(t, 1, 14, 26, 5, 43, 36.000001),
		24.5: features(t, 1, 89),
		.05:  features(t, 1, .1, 20.1),
	} {
		c := comparison(held, fake)
		c.Train = source(train, 2)
		wantValue(t, c, "memory", want, 1e-5)
	}
	c := comparison(held, held)
	c.Train = source(train, 2)
	if got := value(t, c, "memory"); got.Settings["train"] != 5 || got.Value != 1 {
		t.Errorf("held-out samples by themselves: %+v", got)
	}
	c = comparison(features(t, 1, 10, 20), held)
	c.Train = source(train, 5)
	m, _ := Find("memory")
	if _, err := c.Compute(t.Context(), m); err == nil || !strings.Contains(err.Error(), "held out") {
		t.Errorf("real samples that are training samples: %v", err)
	}
	c = comparison(held, held)
	c.Train = source(features(t, 1, 1, float32(math.Inf(1))), 5)
	if _, err := c.Compute(t.Context(), m); err == nil || !strings.Contains(err.Error(), "training sample 2 of 2 is not finite") {
		t.Errorf("an infinite training sample: %v", err)
	}
}

// TestMemoryOfCopiesAndFresh: samples drawn like the data are new, and copies with little
// noise are told to be as far from them as the noise is long.
func TestMemoryOfCopiesAndFresh(t *testing.T) {
	const d, noise = 16, .01
	train, held := normal(t, 1, 1500, d, 0, 1), normal(t, 2, 400, d, 0, 1)
	c := comparison(held, normal(t, 3, 400, d, 0, 1))
	c.Train = source(train, 700)
	wantValue(t, c, "memory", 1, .03)
	held0 := 0. // mean distance, by plain loops
	for i := range held.n {
		best := math.Inf(1)
		for j := range train.n {
			best = min(best, held.square(i, train, j))
		}
		held0 += math.Sqrt(best) / float64(held.n)
	}
	r := rand.New(rand.NewPCG(9, 9))
	rows, length := slices.Clone(train.rows[:400*d]), 0.
	for i := range 400 {
		sum := 0.
		for k := range d {
			e := noise * r.NormFloat64()
			rows[i*d+k] += float32(e)
			sum += e * e
		}
		length += math.Sqrt(sum) / 400
	}
	c = comparison(held, features(t, d, rows...))
	c.Train = source(train, 700)
	wantValue(t, c, "memory", length/held0, 1e-6)
}

// TestNearest holds neighbours to a sort of all distances, over several parts and blocks
// and with copies, of which those with smaller numbers come first.
func TestNearest(t *testing.T) {
	const k = 4
	train, f := normal(t, 1, BlockRows+300, 3, 50, .1), normal(t, 2, 9, 3, 50, .1)
	copy(train.row(1200), train.row(7))
	copy(train.row(30), f.row(3))
	copy(f.row(5), train.row(7))
	got, err := Nearest(t.Context(), loops{}, f, source(train, BlockRows+100), k)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.n {
		var want []Neighbour
		for j := range train.n {
			want = append(want, Neighbour{j, math.Sqrt(f.square(i, train, j))})
		}
		slices.SortStableFunc(want, func(a, b Neighbour) int {
			switch {
			case a.Distance < b.Distance:
				return -1
			case a.Distance > b.Distance:
				return 1
			}
			return 0
		})
		if !slices.Equal(got[i], want[:k]) {
			t.Errorf("row %d: %v, want %v", i, got[i], want[:k])
		}
	}
	if few, err := Nearest(t.Context(), loops{}, f, source(features(t, 3, 1, 2, 3), 1), k); err != nil || len(few[0]) != 1 || few[0][0].Index != 0 {
		t.Errorf("of one row: %v, %v", few, err)
	}
	if _, err := Nearest(t.Context(), loops{}, features(t, 3, 1, 2, float32(math.NaN())), source(train, 5), k); err == nil || !strings.Contains(err.Error(), "sample 1 of 1 is not finite") {
		t.Errorf("a NaN: %v", err)
	}
}
