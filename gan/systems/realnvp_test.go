//go:build systems

package systems_test

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// TestRealNVP trains the flow on the ring: its density integrates to 1, and its
// mean negative log-likelihood is near the entropy of the mixture.
func TestRealNVP(t *testing.T) {
	dev := newDevice(t)
	cfg := configtest.Shipped(t, "ring-flow")
	done := trained(t, dev, cfg)
	const side, rows = 400, 1600
	density := asked(t, done, dev, cfg, game.Data{Shape: graph.Shape{2}, Len: 1 << 20}, "likelihood", "log_density", rows)
	// logs are log densities of points, a multiple of rows.
	logs := func(points []float32) (out []float64) {
		for part := range slices.Chunk(points, 2*rows) {
			in, _ := binary.Append(nil, binary.LittleEndian, part)
			for _, x := range density(in) {
				out = append(out, float64(x))
			}
		}
		return out
	}
	const half = 4.
	var mesh []float32
	for i := range side * side {
		at := func(k int) float32 { return float32(-half + 2*half*(float64(k)+.5)/side) }
		mesh = append(mesh, at(i%side), at(i/side))
	}
	mass := 0.
	for _, l := range logs(mesh) {
		mass += math.Exp(l) * (2 * half / side) * (2 * half / side)
	}
	set := mixtureOf(t, &cfg.Data)
	points := make([]float32, 2*10*rows)
	for i := range 10 * rows {
		if err := set.Read(points[2*i:2*i+2], i); err != nil {
			t.Fatal(err)
		}
	}
	nll := 0.
	for _, l := range logs(points) {
		nll -= l / (10 * rows)
	}
	// Modes lie 15 deviations apart.
	entropy := math.Log(float64(cfg.Data.Modes)) + math.Log(2*math.Pi*math.E*set.Sigma()*set.Sigma())
	t.Logf("mass %.4f, negative log-likelihood %.3f nats, entropy %.3f", mass, nll, entropy)
	if math.Abs(mass-1) > .01 {
		t.Errorf("the density integrates to %.4f, want 1 within .01", mass)
	}
	if nll-entropy > .45 || nll < entropy-.05 {
		t.Errorf("%.3f nats above the entropy, want at most .45", nll-entropy)
	}
}
