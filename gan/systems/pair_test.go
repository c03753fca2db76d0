package systems_test

import (
	"strings"
	"testing"

	"ganengine/engine/optim"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/systems"
)

const tinyPair = `
[data]
kind = "mixture"
[model]
kind = "mlp"
z = 2
g_hidden = [4]
d_hidden = [4]
[train]
batch = 4
steps = 4
`

// runsOf are the programs of a step, each with how often it runs in a row.
func runsOf(t *testing.T, c *config.Config, step int64) (out []string, times []int) {
	t.Helper()
	g := configtest.Declare(t, c)
	programs, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range g.Sequence.At(step) {
		name := programs[p].Name
		if n := len(out); n > 0 && out[n-1] == name {
			times[n-1]++
			continue
		}
		out, times = append(out, name), append(times, 1)
	}
	return out, times
}

// The first steps and each so many-th have more updates of the discriminator, counted with
// the one that the generator's follows.
func TestBoost(t *testing.T) {
	c := configtest.Text(t, tinyPair, "train.d_steps=5", "train.d_boost=100")
	for step, want := range map[int64]int{0: 100, 24: 100, 25: 5, 499: 5, 500: 100, 501: 5, 1000: 100} {
		names, times := runsOf(t, c, step)
		if strings.Join(names, " ") != "d dg" || times[0]+times[1] != want || times[1] != 1 {
			t.Errorf("step %d runs %v, %v times, want %d updates of the discriminator", step, names, times, want)
		}
	}
	for _, k := range []struct {
		set  []string
		step int64
		want int
	}{
		{[]string{"train.d_boost_every=0"}, 500, 1},
		{[]string{"train.d_boost_until=0"}, 0, 3},
		{[]string{"train.d_boost_until=0", "train.d_boost_every=0"}, 0, 1},
		{[]string{"train.d_boost=0"}, 0, 1},
	} {
		_, times := runsOf(t, configtest.Text(t, tinyPair, append([]string{"train.d_boost=3"}, k.set...)...), k.step)
		sum := 0
		for _, n := range times {
			sum += n
		}
		if sum != k.want {
			t.Errorf("%v: %d updates in step %d, want %d", k.set, sum, k.step, k.want)
		}
	}
}

// An update of both at once, and one of a generator that compares, add up too: the first is
// one program, and the second takes a batch of its own.
func TestPairsAddUp(t *testing.T) {
	for _, k := range []struct {
		set    []string
		want   string
		images int // of a step, in batches of 4
	}{
		{nil, "d_add d g_add g", 8},
		{[]string{"loss.relativistic=true"}, "d_add d g_add g", 16},
		{[]string{"train.simultaneous=true"}, "dg_add dg", 8},
		{[]string{"train.simultaneous=true", "loss.relativistic=true", "train.d_steps=2", "train.reuse_fakes=true"}, "d_add d dg_add dg", 16},
	} {
		c := configtest.Text(t, tinyPair, append(k.set, "train.accumulate=2")...)
		if names, _ := runsOf(t, c, 0); strings.Join(names, " ") != k.want || c.ImagesPerStep() != k.images {
			t.Errorf("%v: a step runs %v on %d images, want %s on %d", k.set, names, c.ImagesPerStep(), k.want, k.images)
		}
	}
}

// A boost that is none is refused.
func TestBoostIsMore(t *testing.T) {
	s, err := systems.Schema().Parse("x.toml", tinyPair+"d_steps = 5\nd_boost = 3\n")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resolve(); err == nil || !strings.Contains(err.Error(), "train.d_boost") || !strings.Contains(err.Error(), "train.d_steps = 5") {
		t.Errorf("error %v", err)
	}
}

// The first paper's code descends on half of the discriminator's loss, which here is the sum
// of two terms: with descent alone that is half of the generator's rate.
func TestFirstPaperHalvesD(t *testing.T) {
	c := configtest.Shipped(t, "gan-paper")
	if c.Optim("d").Kind != "sgd" || c.Optim("d").Momentum.IsZero() || !c.Optim("d").RateInside {
		t.Fatalf("D is trained otherwise than G: %+v", c.Optim("d"))
	}
	g, d := c.Optim("g").Rate(c.Train.Steps), c.Optim("d").Rate(c.Train.Steps)
	for _, updates := range []float64{0, 1e5, 125_000} {
		of := func(s config.Schedule) float64 {
			return optim.Schedule{At: s.At, To: s.To, Shape: s.Shape}.Value(updates)
		}
		matches(t, "D's rate by half of G's", of(d)/(of(g)/2), 1)
	}
}
