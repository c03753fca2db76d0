//go:build systems

package systems_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data/mixture"
	"ganengine/gan/game"
	"ganengine/gan/systems/rows"
)

// TestRealNVP trains the flow on the ring as it is shipped: its density integrates to
// 1, and its mean negative log-likelihood is near the entropy of the mixture.
func TestRealNVP(t *testing.T) {
	seeded(t, sumOrders, func(c *check, seed int) {
		c.flow(configtest.Shipped(c.T, "ring-flow", fmt.Sprint("run.seed=", seed)), .3)
	})
}

// TestRealNVPFull trains more couplings for longer, on larger batches, with three
// seeds.
func TestRealNVPFull(t *testing.T) {
	fully(t)
	for seed := range 3 {
		as(t, fmt.Sprint("avx2/seed", seed), "avx2", func(c *check) {
			c.flow(configtest.Shipped(c.T, "ring-flow", fmt.Sprint("run.seed=", seed), "model.layers=24", "train.batch=256", "train.steps=20000",
				`optim.flow.lr={ at = [0, 20_000], to = [2e-3, 1e-6], shape = "cosine" }`), .15)
		})
	}
}

// flow trains a flow and holds the mean negative log-likelihood of points that it
// was not trained on to so many nats above the entropy of the mixture.
func (c *check) flow(cfg *config.Config, above float64) {
	const batch, parts, side, half = 1600, 100, 400, 4.
	t, dev := c.T, c.device()
	density := asked(t, trained(t, dev, cfg), dev, cfg, game.Data{Shape: graph.Shape{2}, Len: 1 << 20}, "likelihood", "log_density", batch)
	// logs are log densities of points, a multiple of batch.
	logs := func(points []float32) (out []float64) {
		for part := range slices.Chunk(points, 2*batch) {
			in, _ := binary.Append(nil, binary.LittleEndian, part)
			for _, x := range density(in) {
				out = append(out, float64(x))
			}
		}
		return out
	}
	var mesh []float32
	for i := range side * side {
		at := func(k int) float32 { return float32(-half + 2*half*(float64(k)+.5)/side) }
		mesh = append(mesh, at(i%side), at(i/side))
	}
	mass := 0.
	for _, l := range logs(mesh) {
		mass += math.Exp(l) * (2 * half / side) * (2 * half / side)
	}
	points, sigma := heldOut(t, &cfg.Data, parts*batch)
	nll := 0.
	for _, l := range logs(points) {
		nll -= l / (parts * batch)
	}
	// Modes lie 15 deviations apart.
	entropy := math.Log(float64(cfg.Data.Modes)) + math.Log(2*math.Pi*math.E*sigma*sigma)
	c.hold("integral of the density", mass, around(1, .01))
	c.hold("negative log-likelihood above the entropy, nats", nll-entropy, rows.Between(-.05, above))
}

// heldOut are n points [n, 2] of a mixture, those that follow what is trained on, and
// their deviation.
func heldOut(t *testing.T, d *config.Data, n int) (points []float32, sigma float64) {
	t.Helper()
	first := mixtureOf(t, d).Len()
	set, err := mixture.Open(mixture.Options{Layout: d.Layout, Modes: d.Modes, Radius: d.Radius, Sigma: d.Sigma, Limit: first + n})
	if err != nil {
		t.Fatal(err)
	}
	points = make([]float32, 2*n)
	for i := range n {
		if err := set.Read(points[2*i:2*i+2], first+i); err != nil {
			t.Fatal(err)
		}
	}
	return points, set.Sigma()
}
