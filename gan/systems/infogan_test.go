//go:build systems

package systems_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems/rows"
)

// infoRow is a step of stats.jsonl.
type infoRow struct {
	Information float64 `json:"information"`
	CodeError   float64 `json:"code_error"`
}

// TestInfoGAN trains the shipped configuration on: the information that Q finds of the
// category rises, of ln 10 = 2.30 nats that there are, and numbers are told.
// Without its term in the losses both stay where they were.
func TestInfoGAN(t *testing.T) {
	for _, info := range []float64{1, 0} {
		t.Run(fmt.Sprint("info=", info), func(t *testing.T) {
			cfg := configtest.Shipped(t, "infogan", "train.steps=300", fmt.Sprint("loss.info=", info))
			rows := readRows[infoRow](t, trained(t, newDevice(t), cfg))
			first, last := rows[0], rows[len(rows)-1]
			t.Logf("information %.3f to %.3f nats, error of numbers %.3f to %.3f", first.Information, last.Information, first.CodeError, last.CodeError)
			if info == 0 {
				if last.Information > .1 || last.CodeError < .9 {
					t.Errorf("without its term the information is %.3f nats, and numbers are told to %.3f; want at most 0.1, and 0.9 at least", last.Information, last.CodeError)
				}
				return
			}
			if first.Information > .3 || last.Information < 1 || last.CodeError > .3 {
				t.Errorf("information goes from %.3f to %.3f nats, the error of numbers to %.3f; want from 0.3 at most to 1 at least, and 0.3 at most", first.Information, last.Information, last.CodeError)
			}
		})
	}
}

// TestInfoGANFindsDigits trains on MNIST, whose labels it does not see: the information on
// the category comes to at least 2.2 nats, and categories, each matched with a digit, are
// those of at least 80% of test images, in the median of three runs. Without the term they
// are at most 35%.
func TestInfoGANFindsDigits(t *testing.T) {
	fully(t)
	steps, found := stepsOr(5000), []float64(nil)
	name := func(what string) string { return "steps" + steps + "/avx2/" + what }
	for seed := range 3 {
		for _, f := range as(t, name(fmt.Sprint("seed", seed)), "avx2", func(c *check) { c.findsDigits(steps, seed, 1) }) {
			if f.Name == matchedDigits {
				found = append(found, f.Value)
			}
		}
	}
	as(t, name("without"), "avx2", func(c *check) { c.findsDigits(steps, 0, 0) })
	if len(found) == 3 { // all of them were asked for
		slices.Sort(found)
		as(t, name("median"), "avx2", func(c *check) { c.hold(matchedDigits, found[1], rows.AtLeast(80)) })
	}
}

const matchedDigits = "test images of the category matched with their digit, %"

// findsDigits trains on MNIST with a weight of the information. First weights are N(0, 0.02)
// and updates as many as in the authors' code; networks are a half to a quarter as wide, and so
// G learns twice as fast and D four times: what an update of Adam changes grows with the width.
func (c *check) findsDigits(steps string, seed, info int) {
	t, dir := c.T, mnist(c.T)
	cfg := configtest.Text(t, onImages(t, "infogan", dir+"/train-images-idx3-ubyte.gz", 28),
		"model.g_channels=32", "model.d_channels=32", "model.width=256", "model.init=normal",
		"optim.g.lr=2e-3", "optim.d.lr=8e-4", "train.steps="+steps, fmt.Sprint("run.seed=", seed), fmt.Sprint("loss.info=", info))
	dev := c.device()
	run := trained(t, dev, cfg)
	told := readRows[infoRow](t, run)
	information := told[len(told)-1].Information
	test := cfg.Data
	test.Path = dir + "/t10k-images-idx3-ubyte.gz"
	const n = 10000
	pixels, labels := imagesOf(t, &test, 0, n)
	said := asked(t, run, dev, cfg, game.Data{Shape: graph.Shape{28, 28, 1}, Len: 60000}, "classify", "classes", n)(pixels)
	right := matched(said, labels, 10)
	if info == 0 {
		c.hold("information, nats", information, rows.Bound{})
		c.hold(matchedDigits, 100*right, rows.AtMost(35))
		return
	}
	c.hold("information, nats", information, rows.AtLeast(2.2))
	c.hold(matchedDigits, 100*right, rows.Bound{})
}

// matched is the share of rows whose likeliest of n categories is their label under the
// best pairing of categories and labels.
func matched(probabilities []float32, labels []int, n int) float64 {
	together := make([][]int, n) // of a category and a label
	for i := range together {
		together[i] = make([]int, n)
	}
	for i, label := range labels {
		row := probabilities[i*n : (i+1)*n]
		together[slices.Index(row, slices.Max(row))][label]++
	}
	best := make([]int, 1<<n) // by the labels that the first categories have taken
	for taken := 1; taken < len(best); taken++ {
		row := together[bits.OnesCount(uint(taken))-1]
		for label := range n {
			if taken>>label&1 == 1 {
				best[taken] = max(best[taken], best[taken&^(1<<label)]+row[label])
			}
		}
	}
	return float64(best[len(best)-1]) / float64(len(labels))
}

// Pairs are the best ones, not those of each category's favourite.
func TestMatched(t *testing.T) {
	// Category 0 has labels 0 and 1 twice each and 1 is all that category 1 has, once.
	p := []float32{.9, .1, .9, .1, .6, .4, .8, .2, .3, .7}
	if got := matched(p, []int{0, 0, 1, 1, 1}, 2); math.Abs(got-.6) > 1e-12 {
		t.Errorf("%v match, want 3 of 5", got)
	}
}
