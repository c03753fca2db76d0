//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/safetensors"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
	"ganengine/gan/systems/rows"
)

// TestWGAN: the critic's loss tells how good samples are (figure 3 of the paper): over 25
// evaluations its rank is that of the samples' Fréchet distance to the data, and no weight
// of the critic is beyond the clip.
func TestWGAN(t *testing.T) {
	seeded(t, processors, func(c *check, seed int) {
		t := c.T
		cfg := configtest.Shipped(t, "wgan", fmt.Sprint("run.seed=", seed))
		run := trained(t, c.device(), cfg)
		losses := readRows[struct {
			Step  int64
			DLoss float64 `json:"d_loss"`
		}](t, run)
		measured := readRowsOf[struct {
			Checkpoint int64
			Value      float64
		}](t, run, rundir.MetricsFile)
		var estimates, distances []float64
		for _, m := range measured {
			var near []float64 // the estimates since the last evaluation
			for _, r := range losses {
				if r.Step > m.Checkpoint-int64(cfg.Eval.Every) && r.Step <= m.Checkpoint {
					near = append(near, -r.DLoss)
				}
			}
			slices.Sort(near)
			estimates, distances = append(estimates, near[len(near)/2]), append(distances, m.Value)
		}
		r := spearman(estimates, distances)
		t.Logf("from %.2f to %.2f", distances[0], distances[len(distances)-1])
		c.hold("evaluations", float64(len(distances)), rows.AtLeast(20))
		c.hold("rank correlation of D's loss and fd", r, rows.AtLeast(.8))
		files, err := run.Checkpoints()
		if err != nil || len(files) == 0 {
			t.Fatal("no checkpoints", err)
		}
		most := 0.
		for _, f := range files {
			most = max(most, largestWeight(t, f.Path))
		}
		c.hold("largest weight of D, of the clip", most/cfg.Optim("d").Clamp, rows.AtMost(1+1e-6))
	})
}

// largestWeight is that of the critic's weights in a checkpoint.
func largestWeight(t *testing.T, path string) (most float64) {
	t.Helper()
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := 0
	for _, tensor := range f.Tensors() {
		statistic := strings.HasSuffix(tensor.Name, "/mean") || strings.HasSuffix(tensor.Name, "/var")
		if !strings.HasPrefix(tensor.Name, "d/") || statistic {
			continue
		}
		x := make([]float32, tensor.Elements())
		if err := safetensors.Read(f, tensor.Name, x); err != nil {
			t.Fatal(err)
		}
		for _, x := range x {
			most = max(most, math.Abs(float64(x)))
		}
		seen++
	}
	if seen == 0 {
		t.Fatalf("%s has no weights of the critic", path)
	}
	return most
}

// spearman is the correlation of ranks.
func spearman(a, b []float64) float64 {
	ranks := func(x []float64) []float64 {
		sorted := slices.Sorted(slices.Values(x))
		out := make([]float64, len(x))
		for i, v := range x {
			at, _ := slices.BinarySearch(sorted, v)
			out[i] = float64(at)
		}
		return out
	}
	x, y := ranks(a), ranks(b)
	n, sum := float64(len(x)), 0.
	for i := range x {
		sum += (x[i] - y[i]) * (x[i] - y[i])
	}
	return 1 - 6*sum/(n*(n*n-1))
}
