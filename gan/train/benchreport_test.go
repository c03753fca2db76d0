package train

import (
	"strings"
	"testing"
	"time"

	"ganengine/engine/device"
	"ganengine/engine/roofline"
)

// TestProfile sums two nodes of one kind up and lists the one that took long.
func TestProfile(t *testing.T) {
	limits := roofline.Limits{Matrix: map[string]float64{"f32": 2e9}, Memory: 10e9}
	p := newProfile(limits, []device.KernelTime{
		{Cost: device.Cost{Kind: "elementwise", Node: "sum", Bytes: 5e7}, Runs: 2, Time: 10 * time.Millisecond},
		{Cost: device.Cost{Kind: "product", Node: "large", Type: "f32", Flops: 2e9, Least: 1e9, Bytes: 4e9}, Runs: 3, Time: time.Second},
		{Cost: device.Cost{Kind: "product", Node: "small", Type: "f32", Flops: 2e7, Least: 2e7, Bytes: 4e7}, Runs: 1, Time: 10 * time.Millisecond},
	})
	if len(p.Kinds) != 2 || len(p.Nodes) != 1 {
		t.Fatalf("%+v", p)
	}
	product, sum, large := p.Kinds[0], p.Kinds[1], p.Nodes[0]
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"runs", float64(product.Runs), 4},
		{"rate", product.GFlops, 2.02 / 1.01},
		{"share", product.Share, 1.01 / 1.02},
		{"bound of both products", product.Bound, (0.5 + 0.01) / 1.01},
		{"bound of memory", sum.Bound, 0.5},
		{"traffic", sum.GBytes, 5},
		{"bound of the large product", large.Bound, 0.5},
	} {
		if err := near(c.got, c.want); err != nil {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	var text strings.Builder
	if err := (BenchReport{Steps: 1, Profile: p}).WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2.0 GFLOP/s of matrix products in f32, 10.0 GB/s", "large", "of bound"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("nothing says %q in\n%s", want, &text)
		}
	}
}
