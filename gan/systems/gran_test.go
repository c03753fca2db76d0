//go:build systems

package systems_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems/rows"
)

// TestGRAN trains the shipped configuration: every step draws a part of the picture, with
// 2% of the energy at least, and though nothing trains canvases that are not done, the last
// one is nearer to digits than the first, at 0.8 of its distance at most.
func TestGRAN(t *testing.T) {
	const n = 400
	seeded(t, processors, func(c *check, seed int) {
		t, dev, cfg := c.T, c.device(), configtest.Shipped(t, "gran", fmt.Sprint("run.seed=", seed))
		steps := drawnBy(t, trained(t, dev, cfg), dev, cfg, n)
		reals, _ := imagesOf(t, &cfg.Data, 20000, n)
		size := len(reals) / n
		real, canvas := make([]float64, len(reals)), make([]float64, len(reals))
		for i, x := range reals {
			real[i] = float64(x) / 255
		}
		energy, total, off := make([]float64, len(steps)), 0., make([]float64, len(steps))
		for k, step := range steps {
			shown := make([]float64, len(step))
			for i, x := range step {
				energy[k] += x * x
				canvas[i] += x
				shown[i] = 1 / (1 + math.Exp(-canvas[i]))
			}
			total += energy[k]
			off[k] = energyDistance(shown, real, size)
		}
		for k := range steps {
			t.Logf("step %d: %.1f%% of the energy; the canvas is %.3f from digits", k+1, 100*energy[k]/total, off[k])
		}
		c.hold("least energy of a step, %", 100*slices.Min(energy)/total, rows.AtLeast(2))
		c.hold("distance of the last canvas, of the first's", off[len(off)-1]/off[0], rows.AtMost(.8))
	})
}

// drawnBy is what each step draws of the same n latents.
func drawnBy(t *testing.T, run rundir.Dir, dev *cpu.Device, cfg *config.Config, n int) [][]float64 {
	t.Helper()
	d := &cfg.Data
	of := game.Data{Shape: graph.Shape{d.Height, d.Width, d.Channels}, Len: 1 << 20}
	random, z := rand.New(rand.NewPCG(1, 2)), []byte(nil)
	for range n * 32 { // as shipped
		z = binary.LittleEndian.AppendUint32(z, math.Float32bits(float32(random.NormFloat64())))
	}
	all := asked(t, run, dev, cfg, of, "steps", "steps", n)(z)
	size := of.Shape.Size()
	steps := make([][]float64, len(all)/n/size)
	for i, x := range all {
		k := i / size % len(steps)
		steps[k] = append(steps[k], float64(x))
	}
	return steps
}

// energyDistance is the root of 2 E|x-y| - E|x-x'| - E|y-y'| over batches of vectors.
func energyDistance(x, y []float64, size int) float64 {
	mean := func(x, y []float64) (sum float64) {
		for i := 0; i < len(x); i += size {
			for j := 0; j < len(y); j += size {
				square := 0.
				for k := range size {
					d := x[i+k] - y[j+k]
					square += d * d
				}
				sum += math.Sqrt(square)
			}
		}
		return sum / float64(len(x)/size*(len(y)/size))
	}
	return math.Sqrt(2*mean(x, y) - mean(x, x) - mean(y, y))
}
