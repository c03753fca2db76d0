//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data/mixture"
	"ganengine/gan/explore"
	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
	"ganengine/gan/systems/rows"
)

// TestCycleGAN trains translations between a ring and a grid of nine Gaussians each:
// what was translated there and back is where it was but for .1, and what was translated
// lies within three deviations of a Gaussian of the other domain.
func TestCycleGAN(t *testing.T) {
	const n, least = 2000, .85
	seeded(t, sumOrders, func(c *check, seed int) {
		t, dev := c.T, c.device()
		cfg := configtest.Shipped(t, "cyclegan-points", fmt.Sprint("run.seed=", seed))
		run := trained(t, dev, cfg)
		sets := map[string]*mixture.Set{"a": mixtureOf(t, &cfg.Data), "b": mixtureOf(t, cfg.Stream("b"))}
		points := map[string][]float32{}
		for name, set := range sets {
			for i := range n {
				var x [2]float32
				if err := set.Read(x[:], i); err != nil {
					t.Fatal(err)
				}
				points[name] = append(points[name], x[:]...)
			}
		}
		for _, way := range [][2]string{{"a", "b"}, {"b", "a"}} {
			there := mapped(t, dev, run, "translate."+way[1], points[way[0]])
			back := mapped(t, dev, run, "translate."+way[0], there)
			lost := 0.
			for i, x := range points[way[0]] {
				lost += math.Abs(float64(back[i]-x)) / float64(len(back))
			}
			share, reached := near(there, sets[way[1]])
			name := way[0] + " to " + way[1]
			c.hold(name+": on a Gaussian, %", 100*share, rows.AtLeast(100*least))
			c.hold(name+": Gaussians", float64(reached), rows.Bound{})
			c.hold(name+": error of the way back", lost, rows.AtMost(.1))
		}
	})
}

// near is the share of points of the plane within three deviations of a Gaussian, and to
// how many of these more than one hundredth comes.
func near(points []float32, set *mixture.Set) (share float64, reached int) {
	hits := make([]int, len(set.Centres()))
	for i := 0; i < len(points); i += 2 {
		for m, c := range set.Centres() {
			if math.Hypot(float64(points[i]-c[0]), float64(points[i+1]-c[1])) <= 3*set.Sigma() {
				hits[m]++
				break
			}
		}
	}
	for _, h := range hits {
		share += float64(h) / float64(len(points)/2)
		if h > len(points)/200 {
			reached++
		}
	}
	return share, reached
}

// mapped are points of the plane as a run's sampler maps them.
func mapped(t *testing.T, dev *cpu.Device, run rundir.Dir, kind string, points []float32) []float32 {
	t.Helper()
	e, err := explore.Open(run, dev, explore.Options{Systems: systems.Table()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from.npy"), filepath.Join(dir, "to.npy")
	if err := npy.WriteFile(from, []int{len(points) / 2, 2}, points); err != nil {
		t.Fatal(err)
	}
	f, err := e.From(kind)
	if err != nil {
		t.Fatal(err)
	}
	in, err := f.Open(t.Context(), from, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(t.Context(), to, in); err != nil {
		t.Fatal(err)
	}
	_, out, err := npy.ReadFile[float32](to)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
