//go:build systems

package systems_test

import (
	"math"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/safetensors"
	"ganengine/gan/config/configtest"
	"ganengine/gan/rundir"
)

// TestSNGAN trains the shipped configuration, with classes and without: all numbers stay
// finite, the discriminator's judgement stays within reach of the hinge's corners, and
// what each of its weights is divided by is within 1% of the largest singular value,
// though weights move while the power iteration takes one step for each update.
func TestSNGAN(t *testing.T) {
	for _, labels := range []string{"true", "false"} {
		t.Run("labels="+labels, func(t *testing.T) {
			if labels == "false" {
				fully(t) // the same but for what classes add
			}
			set := []string{"log.every=10", "data.labels=" + labels}
			run := trained(t, newDevice(t), configtest.Shipped(t, "sngan", set...))
			last := lately(t, run)
			t.Logf("D's loss %.3f, D(x) %.2f, D(G(z)) %.2f, G's loss %.3f", last["d_loss"], last["d_real"], last["d_fake"], last["g_loss"])
			// At a hinge loss of 0 nothing is left to learn from; 2 is knowing nothing.
			if l := last["d_loss"]; l < .1 || l > 2 {
				t.Errorf("D's loss is %.3f at last, want one between .1 and 2", l)
			}
			if last["d_real"] <= last["d_fake"] || math.Abs(last["d_real"]) > 3 || math.Abs(last["d_fake"]) > 3 {
				t.Errorf("D(x) is %.2f and D(G(z)) %.2f at last, want the first above the second and neither beyond 3", last["d_real"], last["d_fake"])
			}
			at, err := run.Checkpoint("latest")
			if err != nil {
				t.Fatal(err)
			}
			f, err := safetensors.Open(at.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for _, s := range sigmas(t, playedSNGAN(t, set...)) {
				w := stored(t, f, s.w)
				got, next := used(w, stored(t, f, s.u))
				want := largest(w, len(next))
				t.Logf("%-14s divided by %.5f, exact %.5f, %+.3f%%", s.name, got, want, 100*(got/want-1))
				if math.Abs(got/want-1) > .01 {
					t.Errorf("%s is divided by %v, and its largest singular value is %v", s.name, got, want)
				}
			}
		})
	}
}

// lately are means over the last ten rows of a run's statistics, of which every row must
// have all numbers. NaN and infinities are null there.
func lately(t *testing.T, run rundir.Dir) map[string]float64 {
	t.Helper()
	rows := readRows[map[string]*float64](t, run)
	mean := map[string]float64{}
	for i, row := range rows {
		for _, name := range []string{"d_loss", "g_loss", "d_real", "d_fake", "d_grad", "g_grad"} {
			if row[name] == nil {
				t.Fatalf("row %d has no %s: %v", i, name, row)
			}
			if i >= len(rows)-10 {
				mean[name] += *row[name] / 10
			}
		}
	}
	return mean
}

// stored is what a checkpoint has for a Variable.
func stored(t *testing.T, f *safetensors.File, v *graph.Variable) []float64 {
	t.Helper()
	x, out := make([]float32, v.Shape.Size()), make([]float64, v.Shape.Size())
	if err := safetensors.Read(f, v.Name, x); err != nil {
		t.Fatal(err)
	}
	for i := range x {
		out[i] = float64(x[i])
	}
	return out
}
