//go:build systems

package systems_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data/mixture"
	"ganengine/gan/explore"
	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// TestConditional trains eight Gaussians with their classes: of what is asked for by
// class, 95% lie within three deviations of that Gaussian.
func TestConditional(t *testing.T) {
	const each = 320
	for _, dim := range []int{0, 16} {
		for seed := range 3 {
			t.Run(fmt.Sprintf("label_dim%d/seed%d", dim, seed), func(t *testing.T) {
				switches, err := debug.Read(nil)
				if err != nil {
					t.Fatal(err)
				}
				dev, err := cpu.New(cpu.Options{Switches: switches})
				if err != nil {
					t.Fatal(err)
				}
				defer dev.Close()
				cfg := configtest.Shipped(t, "cgan", fmt.Sprint("run.seed=", seed), fmt.Sprint("model.label_dim=", dim))
				out := t.TempDir()
				if err := train.Run(t.Context(), cfg, train.Host{Systems: systems.Table(), Device: dev, Switches: switches, Out: out}); err != nil {
					t.Fatal(err)
				}
				run, err := rundir.Find(out, "latest")
				if err != nil {
					t.Fatal(err)
				}
				set, err := mixture.Open(mixture.Options{Layout: cfg.Data.Layout, Modes: cfg.Data.Modes, Radius: cfg.Data.Radius, Sigma: cfg.Data.Sigma})
				if err != nil {
					t.Fatal(err)
				}
				good := 0
				points := asked(t.Context(), t, run, dev, each)
				for i := range len(points) / 2 {
					c := set.Centres()[i/each]
					if math.Hypot(float64(points[2*i]-c[0]), float64(points[2*i+1]-c[1])) <= 3*set.Sigma() {
						good++
					}
				}
				share := float64(good) / float64(len(points)/2)
				t.Logf("%.1f%% of samples are within three deviations of what was asked for", 100*share)
				if share < .95 {
					t.Errorf("%.1f%%, want at least 95%%", 100*share)
				}
			})
		}
	}
}

// asked draws n points of each class, in order.
func asked(ctx context.Context, t *testing.T, run rundir.Dir, dev *cpu.Device, n int) []float32 {
	t.Helper()
	e, err := explore.Open(run, dev, explore.Options{Systems: systems.Table()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var seeds explore.Seeds
	seeds.Add(0, n*e.Classes())
	path := filepath.Join(t.TempDir(), "points.npy")
	of := e.OfClass(e.Drawn(&seeds, 0), e.Width(), func(i int) int { return i / n })
	if err := e.Write(ctx, path, of, explore.Output{Raw: true}); err != nil {
		t.Fatal(err)
	}
	_, points, err := npy.ReadFile[float32](path)
	if err != nil {
		t.Fatal(err)
	}
	return points
}
