package metric

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

func TestFeatures(t *testing.T) {
	f, err := NewFeatures(tensor.New(tensor.WithShape(2, 1, 2, 1), tensor.WithBacking([]uint8{0, 255, 51, 102})))
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{0, 1, .2, .4}; f.Len() != 2 || f.Dim() != 2 || !slices.Equal(f.rows, want) {
		t.Errorf("%d rows of %d numbers: %v, want %v", f.Len(), f.Dim(), f.rows, want)
	}
	for _, x := range []*tensor.Dense{
		tensor.New(tensor.WithShape(3), tensor.WithBacking([]float32{1, 2, 3})),
		tensor.New(tensor.WithShape(3, 1), tensor.WithBacking([]int32{1, 2, 3})),
		tensor.New(tensor.WithShape(2, 2), tensor.AsFortran([]float32{1, 2, 3, 4})),
	} {
		if _, err := NewFeatures(x); err == nil {
			t.Errorf("features were made of %v %v", x.Dtype(), x.Shape())
		}
	}
}

func TestFind(t *testing.T) {
	for name, want := range map[string]string{"precission": "did you mean precision?", "xyz123": "there are fd, kd, ", "fid": "FID is fd over the features of one network: ask for fd, with features = the path of"} {
		if _, err := Find(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestBetter(t *testing.T) {
	for _, test := range []struct {
		b            Better
		value, other float64
	}{{Lower, 1, 2}, {Higher, 2, 1}, {Half, .4, .7}, {Half, .6, .2}, {One, 1.1, .8}, {One, .9, 1.2}, {Lower, 1, math.NaN()}, {Higher, 1, math.NaN()}, {One, 1, math.NaN()}} {
		if !test.b.Than(test.value, test.other) || test.b.Than(test.other, test.value) || test.b.Than(test.value, test.value) {
			t.Errorf("%s: %g is better than %g", test.b, test.value, test.other)
		}
	}
}

// TestCheck: samples that a metric cannot be computed of are refused before they are
// drawn.
func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name, want string
		sizes      Sizes
	}{
		{"fd", "fd needs 65 generated samples or more, got 64", Sizes{Real: 100, Fake: 64, Dim: 64}},
		{"fd", "fd needs 65 real samples or more, and the data leave 10", Sizes{Real: 10, Fake: 100, Dim: 64}},
		{"fd", "it goes up to 4096", Sizes{Real: 20000, Fake: 20000, Dim: 12288}},
		{"kd", "kd needs 50 generated", Sizes{Real: 50, Fake: 40, SubsetSize: 50}},
		{"recall", "recall needs 6 real samples", Sizes{Real: 5, Fake: 40, Neighbours: 5}},
		{"nn2s", "take 5 of each", Sizes{Real: 5, Fake: 40}},
		{"modes", "modes is for data of kind mixture", Sizes{Real: 5, Fake: 40}},
		{"parzen", "parzen needs 1 real samples or more, and the data leave 0", Sizes{Fake: 40}},
		{"memory", "memory needs real samples that were not trained on", Sizes{Real: 5, Fake: 5}},
		{"L1", "L1 is of pairs: ganengine eval", Sizes{Real: 5, Fake: 5}},
		{"psnr", "psnr is of images, and these are points; L1 is of both", Sizes{Pairs: true}},
		{"ssim", "ssim needs images of 11x11 pixels or more, and a side of these has 8", Sizes{Pairs: true, Side: 8}},
		{"memory", "", Sizes{Real: 1, Fake: 1, Train: true}},
		{"L1", "", Sizes{Pairs: true}},
		{"ssim", "", Sizes{Pairs: true, Side: 11}},
		{"coverage", "", Sizes{Real: 6, Fake: 6, Neighbours: 5}},
		{"modes", "", Sizes{Fake: 1, Mixture: true}},
	} {
		m, err := Find(test.name)
		if err != nil {
			t.Fatal(err)
		}
		err = m.Check(test.sizes)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s of %+v: %v, want %q", test.name, test.sizes, err, test.want)
		}
	}
}

// TestNotFinite: a network that diverged is no sample far away.
func TestNotFinite(t *testing.T) {
	fake := normal(t, 1, 20, 3, 0, 1)
	fake.rows[7] = float32(math.NaN())
	m, _ := Find("coverage")
	if _, err := comparison(normal(t, 2, 20, 3, 0, 1), fake).Compute(t.Context(), m); err == nil || !strings.Contains(err.Error(), "generated sample 3 of 20 is not finite") {
		t.Errorf("a NaN: %v", err)
	}
}

// TestCancelled: every metric of two sets, or of pairs, ends with its context.
func TestCancelled(t *testing.T) {
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	for _, m := range Table() {
		if !m.Needs.Real && !m.Needs.Pairs {
			continue
		}
		c := comparison(normal(t, 1, 20, 3, 0, 1), normal(t, 2, 20, 3, 0, 1))
		c.Validation, c.Train = c.Real, source(c.Real, 20)
		c.Pairs = pairs(t, noise(1, 2, 11, 11, 1, 0, 9), noise(2, 2, 11, 11, 1, 0, 9)).Pairs
		if _, err := c.Compute(ctx, &m); !errors.Is(err, stop) {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}

// TestModes counts those of the ring's protocol: 20 of 2,560 samples.
func TestModes(t *testing.T) {
	rows := make([]float32, 2*2560)
	for i := range 2560 {
		if i >= 20 { // the rest at the second mode, but for 19 at the third
			rows[2*i] = 10
		}
		if i >= 2541 {
			rows[2*i+1] = 10
		}
	}
	c := &Comparison{Fake: features(t, 2, rows...), Mixture: &Mixture{[][]float32{{0, 0}, {10, 0}, {10, 10}}, .1}}
	got := value(t, c, "modes")
	if got.Value != 2 || got.Settings["of"] != 3 || got.Settings["least"] != 20 {
		t.Errorf("%+v, want 2 modes of 3 with 20 samples", got)
	}
}
