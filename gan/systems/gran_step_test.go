package systems_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/game"
)

// playedGRAN is a small game of so many steps on the canvas, in float64.
func playedGRAN(t *testing.T, steps int, set ...string) *played {
	t.Helper()
	const text = `
[data]
kind = "glyphs"
size = 16
channels = 1
[model]
kind = "gran"
z = 3
g_channels = 2
d_channels = 2
d_width = 5
[train]
batch = 4
`
	return play(t, game.Data{Shape: graph.Shape{16, 16, 1}, Len: 1 << 20}, text, append(set, fmt.Sprint("model.steps=", steps))...)
}

// share gives a game's Variables the values that another's of the same names have.
func (p *played) share(with *played) {
	for v := range p.memory {
		if other := with.game.Vars.ByName(v.Name); other != nil {
			p.memory[v] = with.memory[other]
		}
	}
}

// latents are two of three numbers.
var latents = []float64{.5, -1, 2, -.25, .75, -1.5}

func (p *played) draws() [][]float64 { return p.ask("g", graph.Shape{2, 3}, latents) }

// A picture is the sigmoid of the sum of what the steps draw. The first step is all that a
// generator of one step does, which has no encoder.
func TestGRANCanvas(t *testing.T) {
	three, single := playedGRAN(t, 3), playedGRAN(t, 1)
	single.share(three)
	got, alone := three.draws(), single.draws()
	if len(got) != 4 || len(alone) != 2 {
		t.Fatalf("%d and %d results, want a picture and 3 steps, a picture and one", len(got), len(alone))
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for i := range got[0] {
		if want := sigmoid(got[1][i] + got[2][i] + got[3][i]); math.Abs(got[0][i]-want) > 1e-12 {
			t.Fatalf("pixel %d is %v, and the sigmoid of the sum of steps %v", i, got[0][i], want)
		}
		if want := got[1][i]; math.Abs(alone[1][i]-want) > 1e-12 || math.Abs(alone[0][i]-sigmoid(want)) > 1e-12 {
			t.Fatalf("pixel %d: one step draws %v, the first of three %v", i, alone[1][i], want)
		}
	}
	if single.game.Vars.ByName("g/encode/w") != nil {
		t.Error("a generator of one step has an encoder, which nothing trains")
	}
}

// Steps share all weights: where the encoder tells nothing each draws what the first one
// does, and where it tells something they differ. So a generator has no more parameters the
// more often it draws.
func TestGRANSharesWeights(t *testing.T) {
	p := playedGRAN(t, 3)
	if a, b := len(p.game.Player("g").Net.Params()), len(playedGRAN(t, 5).game.Player("g").Net.Params()); a != b {
		t.Errorf("%d parameters for 3 steps, %d for 5", a, b)
	}
	apart := func() (most float64) {
		got := p.draws()
		for i := range got[1] {
			most = max(most, math.Abs(got[2][i]-got[1][i]), math.Abs(got[3][i]-got[1][i]))
		}
		return most
	}
	if off := apart(); off < 1e-3 {
		t.Errorf("steps are %v apart: what the encoder says makes no difference", off)
	}
	for _, name := range []string{"g/encode.norm/gain", "g/encode.norm/bias"} {
		clear(p.memory[p.game.Vars.ByName(name)].Data) // tanh(0)
	}
	if off := apart(); off > 1e-12 {
		t.Errorf("steps that know the same are %v apart", off)
	}
}

// Each step has running statistics of its own, which follow the generator's update alone.
func TestGRANStatistics(t *testing.T) {
	p := playedGRAN(t, 3)
	mean := func(step int) []float64 {
		v := p.game.Vars.ByName(fmt.Sprintf("g/decode.norm/step%d/mean", step))
		if v == nil {
			t.Fatalf("step %d has no statistics of its own", step)
		}
		return p.memory[v].Data
	}
	p.step("d")
	if slices.ContainsFunc(mean(1), func(x float64) bool { return x != 0 }) {
		t.Error("the discriminator's update moves the generator's statistics")
	}
	p.step("g")
	if one, two := mean(1), mean(2); one[0] == two[0] || one[0] == 0 || two[0] == 0 {
		t.Errorf("the first channel's mean is %v in the first step and %v in the second, want two that moved", one[0], two[0])
	}
}

// λ is that of (λ/2)|W|² over the two dense layers, without biases and filters.
func TestGRANDecay(t *testing.T) {
	p := playedGRAN(t, 1, "loss.l2=0.3")
	sum := 0.
	for _, name := range []string{"d/hidden/w", "d/logit/w"} {
		for _, x := range p.memory[p.game.Vars.ByName(name)].Data {
			sum += x * x
		}
	}
	matches(t, "l2", p.step("d")["l2"], .15*sum)
	if _, told := playedGRAN(t, 1, "loss.l2=0").step("d")["l2"]; told {
		t.Error("there is an l2 without its key")
	}
}
