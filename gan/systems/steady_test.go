package systems_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/gan/game"
)

// plainPair is a pair on points of the plane, whose optimisers leave the gradient in what
// they change: a step of 1 against it.
const plainPair = `
[data]
kind = "mixture"
[model]
kind = "mlp"
z = 3
g_hidden = [5]
d_hidden = [6]
[optim.g]
kind = "sgd"
lr = 1
[train]
batch = 4
`

// steadied is plainPair with changes, at fixed batches and draws.
func steadied(t *testing.T, set ...string) *played {
	return play(t, game.Data{Shape: graph.Shape{2}, Len: 1 << 20}, plainPair, set...)
}

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func average(n int, f func(i int) float64) (mean float64) {
	for i := range n {
		mean += f(i) / float64(n)
	}
	return mean
}

// matches compares a score with what it must be.
func matches(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > 1e-6*max(1, math.Abs(want)) { // scores are float32
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// met are the samples of a step of plainPair, real and generated, before anything was done
// to them.
func (p *played) met() (real, fake []float64) {
	return p.fed("real", 8), p.generated("z")
}

// generated are G's samples of the latents that were drawn under a label.
func (p *played) generated(label string) []float64 {
	return p.ask("g", graph.Shape{4, 3}, p.fed(label, 12))[0]
}

// logits are those of points, by the weights as they are.
func (p *played) logits(x []float64) []float64 {
	return p.ask("d", graph.Shape{len(x) / 2, 2}, x)[0]
}

// Soft and flipped labels change the targets of D's cross entropy, of each sample by its own
// draw, and nothing else.
func TestLabels(t *testing.T) {
	usual := steadied(t).step("dg")
	for _, c := range []struct {
		set        []string
		real, fake func(soft, flip float64) float64 // targets
	}{
		{[]string{"loss.soft_real=[0.7, 1.2]"},
			func(s, _ float64) float64 { return .7 + .5*s }, func(_, _ float64) float64 { return 0 }},
		{[]string{"loss.soft_fake=[0, 0.3]", "loss.smooth_real=0.9"},
			func(_, _ float64) float64 { return .9 }, func(s, _ float64) float64 { return .3 * s }},
		{[]string{"loss.flip={ at = [0, 10], to = [0.1, 0.5] }", "loss.soft_real=[0.5, 1]"},
			func(s, f float64) float64 {
				if f < .3 {
					return 1 - (.5 + .5*s)
				}
				return .5 + .5*s
			},
			func(_, f float64) float64 {
				if f < .3 {
					return 1
				}
				return 0
			}},
	} {
		p := steadied(t, c.set...)
		p.memory[p.game.Clock].Data[0] = 5
		draws := map[string][]float64{"soft.real": {.1, .9, .5, 0}, "soft.fake": {.4, .2, .99, .7}, "flip.real": {.2, .31, .9, .29}, "flip.fake": {.8, .05, .35, .1}}
		for name, x := range draws {
			p.give(name, x...)
		}
		real, fake := p.met()
		onReal, onFake := p.logits(real), p.logits(fake)
		want := average(4, func(i int) float64 {
			return softplus(onReal[i]) - c.real(draws["soft.real"][i], draws["flip.real"][i])*onReal[i] +
				softplus(onFake[i]) - c.fake(draws["soft.fake"][i], draws["flip.fake"][i])*onFake[i]
		})
		got := p.step("dg")
		matches(t, fmt.Sprint("D's loss with ", c.set), got["d_loss"], want)
		if math.Abs(want-usual["d_loss"]) < 1e-3 {
			t.Errorf("%v: labels make no difference to D's loss %v", c.set, want)
		}
		for _, name := range []string{"d_real", "d_fake"} {
			matches(t, name, got[name], usual[name])
		}
	}
}

// With noise D sees x + σε, real, generated and when G learns, with the σ of the step.
func TestInstanceNoise(t *testing.T) {
	p := steadied(t, "train.instance_noise={ at = [0, 10], to = [2, 0] }", "optim.d.lr=1e-30")
	p.memory[p.game.Clock].Data[0] = 5 // σ = 1
	real, fake := p.met()
	shown := func(x []float64, noise string) []float64 {
		x = slices.Clone(x)
		for i, e := range p.fed(noise, len(x)) {
			x[i] += e
		}
		return p.logits(x)
	}
	onReal, onFake := shown(real, "noise.real"), shown(fake, "noise.fake")
	onG := shown(p.generated("z.g"), "noise.g")
	got := p.step("dg")
	matches(t, "D's loss", got["d_loss"], average(4, func(i int) float64 { return softplus(-onReal[i]) + softplus(onFake[i]) }))
	matches(t, "G's loss", got["g_loss"], average(4, func(i int) float64 { return softplus(-onG[i]) }))
}

// With replay D learns from fakes of the update before wherever a coin says so, as they
// were, though G has moved.
func TestReplay(t *testing.T) {
	p := steadied(t, "train.replay=4")
	_, old := p.met()
	p.give("replay.start", 0)
	p.give("replay.coins", 0, 0, 0, 0)
	p.step("dg") // fills the pool
	real, fake := p.met()
	p.give("replay.coins", .1, .9, .4, .6)
	seen := slices.Concat(old[0:2], fake[2:4], old[4:6], fake[6:8])
	onReal, onFake := p.logits(real), p.logits(seen)
	got := p.step("dg")
	matches(t, "D's loss", got["d_loss"], average(4, func(i int) float64 { return softplus(-onReal[i]) + softplus(onFake[i]) }))
	if slices.Equal(old, fake) {
		t.Error("G has not moved: nothing is replayed")
	}
}

// The gate by D's losses: who is below the first bound waits, and who is above the second
// has G wait; where both would, both go on. A gate that is closed leaves all as it was.
func TestGate(t *testing.T) {
	p := steadied(t)
	got := p.step("dg")
	real, fake := average(4, func(i int) float64 { return softplus(-steadied(t).logits(p.fed("real", 8))[i]) }), 0.
	fake = got["d_loss"] - real
	least, most := min(real, fake), max(real, fake)
	if most-least < .05 {
		t.Fatalf("losses %v and %v are too alike to test a gate by", real, fake)
	}
	between := (least + most) / 2
	for _, c := range []struct {
		low, high float64
		d, g      bool
	}{
		{least - .01, most + .01, true, true},
		{between, most + .01, false, true},
		{least - .01, between, true, false},
		{between, between, true, true}, // both would wait
	} {
		for _, at := range []string{"train.simultaneous=false", "train.simultaneous=true"} {
			p := steadied(t, fmt.Sprintf("train.gate=[%v, %v]", c.low, c.high), at)
			before := p.values()
			got := p.step("dg")
			moved := func(player string) (moved bool) {
				for _, v := range p.game.Player(player).Net.Params() {
					moved = moved || !slices.Equal(before[v].Data, p.memory[v].Data)
				}
				return moved
			}
			if moved("d") != c.d || moved("g") != c.g {
				t.Errorf("gate [%v, %v] at losses %v and %v: D moved %v, G %v; want %v and %v", c.low, c.high, real, fake, moved("d"), moved("g"), c.d, c.g)
			}
			if (got["gate_d"] == 1) != c.d || (got["gate_g"] == 1) != c.g {
				t.Errorf("gate [%v, %v]: scores %v and %v", c.low, c.high, got["gate_d"], got["gate_g"])
			}
		}
	}
}

// The adaptive decay adds λθ to D's gradient, and λ follows the share of the batch that D
// tells right, within its bounds.
func TestAdaptiveL2(t *testing.T) {
	bias := func(p *played, b float64) { p.memory[p.game.Vars.ByName("d/logit/b")].Data[0] = b }
	const rate = 1.
	for _, c := range []struct {
		start, bias float64
		reals       string // points that D calls real, or any
		factor      float64
	}{
		{1e-3, 100, "any", 1 / 1.05}, // all are called real: half are right
		{1e-3, 0, "told", 1.05},
		{1e-2, 0, "told", 1},
		{1e-6, 100, "any", 1},
	} {
		set := fmt.Sprint("loss.adaptive_l2=", c.start)
		p, plain := steadied(t, set), steadied(t)
		for _, x := range []*played{p, plain} {
			bias(x, c.bias)
			if c.reals == "told" {
				told(t, x)
			}
		}
		before := p.values()
		got := p.step("dg")
		plain.step("dg")
		squares := 0.
		for _, v := range p.game.Player("d").Net.Params() {
			other := plain.game.Vars.ByName(v.Name)
			for i, w := range before[v].Data {
				squares += w * w
				// Both lost the same gradient; the one with the decay λw besides.
				if d := plain.memory[other].Data[i] - p.memory[v].Data[i]; math.Abs(d-rate*float64(float32(c.start))*w) > 1e-9 {
					t.Errorf("%s: the decay takes %v off %v, want %v of it", v.Name, d, w, c.start)
				}
			}
		}
		matches(t, "the penalty", got["l2"], c.start/2*squares)
		matches(t, "λ of this update", got["adaptive_l2"], c.start)
		matches(t, "λ of the next", p.memory[p.game.Vars.ByName("state/adaptive_l2")].Data[0]/c.start, c.factor)
	}
}

// What moves with an update stays where a gate holds it and where gradients only add up: λ
// of the adaptive decay, and the past of historical averaging.
func TestStateMovesWithUpdates(t *testing.T) {
	shut := "train.gate=[100, 1000]" // D waits, G does not
	values := func(p *played, state string) []float64 {
		return slices.Clone(p.memory[p.game.Vars.ByName("state/"+state)].Data)
	}
	moves := func(p *played, state, program string, want bool) {
		t.Helper()
		before := values(p, state)
		p.step(program)
		if moved := !slices.Equal(before, values(p, state)); moved != want {
			t.Errorf("program %s moves %s: %t, want %t", program, state, moved, want)
		}
	}
	all := func(set ...string) *played { // all are called real: half are right
		p := steadied(t, append(set, "loss.adaptive_l2=1e-3")...)
		p.memory[p.game.Vars.ByName("d/logit/b")].Data[0] = 100
		return p
	}
	moves(all(), "adaptive_l2", "dg", true)
	moves(all(shut), "adaptive_l2", "dg", false)
	several := all("train.accumulate=2")
	moves(several, "adaptive_l2", "d_add", false)
	moves(several, "adaptive_l2", "d", true)

	const past = "loss.historical=0.3"
	moves(improvedGame(t, past), "past/d", "d", true)
	gated := improvedGame(t, past, shut)
	moves(gated, "past/d", "d", false)
	moves(gated, "past/g", "g", true)
}

// told feeds real points and latents all of which D tells right.
func told(t *testing.T, p *played) {
	t.Helper()
	var real, z []float64
	for i := range 4000 {
		a, b := 9*math.Cos(float64(i)), 9*math.Sin(2.3*float64(i))
		if x := []float64{a, b}; len(real) < 8 && p.logits(x)[0] > 0 {
			real = append(real, x...)
		}
		c := []float64{a, b, a * b / 9}
		if len(z) < 12 && p.logits(p.ask("g", graph.Shape{1, 3}, c)[0])[0] < 0 {
			z = append(z, c...)
		}
	}
	if len(real) < 8 || len(z) < 12 {
		t.Fatal("D calls all points alike: draw other weights")
	}
	p.give("real", real...)
	p.give("z", z...)
}

// Updates of G follow those of D, as many as each is told.
func TestSteps(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"train.d_steps=1 train.g_steps=1", "dg"},
		{"train.d_steps=3 train.g_steps=1", "d d dg"},
		{"train.d_steps=1 train.g_steps=3", "dg g g"},
		{"train.g_steps=2 train.simultaneous=true", "dg g"},
		{"train.g_steps=3 loss.relativistic=true", "dg g g"},
		{"train.d_steps=2 train.g_steps=2 train.accumulate=2", "d_add d d_add d g_add g g_add g"},
	} {
		p := steadied(t, strings.Fields(c.set)...)
		steps, err := p.game.Steps()
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, i := range p.game.Sequence.At(0) {
			order = append(order, strings.TrimSuffix(steps[i].Name, "_end"))
		}
		if got := strings.Join(order, " "); got != c.want {
			t.Errorf("%s: a step is %s, want %s", c.set, got, c.want)
		}
	}
}

// Dropout leaves what is kept so much larger that the mean stays: with leaky ReLU and no
// biases two layers that keep all of it double the logit twice, and one that keeps nothing
// leaves the last bias.
func TestDCGANDropout(t *testing.T) {
	const text = `
[data]
kind = "glyphs"
size = 16
channels = 1
[model]
kind = "dcgan"
z = 3
g_channels = 2
d_channels = 2
d_norm = "none"
d_dropout = 0.5
[train]
batch = 2
`
	p := play(t, game.Data{Shape: graph.Shape{16, 16, 1}, Len: 1 << 20}, text)
	for _, v := range p.game.Player("d").Net.Params() {
		if strings.HasSuffix(v.Name, "/b") {
			clear(p.memory[v].Data)
		}
	}
	x := make([]float64, 2*256)
	for i := range x {
		x[i] = float64(i % 200)
	}
	p.give("real", x...)
	scaled := slices.Clone(x)
	for i := range scaled {
		scaled[i] = scaled[i]/127.5 - 1
	}
	want := average(2, func(i int) float64 {
		return p.ask("d", graph.Shape{2, 16, 16, 1}, scaled)[0][i]
	})
	for _, s := range p.steps["dg"].Inputs {
		if strings.Contains(s.InputName(), "dropout") {
			p.in[s.InputName()] = func(n int) []float64 { return make([]float64, n) } // all are kept
		}
	}
	before := p.values()
	matches(t, "a logit of units that are all kept", p.step("dg")["d_real"], 4*want)
	p.memory = before
	p.memory[p.game.Vars.ByName("d/logit/b")].Data[0] = .25
	for name := range p.in {
		if strings.Contains(name, "down1/dropout") {
			p.in[name] = func(n int) []float64 { return slices.Repeat([]float64{.5}, n) }
		}
	}
	matches(t, "a logit of units that are all dropped", p.step("dg")["d_real"], .25)
}

// What the switches mean is checked before anything runs.
func TestSteadyIsChecked(t *testing.T) {
	for _, c := range []struct{ set, want string }{
		{"loss.soft_real=[0.7]", "loss.soft_real: [0.7] are no bounds; write the least and the most, such as [0.7, 1.2]"},
		{"loss.soft_real=[0.7,1.2] loss.smooth_real=0.9", "loss.smooth_real: with loss.soft_real the targets of real samples are drawn"},
		{"loss.soft_fake=[0.3,0]", "loss.soft_fake: [0.3 0] are no bounds"},
		{"loss.adaptive_l2=1e-8", "loss.adaptive_l2: 1e-08 is below the least that it ever is; write 1e-06 or more, or 0 for none"},
		{"train.gate=[1]", "train.gate: there are 1 numbers; write two losses, such as [0.3, 0.7]"},
		{"loss.flip=0.1 loss.relativistic=true", "loss.relativistic: it compares samples, which have no labels of their own"},
		{"loss.adaptive_l2=1e-4 loss.relativistic=true", "loss.relativistic: it compares samples, and loss.adaptive_l2 goes by which are told right"},
		{"train.replay=8 train.simultaneous=true", "train.replay: the generator cannot learn from samples of earlier updates"},
		{"train.replay=3", "train.replay: 3 samples hold no batch of 4; write 4 at least, or 0 for none"},
	} {
		refused(t, plainPair, c.set, c.want)
	}
}
