//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems/rows"
)

// TestBiGAN trains the shipped configurations of both kinds: of digits that they have not
// seen, what comes back from the code is nearer to the image than to another one, and nearer
// than after a quarter of the steps; and by its nearest neighbour's class a code tells its
// digit more often than one of the encoder as it began. Full checks train four times as long.
func TestBiGAN(t *testing.T) {
	for _, name := range []string{"bigan", "ali"} {
		t.Run(name, func(t *testing.T) {
			seeded(t, processors, func(c *check, seed int) {
				t, dev := c.T, c.device()
				of := func(steps int) inverted {
					cfg := configtest.Shipped(t, name, "checkpoint.every=0", fmt.Sprint("run.seed=", seed), fmt.Sprint("train.steps=", steps))
					return inverts(t, trained(t, dev, cfg), dev, cfg)
				}
				steps, bound := configtest.Shipped(t, name).Train.Steps, .9
				if *full {
					steps, bound = 4*steps, .7
				}
				first, early, last := of(0), of(steps/4), of(steps)
				t.Logf("error over that of another image: %.3f, %.3f after a quarter, %.3f at last", first.share, early.share, last.share)
				t.Logf("right by the nearest code: %.1f%%, %.1f%% after a quarter, %.1f%% at last", 100*first.right, 100*early.right, 100*last.right)
				c.hold("error, of that of another image", last.share, rows.AtMost(bound))
				c.hold("of what it was after a quarter", last.share/early.share, rows.AtMost(1))
				c.hold("right by the nearest code, %", 100*last.right, rows.AtLeast(100*first.right))
			})
		})
	}
}

// inverted says how well a generator inverts an encoder: the distance of images from what
// their codes give over that of other images from it, and how often the nearest code is of
// the same class.
type inverted struct{ share, right float64 }

func inverts(t *testing.T, run rundir.Dir, dev *cpu.Device, cfg *config.Config) inverted {
	t.Helper()
	const n, known = 3000, 2000
	pixels, labels := imagesOf(t, &cfg.Data, 20000, n)
	side := cfg.Data.Height
	of := game.Data{Shape: graph.Shape{side, side, 1}, Len: 1 << 20}
	back := asked(t, run, dev, cfg, of, "reconstruct", game.Samples, n)(pixels)
	codes := asked(t, run, dev, cfg, of, "encode", game.Encoded, n)(pixels)
	size, random := side*side, rand.New(rand.NewPCG(1, 2))
	apart := func(i, j int) float64 {
		sum := 0.
		for k := range size {
			d := float64(pixels[i*size+k])/127.5 - 1 - float64(back[j*size+k])
			sum += d * d
		}
		return math.Sqrt(sum)
	}
	own, other := 0., 0.
	for i := range n {
		own += apart(i, i)
		other += apart((i+1+random.IntN(n-1))%n, i)
	}
	z, right := len(codes)/n, 0
	for i := known; i < n; i++ {
		least, nearest := math.Inf(1), 0
		for j := range known {
			sum := 0.
			for k := range z {
				d := float64(codes[i*z+k] - codes[j*z+k])
				sum += d * d
			}
			if sum < least {
				least, nearest = sum, j
			}
		}
		if labels[nearest] == labels[i] {
			right++
		}
	}
	return inverted{own / other, float64(right) / (n - known)}
}
