//go:build systems

package systems_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"ganengine/engine/cpu"
	"ganengine/engine/graph"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/data"
	"ganengine/gan/game"
	"ganengine/gan/systems/rows"
	"ganengine/gan/train"
)

// TestMinibatchDiscrimination trains the ring with it: no mode is lost, where the same
// game without it keeps a few at most (TestRing).
func TestMinibatchDiscrimination(t *testing.T) {
	seeded(t, sumOrders, func(c *check, seed int) {
		got := c.measure("ring-minibatch", seed)
		c.hold("modes of 8", float64(got.Modes), rows.Bound{})
		c.hold("hit at all", float64(got.Any), rows.AtLeast(8))
		c.hold("good samples, %", 100*got.Good, rows.Bound{})
	})
}

// TestFewLabels trains shipped configurations of five labels a class, and the same network on
// these labels alone: on digits that neither has seen, the first is wrong at most four times
// for each five of the second.
func TestFewLabels(t *testing.T) {
	for _, name := range []string{"improved", "aae-semi"} {
		t.Run(name, func(t *testing.T) {
			held := configtest.Shipped(t, name).Data
			held.Limit = 12240 // of which a run that names no number has 10240
			set, err := train.OpenData(t.Context(), &held, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { set.Close() })
			seeded(t, processors, func(c *check, seed int) {
				c.fewerErrors(name, set.(data.Images), 10240, []string{fmt.Sprint("run.seed=", seed)})
			})
		})
	}
}

// TestImprovedMNIST is 100 labels of MNIST, five seeds (section 6.1), in 6,000 steps or so many
// as STEPS says: ten passes through what has no labels, in place of 300.
func TestImprovedMNIST(t *testing.T) {
	fully(t)
	dir, steps := mnist(t), stepsOr(6000)
	at := func(part string) string { return "data.path=" + filepath.Join(dir, part+"-images-idx3-ubyte.gz") }
	test := configtest.Shipped(t, "improved-paper", "data.kind=idx", at("t10k")).Data
	set, err := train.OpenData(t.Context(), &test, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	t.Run("steps"+steps, func(t *testing.T) {
		seeded(t, processors, func(c *check, seed int) {
			c.fewerErrors("improved-paper", set.(data.Images), 0, []string{
				"data.kind=idx", at("train"), "train.steps=" + steps, "train.ema_kimg=50", fmt.Sprint("run.seed=", seed), "log.every=100", "sample.every=0", "checkpoint.every=0"})
		})
	})
}

// fewerErrors trains a configuration as it is and on its labels alone, and holds the first's
// errors on the samples of a set from one on to 80% of the second's.
func (c *check) fewerErrors(name string, set data.Images, from int, with []string) {
	c.Helper()
	dev := c.device()
	rate := func(unlabelled string) float64 {
		cfg := configtest.Shipped(c.T, name, append(slices.Clone(with), "loss.unlabelled="+unlabelled)...)
		return wrongly(c.T, dev, cfg, set, from)
	}
	all, alone := rate("1"), rate("0")
	c.hold("wrong, %", 100*all, rows.Bound{})
	c.hold("wrong by the labels alone, %", 100*alone, rows.Bound{})
	c.hold("share of these", all/alone, rows.AtMost(.8))
}

// wrongly is the share of a set's samples, from one on, whose class a run of the
// configuration tells wrongly.
func wrongly(t *testing.T, dev *cpu.Device, cfg *config.Config, set data.Images, from int) float64 {
	t.Helper()
	const rows = 500
	h, w, c := set.Shape()
	classes := set.Classes()
	tell := asked(t, trained(t, dev, cfg), dev, cfg, game.Data{Shape: graph.Shape{h, w, c}, Len: 1 << 20, Classes: classes}, "classify", "class_logits", rows)
	in, wrong := make([]byte, rows*h*w*c), 0
	for at := from; at+rows <= set.Len(); at += rows {
		for i := range rows {
			if err := set.Read(in[i*h*w*c:(i+1)*h*w*c], at+i); err != nil {
				t.Fatal(err)
			}
		}
		logits := tell(in)
		for i := range rows {
			best := 0
			for k := range classes {
				if logits[i*len(classes)+k] > logits[i*len(classes)+best] {
					best = k
				}
			}
			if best != set.Label(at+i) {
				wrong++
			}
		}
	}
	return float64(wrong) / float64((set.Len()-from)/rows*rows)
}
