package measure

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/engine/device"
	"ganengine/gan/data"
	"ganengine/gan/metric"
)

func newDevice(t *testing.T) device.Device {
	t.Helper()
	dev, err := cpu.New(cpu.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dev.Close() })
	return dev
}

func open(t *testing.T, spec data.Spec) data.Set {
	t.Helper()
	set, err := data.Open(t.Context(), spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func metrics(t *testing.T, names ...string) (list []*metric.Metric) {
	t.Helper()
	for _, name := range names {
		m, err := metric.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m)
	}
	return list
}

// TestProducts holds the device's products to plain sums, of full and of partial blocks
// one after the other.
func TestProducts(t *testing.T) {
	const d = 37
	p, err := NewProducts(newDevice(t), 20, d, debug.Switches{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][2]int{{20, 20}, {3, 20}, {20, 1}, {7, 5}} {
		a, b := make([]float32, size[0]*d), make([]float32, size[1]*d)
		for _, list := range [][]float32{a, b} {
			for i := range list {
				list[i] = float32(r.NormFloat64())
			}
		}
		got := make([]float32, size[0]*size[1])
		if err := p.Multiply(t.Context(), got, a, b, d); err != nil {
			t.Fatal(err)
		}
		for i := range size[0] {
			for j := range size[1] {
				want := 0.
				for k := range d {
					want += float64(a[i*d+k]) * float64(b[j*d+k])
				}
				if v := float64(got[i*size[1]+j]); math.Abs(v-want) > 1e-4 {
					t.Fatalf("%v: product %d, %d is %g, want %g", size, i, j, v, want)
				}
			}
		}
	}
	if err := p.Multiply(t.Context(), nil, make([]float32, 21*d), make([]float32, d), d); err == nil {
		t.Error("a block of 21 rows passed where 20 are prepared for")
	}
}

// TestRead: the samples that are named, in their order, and the first bad one.
func TestRead(t *testing.T) {
	set := open(t, data.Spec{Kind: "glyphs", Height: 8, Width: 8, Channels: 1, Limit: 50}).(data.Images)
	indices := Choose(30, 50, 3)
	x, err := Read(t.Context(), set, indices, nil)
	if err != nil || !slices.Equal(x.Shape(), tensor.Shape{30, 8, 8, 1}) {
		t.Fatal(x.Shape(), err)
	}
	want := make([]byte, 64)
	for i, at := range indices {
		if err := set.Read(want, at); err != nil {
			t.Fatal(err)
		}
		if got := x.Data().([]uint8)[64*i : 64*(i+1)]; !slices.Equal(got, want) {
			t.Fatalf("row %d is not sample %d", i, at)
		}
	}
	if first := Choose(10, 50, 3); !slices.Equal(first, indices[:10]) {
		t.Errorf("fewer samples are %v, not the first of %v", first, indices)
	}
	stop := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if _, err := Read(ctx, set, indices, nil); !errors.Is(err, stop) {
		t.Errorf("reading after the end: %v", err)
	}
	if _, err := Read(t.Context(), failing{set}, indices, nil); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a bad sample: %v", err)
	}
}

type failing struct{ data.Images }

func (failing) Read([]byte, int) error { return errors.New("damaged") }

// ringOf asks for samples of a ring that are its own points, from number first on.
func ringOf(t *testing.T, names ...string) *Request {
	set := open(t, data.Spec{Kind: "mixture", Limit: 5000}).(data.Points)
	return &Request{Metrics: metrics(t, names...), Samples: 300, Seed: 4, Neighbours: 5, Data: set, Split: "train", Shape: []int{2}, Device: newDevice(t), Switches: debug.Switches{Cache: "off"},
		Generate: func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
			return Read(ctx, set, Choose(first+n, 2000, 99)[first:], progress)
		}}
}

// TestMeasure: values of samples that are drawn alike, each with its protocol. With a
// window of .1 around them, eight modes of a deviation of .1 have the log-likelihood
// -log 8 - log(2π .02) - 1/2 = -.51.
func TestMeasure(t *testing.T) {
	r := ringOf(t, "fd", "kd", "recall", "nn2s", "parzen", "modes")
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	rows, err := Measure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]float64{"fd300_points_train": {0, .05}, "kd300_points_train": {-.3, .3}, "recall300_points_train": {.9, 1},
		"nn2s300_points_train": {.4, .55}, "parzen300_points_train": {-.56, -.46}, "modes300_points": {8, 8}, "quality300_points": {.95, 1}}
	for _, row := range rows {
		limits, ok := want[row.Name]
		delete(want, row.Name)
		if v := float64(row.Value); ok && !(limits[0] <= v && v <= limits[1]) {
			t.Errorf("%s = %g, want %g to %g", row.Name, v, limits[0], limits[1])
		}
		if row.Samples != 300 || row.Seed != 4 || row.Feature != "points" || row.Resize != "none" || row.Data != r.Data.Fingerprint() {
			t.Errorf("%s has the protocol %+v", row.Name, row.Protocol)
		}
	}
	if len(want) > 0 {
		t.Errorf("no values of %v", want)
	}
	again, err := Measure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := text(t, rows), text(t, again); a != b {
		t.Errorf("measured again it is\n%s\nand was\n%s", b, a)
	}
}

func text(t *testing.T, rows []Row) string {
	t.Helper()
	b, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMeasureMemoryAndPairs: points drawn anew are as far from the training ones as those
// held out, and pairs are what they are given as, with a protocol of their own.
func TestMeasureMemoryAndPairs(t *testing.T) {
	r := ringOf(t, "memory", "L1")
	r.Train = open(t, data.Spec{Kind: "mixture", Limit: 3000, Seed: 8})
	r.Generate = func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
		return Read(ctx, open(t, data.Spec{Kind: "mixture", Seed: 9}), Choose(first+n, 2000, 99)[first:], progress)
	}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "L1 is of pairs") {
		t.Errorf("without pairs: %v", err)
	}
	r.Pairing = "names"
	r.Pair = func(_ context.Context, n int, _ func(int)) (given, made *tensor.Dense, err error) {
		x, y := make([]float32, 2*n), make([]float32, 2*n)
		for i := range y {
			y[i] = .25
		}
		return tensor.New(tensor.WithShape(n, 2), tensor.WithBacking(x)), tensor.New(tensor.WithShape(n, 2), tensor.WithBacking(y)), nil
	}
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	rows, err := Measure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	memory, pairs := rows[0], rows[1]
	if v := memory.Value; memory.Name != "memory300_points_train" || v < .8 || v > 1.25 || memory.Settings["train"] != 3000 || memory.Train != r.Train.Fingerprint() {
		t.Errorf("%+v", memory)
	}
	if pairs.Name != "L1-300-names_points_train" || pairs.Value != .25 || pairs.Samples != 300 || pairs.Reals != 300 || pairs.Train != "" {
		t.Errorf("%+v", pairs)
	}
	if rows, err := Measure(t.Context(), &Request{}); rows != nil || err != nil {
		t.Errorf("of no metrics: %v, %v", rows, err)
	}
}

// TestRealsAreEnough: real samples for choosing a width are not measured too, and data
// that are short are said to be.
func TestRealsAreEnough(t *testing.T) {
	r := ringOf(t, "recall", "parzen")
	r.Samples = 4500
	if n := r.counts(); n.real != 4000 || n.validation != 1000 {
		t.Errorf("%+v of 5000 samples", n)
	}
	r.Metrics = metrics(t, "nn2s")
	r.Samples = 6000
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "take 5000 of each") {
		t.Errorf("6000 samples against 5000: %v", err)
	}
	r.Shape = []int{3}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "3 numbers each, and those of the data of 2") {
		t.Errorf("samples of another size: %v", err)
	}
}

func TestNames(t *testing.T) {
	p := Protocol{Samples: 50000, Reals: 10, Split: "test", Feature: "pixels"}
	q := metric.Quantity{Name: "recall", Better: metric.Higher}
	alone, pairs := p, p
	alone.Split, pairs.Pairing = "", "reconstruct"
	for want, row := range map[string]Row{
		"recall50k_pixels_test":           rowOf(q, metric.Result{Settings: map[string]float64{"k": 5}}, p),
		"recall50k-k3_pixels_test":        rowOf(q, metric.Result{Settings: map[string]float64{"k": 3}}, p),
		"recall50k_pixels":                rowOf(q, metric.Result{}, alone),
		"L1-50k-reconstruct_pixels_test":  rowOf(metric.Quantity{Name: "L1"}, metric.Result{}, pairs),
		"ssim50k-reconstruct_pixels_test": rowOf(metric.Quantity{Name: "ssim"}, metric.Result{}, pairs),
	} {
		if row.Name != want {
			t.Errorf("%s, want %s", row.Name, want)
		}
	}
	for path, want := range map[string]string{"/d/t10k-images-idx3-ubyte.gz": "test", "d/Test": "test", "d/train/": "train", "valid": "val", "photos": "other", "/test/photos": "other"} {
		if got := Split(path); got != want {
			t.Errorf("%s is called %s, want %s", path, got, want)
		}
	}
}
