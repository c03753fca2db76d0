//go:build systems

package systems_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"ganengine/engine/cpu"
	"ganengine/engine/debug"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data/mixture"
	"ganengine/gan/explore"
	"ganengine/gan/metric"
	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/train"
)

// TestRing trains eight Gaussians on a ring with He's normal initialiser: a
// plain GAN loses modes, R1 and WGAN-GP keep all of them. A mode counts when 20
// of 2,560 samples lie within three deviations.
func TestRing(t *testing.T) {
	const samples, least = 2560, 20
	for _, name := range []string{"ring", "ring-r1", "ring-wgan-gp"} {
		for seed := range 3 {
			t.Run(fmt.Sprintf("%s/seed%d", name, seed), func(t *testing.T) {
				c := measure(t, name, seed, samples, least)
				t.Logf("%d modes of 8 (%d hit at all), %.0f%% good samples", c.Modes, c.Any, 100*c.Good)
				if name == "ring" {
					if c.Modes > 4 {
						t.Errorf("the plain GAN kept %d modes, and is known to keep at most 4", c.Modes)
					}
					return
				}
				if c.Modes != 8 || c.Good < .6 {
					t.Errorf("%d modes with %.0f%% good samples, want all 8 with at least 60%%", c.Modes, 100*c.Good)
				}
			})
		}
	}
}

// measure trains the built-in configuration and samples it.
func measure(t *testing.T, name string, seed, samples, least int) metric.Coverage {
	t.Helper()
	switches, err := debug.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	dev, err := cpu.New(cpu.Options{Switches: switches})
	if err != nil {
		t.Fatal(err)
	}
	defer dev.Close()
	cfg := configtest.Shipped(t, name, fmt.Sprint("run.seed=", seed))
	host := train.Host{Systems: systems.Table(), Device: dev, Switches: switches, Out: t.TempDir(), Started: time.Now()}
	if err := train.Run(t.Context(), cfg, host); err != nil {
		t.Fatal(err)
	}
	run, err := rundir.Find(host.Out, "latest")
	if err != nil {
		t.Fatal(err)
	}
	points := generate(t, run, dev, samples)
	set, err := mixture.Open(mixture.Options{Layout: cfg.Data.Layout, Modes: cfg.Data.Modes, Radius: cfg.Data.Radius, Sigma: cfg.Data.Sigma})
	if err != nil {
		t.Fatal(err)
	}
	return metric.ModeCoverage(points, set.Centres(), set.Sigma(), least)
}

func generate(t *testing.T, run rundir.Dir, dev *cpu.Device, n int) []float32 {
	t.Helper()
	e, err := explore.Open(run, dev, explore.Options{Systems: systems.Table()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var seeds explore.Seeds
	seeds.Add(0, n)
	path := filepath.Join(t.TempDir(), "points.npy")
	if err := e.Write(t.Context(), path, e.Drawn(&seeds, 0), explore.Output{Raw: true}); err != nil {
		t.Fatal(err)
	}
	_, points, err := npy.ReadFile[float32](path)
	if err != nil {
		t.Fatal(err)
	}
	return points
}
