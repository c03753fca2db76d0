package measure

import (
	"context"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/gan/classifier"
	"ganengine/gan/data"
)

// characters is 8x8 pictures of two characters.
func characters(t *testing.T, seed uint64, n int) data.Set {
	return open(t, data.Spec{Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Characters: "OX", Limit: n, Labels: true, Seed: seed})
}

// TestClassificationAccuracy: good samples with their classes teach as well as real ones,
// and with the other class the opposite. What is tested was not taught.
func TestClassificationAccuracy(t *testing.T) {
	real, other := characters(t, 1, 400), characters(t, 2, 1200)
	r := &Request{Metrics: metrics(t, "cas"), Samples: 300, Seed: 1, Data: real, Split: "train", Shape: []int{8, 8, 1}, Device: newDevice(t),
		Generate: func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
			return Read(ctx, other, Choose(first+n, 1200, 99)[first:], progress)
		}}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "cas is of samples that are asked for by class") {
		t.Errorf("without classes: %v", err)
	}
	for _, wrong := range []int{0, 1} {
		r.Asked = &Asked{Real: real, Labels: func(_ context.Context, first, n int) (labels []int32, err error) {
			for _, at := range Choose(first+n, 1200, 99)[first:] {
				labels = append(labels, int32((other.Label(at)+wrong)%2))
			}
			return labels, nil
		}}
		if wrong == 1 {
			r.Asked.Held, r.Data = other, other
		}
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		rows, err := Measure(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		cas, own := rows[0], rows[1]
		if own.Value < .95 || wrong == 0 && cas.Value < .95 || wrong == 1 && cas.Value > .05 {
			t.Errorf("wrong %d: cas %g, of real samples %g", wrong, cas.Value, own.Value)
		}
		if want := "cas300_" + classifier.Recipe + "_train"; cas.Name != want || cas.Settings["train"] != 300 || cas.Settings["test"] != []float64{80, 1200}[wrong] || (cas.Train == "") != (wrong == 0) {
			t.Errorf("%+v", cas)
		}
	}
	set, err := r.draw(t.Context(), part+40)
	if err != nil || set.Len() != part+40 {
		t.Fatal(set, err)
	}
	for i, at := range Choose(part+40, 1200, 99) {
		if set.Label(i) != 1-other.Label(at) {
			t.Fatalf("sample %d has class %d", i, set.Label(i))
		}
	}
	r.Samples = 99
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "is trained on 100 samples or more, got 99") {
		t.Errorf("few samples: %v", err)
	}
	r.Samples, r.Asked.Held = 300, open(t, data.Spec{Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Limit: 400, Labels: true})
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "cas: the real samples have other classes") {
		t.Errorf("other classes: %v", err)
	}
}
