package metric

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/tensor"
)

// loops multiplies in plain float32 loops.
type loops struct{}

func (loops) Multiply(_ context.Context, dst, a, b []float32, d int) error {
	n, m := len(a)/d, len(b)/d
	for i := range n {
		for j := range m {
			var sum float32
			for k := range d {
				sum += a[i*d+k] * b[j*d+k]
			}
			dst[i*m+j] = sum
		}
	}
	return nil
}

func features(t *testing.T, d int, rows ...float32) *Features {
	t.Helper()
	f, err := NewFeatures(tensor.New(tensor.WithShape(len(rows)/d, d), tensor.WithBacking(rows)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// normal draws n rows whose numbers have this mean and deviation.
func normal(t *testing.T, seed uint64, n, d int, mean, deviation float64) *Features {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 0))
	rows := make([]float32, n*d)
	for i := range rows {
		rows[i] = float32(mean + deviation*r.NormFloat64())
	}
	return features(t, d, rows...)
}

func comparison(real, fake *Features) *Comparison {
	return &Comparison{Real: real, Fake: fake, Products: loops{}, Neighbours: 5, Subsets: 1, SubsetSize: min(real.n, fake.n), Seed: 1}
}

// value computes a metric.
func value(t *testing.T, c *Comparison, name string) Result {
	t.Helper()
	m, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	results, err := c.Compute(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(m.Values) {
		t.Fatalf("%s gives %d results for %d values", name, len(results), len(m.Values))
	}
	return results[0]
}

func wantValue(t *testing.T, c *Comparison, name string, want, tolerance float64) {
	t.Helper()
	if got := value(t, c, name).Value; !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s = %.9g, want %.9g within %g", name, got, want, tolerance)
	}
}
