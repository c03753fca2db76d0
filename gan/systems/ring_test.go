//go:build systems

package systems_test

import (
	"fmt"
	"testing"

	"ganengine/gan/config/configtest"
	"ganengine/gan/explore"
	"ganengine/gan/metric"
	"ganengine/gan/systems/rows"
)

// TestRing trains eight Gaussians on a ring with He's normal initialiser: a
// plain GAN loses modes, penalties on the discriminator's slope keep all of them. A mode
// counts when 20 of 2,560 samples lie within three deviations.
func TestRing(t *testing.T) {
	told, all, most := rows.Bound{}, rows.AtLeast(8), rows.AtLeast(60)
	for _, game := range []struct {
		name        string
		modes, good rows.Bound
	}{
		{"ring", rows.AtMost(4), told},
		{"lsgan", told, told}, // another loss is no cure
		{"hinge", told, told},
		{"ring-r1", all, most},
		{"ring-wgan-gp", all, most},
		{"r1", all, most},
		{"r2", all, most},
		{"dragan", all, most},
		{"relativistic", all, most},
	} {
		t.Run(game.name, func(t *testing.T) {
			if game.modes == told {
				fully(t)
			}
			seeded(t, sumOrders, func(c *check, seed int) {
				got := c.measure(game.name, seed)
				c.hold("modes of 8", float64(got.Modes), game.modes)
				c.hold("hit at all", float64(got.Any), told)
				c.hold("good samples, %", 100*got.Good, game.good)
			})
		})
	}
}

// measure trains a shipped configuration of points, with settings key=value on top, and
// counts modes that 20 of 2,560 samples come to.
func (c *check) measure(name string, seed int, set ...string) metric.Coverage {
	c.Helper()
	const samples, least = 2560, 20
	dev := c.device()
	cfg := configtest.Shipped(c.T, name, append(set, fmt.Sprint("run.seed=", seed))...)
	got := points(c.T, trained(c.T, dev, cfg), dev, func(e *explore.Explorer) explore.Latents { return seeds(e, samples) })
	data := mixtureOf(c.T, &cfg.Data)
	return metric.ModeCoverage(got, data.Centres(), data.Sigma(), least)
}
