package measure

import (
	"context"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/gan/data"
	"ganengine/gan/features"
)

// halves is a network of a test: the features of a point are its coordinates halved, and
// its logits their sum and nothing.
type halves struct{ most, closed int }

func (*halves) Name() string   { return "halves" }
func (*halves) Hash() string   { return "a1b2c3d4" }
func (*halves) Resize() string { return "halved" }
func (*halves) About() string  { return "a half" }
func (*halves) Width() int     { return 2 }
func (*halves) Classes() int   { return 2 }
func (h *halves) Close() error { h.closed++; return nil }

func (h *halves) Extract(_ context.Context, x *tensor.Dense, out features.Outputs) error {
	rows := x.Data().([]float32)
	h.most = max(h.most, len(rows)/2)
	for i := range out.Features {
		out.Features[i] = rows[i] / 2
	}
	for i := range out.Logits {
		out.Logits[i] = float32(i%2) * (rows[i] + rows[i-i%2])
	}
	return nil
}

// TestExtractor: samples of a request go through what they are measured by, some at a
// time, and its rows say so; pairs do not.
func TestExtractor(t *testing.T) {
	r := ringOf(t, "fd", "L1")
	r.Samples = 1900
	r.Pairing = "names"
	r.Pair = func(ctx context.Context, n int, progress func(int)) (given, made *tensor.Dense, err error) {
		given, err = r.Generate(ctx, 0, n, progress)
		return given, given, err
	}
	rows := map[string]Row{}
	by := &halves{}
	for _, e := range []features.Extractor{nil, by} {
		r.extractor, r.real = e, nil
		list, err := Measure(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 2 {
			t.Errorf("%d rows", len(list))
		}
		for _, row := range list {
			if _, twice := rows[row.Name]; twice != (e != nil && row.Metric == "L1") {
				t.Errorf("%s by %v", row.Name, e)
			}
			rows[row.Name] = row
		}
	}
	whole, half, pairs := rows["fd1900_points_train"], rows["fd1900_halves-a1b2_train"], rows["L1-1900-names_points_train"]
	if a, b := float64(whole.Value), float64(half.Value); !(a > 0) || math.Abs(a/4-b) > 1e-6*a {
		t.Errorf("fd of points is %g, and of halves %g", a, b)
	}
	if half.Feature != "halves" || half.Hash != "a1b2c3d4" || half.Network != "a half" || half.Resize != "none, halved" || pairs.Feature != "points" || pairs.Hash != "" || pairs.Resize != "none" {
		t.Errorf("%+v, %+v", half.Protocol, pairs.Protocol)
	}
	if by.most != part {
		t.Errorf("%d samples were in memory, want %d", by.most, part)
	}
	if err := r.Close(); err != nil || by.closed != 1 || r.Close() != nil || by.closed != 1 {
		t.Errorf("closed %d times: %v", by.closed, err)
	}
}

// TestLogits: they come with the features, in order, and nothing that is not asked for.
func TestLogits(t *testing.T) {
	const n = 2*part + 5
	draw := func(_ context.Context, first, n int) (*tensor.Dense, error) {
		x := make([]float32, 2*n)
		for i := range n {
			x[2*i], x[2*i+1] = float32(first+i), 1
		}
		return tensor.New(tensor.WithShape(n, 2), tensor.WithBacking(x)), nil
	}
	f, logits, err := extract(t.Context(), &halves{}, n, wanted{logits: true}, draw)
	if err != nil || f != nil || logits.Len() != n || logits.Dim() != 2 {
		t.Fatal(f, logits, err)
	}
	if f, logits, err = extract(t.Context(), &halves{}, n, wanted{features: true}, draw); err != nil || logits != nil || f.Len() != n {
		t.Fatal(f, logits, err)
	}
}

// TestPixels: the usual features of images are shares of 255, and of points themselves.
func TestPixels(t *testing.T) {
	set := open(t, data.Spec{Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Limit: 50})
	r := &Request{Shape: []int{8, 8, 1}, Data: set}
	if err := r.Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	x, err := Read(t.Context(), set, []int{3, 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 128)
	if err := r.extractor.Extract(t.Context(), x, features.Outputs{Features: got}); err != nil {
		t.Fatal(err)
	}
	for i, v := range x.Data().([]uint8) {
		if got[i] != float32(v)/255 {
			t.Fatalf("number %d of pixel %d is %g", i, v, got[i])
		}
	}
	if name := r.extractor.Name(); name != "pixels" || r.extractor.Width() != 64 {
		t.Errorf("%s %d", name, r.extractor.Width())
	}
}
