//go:build systems

package systems_test

import (
	"context"
	"testing"

	"gorgonia.org/tensor"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	measures "ganengine/gan/measure"
	"ganengine/gan/metric"
	"ganengine/gan/systems"
)

// TestRatio trains a discriminator alone, against a generator that stays the affine map it
// began as (its rate is nothing beside its weights): the logits become the logarithm of the
// ratio of the densities, those of a mixture of Gaussians and of one Gaussian.
func TestRatio(t *testing.T) {
	const text = `
[data]
kind = "mixture"
layout = "ring"
modes = 4
sigma = 0.7
[model]
kind = "mlp"
z = 2
g_hidden = []
d_hidden = [32, 32]
init = "he-normal"
[optim.g]
lr = 1e-30
[optim.d]
lr = 1e-3
beta1 = 0.9
[train]
batch = 256
steps = 2500
`
	dev := newDevice(t)
	cfg := configtest.Text(t, text)
	e, err := explore.Open(trained(t, dev, cfg), dev, explore.Options{Systems: systems.Everything()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	m, err := metric.Find("ratio")
	if err != nil {
		t.Fatal(err)
	}
	r := &measures.Request{Metrics: []*metric.Metric{m}, Samples: 5000, Seed: measures.FirstSeed, Neighbours: measures.UsualNeighbours, Data: mixtureOf(t, &cfg.Data), Split: "train",
		Shape: e.Shape(), Device: dev, Generate: func(ctx context.Context, first, n int, progress func(int)) (*tensor.Dense, error) {
			return e.Array(ctx, seedsFrom(e, first+measures.FirstSeed, n), progress)
		}}
	defer r.Close()
	if r.Judge, err = e.Judge(); err != nil {
		t.Fatal(err)
	}
	if r.Density, err = e.Density(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := measures.Measure(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s %.4f", rows[0].Name, float64(rows[0].Value))
	if rows[0].Value < .95 {
		t.Errorf("logits correlate with the log ratio at %.4f, want .95 or more", float64(rows[0].Value))
	}
}
