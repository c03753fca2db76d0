package systems_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

const tinyImproved = `
[data]
kind = "mixture"
[model]
kind = "improved"
z = 3
g_hidden = [5]
d_hidden = [6, 4]
[optim.g]
kind = "sgd"
lr = 0.5
[train]
batch = 4
`

// improvedGame is tinyImproved with changes, with three classes where labels are asked for.
func improvedGame(t *testing.T, set ...string) *played {
	d := game.Data{Shape: graph.Shape{2}, Len: 1 << 20}
	if slices.Contains(set, "data.labels=true") {
		d.Classes = []string{"a", "b", "c"}
	}
	p := play(t, d, tinyImproved, set...)
	p.give("labelled.label", 2, 0, 1, 1)
	return p
}

// terms are those that a step of each network has, by name: what it minimises, and each
// penalty.
func (p *played) terms() map[string]float64 {
	out := p.step("d")
	for name, x := range p.step("g") {
		out[name] = x
	}
	return out
}

// Each technique changes the terms that it names and no other: with rates of 0, all others
// are what they were, to the last bit of their 32.
func TestImprovedSwitches(t *testing.T) {
	still := "optim.g.lr=1e-30"
	usual := improvedGame(t, still).terms()
	for _, c := range []struct {
		set     string
		changed []string
		news    []string
	}{
		{"loss.feature_matching=true", []string{"g_loss", "g_grad"}, nil},
		{"loss.historical=0.1", nil, []string{"d_historical", "g_historical"}}, // nothing has moved yet
		{"loss.smooth_real=0.9", []string{"d_loss", "d_grad"}, nil},
		{"model.minibatch_rows=2", []string{"d_loss", "d_grad", "d_real", "p_real", "d_fake", "p_fake", "g_loss", "g_grad", "d_fake_after", "p_fake_after"}, nil},
		{"model.g_norm=virtual", []string{"d_loss", "d_grad", "d_fake", "p_fake", "g_loss", "g_grad", "d_fake_after", "p_fake_after"}, nil},
		{"model.d_noise=1", []string{"d_loss", "d_grad", "d_real", "p_real", "d_fake", "p_fake", "g_loss", "g_grad", "d_fake_after", "p_fake_after"}, nil},
	} {
		got := improvedGame(t, still, c.set).terms()
		for name, x := range got {
			was, known := usual[name]
			switch {
			case !known && !slices.Contains(c.news, name):
				t.Errorf("%s adds a term %s", c.set, name)
			case known && slices.Contains(c.changed, name) == (x == was):
				t.Errorf("%s: %s is %v, and was %v without it", c.set, name, x, was)
			}
		}
		if len(got) != len(usual)+len(c.news) {
			t.Errorf("%s has terms %v, want those of %v and %v", c.set, got, usual, c.news)
		}
	}
}

// Feature matching is the mean square of how far the means of the last hidden layer are
// apart.
func TestImprovedFeatureMatching(t *testing.T) {
	p := improvedGame(t, "loss.feature_matching=true", "optim.d.lr=1e-30")
	real, fake := p.fed("real", 8), p.ask("g", graph.Shape{4, 3}, p.fed("z.g", 12))[0]
	ofReal, ofFake := p.ask("d", graph.Shape{4, 2}, real)[1], p.ask("d", graph.Shape{4, 2}, fake)[1]
	want := average(4, func(f int) float64 {
		apart := average(4, func(i int) float64 { return ofReal[4*i+f] - ofFake[4*i+f] })
		return apart * apart
	})
	matches(t, "G's loss", p.terms()["g_loss"], want)
}

// With K classes D is Z/(Z+1) of Z = Σ exp of its logits: it minimises the cross entropy of
// classes that are known and half of that of real against generated.
func TestImprovedClasses(t *testing.T) {
	for _, weight := range []struct {
		set string
		of  float64
	}{{"loss.unlabelled=1", 1}, {"loss.unlabelled=0.25", .25}} {
		p := improvedGame(t, "data.labels=true", weight.set)
		sum := func(x []float64) float64 { // log Σ exp
			return math.Log(math.Exp(x[0]) + math.Exp(x[1]) + math.Exp(x[2]))
		}
		row := func(x []float64, i int) []float64 { return x[3*i : 3*i+3] }
		labelled := p.ask("d", graph.Shape{4, 2}, p.fed("labelled", 8))[0]
		real := p.ask("d", graph.Shape{4, 2}, p.fed("real", 8))[0]
		fake := p.ask("d", graph.Shape{4, 2}, p.ask("g", graph.Shape{4, 3}, p.fed("z", 12))[0])[0]
		told := average(4, func(i int) float64 {
			return sum(row(labelled, i)) - row(labelled, i)[int(p.fed("labelled.label", 4)[i])]
		})
		// Equation by equation: log D(x) = s - softplus(s), log(1 - D(x)) = -softplus(s).
		unknown := average(4, func(i int) float64 {
			onReal, onFake := sum(row(real, i)), sum(row(fake, i))
			return -.5*onReal + .5*softplus(onReal) + .5*softplus(onFake)
		})
		onG := func() []float64 {
			return p.ask("d", graph.Shape{4, 2}, p.ask("g", graph.Shape{4, 3}, p.fed("z.g", 12))[0])[0]
		}
		got := p.step("d")
		matches(t, "the loss of classes", got["class_loss"], told)
		matches(t, "D's loss", got["d_loss"], told+weight.of*unknown)
		after := onG()
		matches(t, "G's loss", p.step("g")["g_loss"], average(4, func(i int) float64 { return softplus(-sum(row(after, i))) }))
	}
}

// Noise is on all that the discriminator sees, samples with labels too.
func TestImprovedNoisesLabelled(t *testing.T) {
	noise, moved := []float64{1, -2, .5, 3, -1, .25, 2, -.5}, make([]float64, 8)
	for i, x := range noise {
		moved[i] = .5 * x
	}
	noisy, plain := improvedGame(t, "data.labels=true", "train.instance_noise=0.5"), improvedGame(t, "data.labels=true")
	noisy.give("labelled", make([]float64, 8)...)
	noisy.give("noise.labelled", noise...)
	plain.give("labelled", moved...)
	matches(t, "the error of classes under noise", noisy.step("d")["class_loss"], plain.step("d")["class_loss"])
}

// Historical averaging adds λ|θ - mean|² with the mean of all values that θ has had, whose
// gradient is 2λ(θ - mean): beside a twin without it that starts at the same weights, an
// update differs by that times the rate.
func TestImprovedHistorical(t *testing.T) {
	const lambda, rate = .3, .5
	p, twin := improvedGame(t, "loss.historical=0.3"), improvedGame(t)
	params := append(slices.Clone(p.game.Player("d").Net.Params()), p.game.Player("g").Net.Params()...)
	var history []memory
	for step := range 4 {
		history = append(history, p.values())
		for _, v := range params {
			copy(twin.memory[twin.game.Vars.ByName(v.Name)].Data, p.memory[v].Data)
		}
		got := p.terms()
		twin.step("d")
		// G's gradient depends on D: the twin's is to be at the same D.
		for _, v := range p.game.Player("d").Net.Params() {
			copy(twin.memory[twin.game.Vars.ByName(v.Name)].Data, p.memory[v].Data)
		}
		twin.step("g")
		sums := map[string]float64{}
		for _, v := range params {
			player, _, _ := strings.Cut(v.Name, "/")
			for i := range p.memory[v].Data {
				mean := average(step+1, func(j int) float64 { return history[j][v].Data[i] })
				off := history[step][v].Data[i] - mean
				sums[player] += off * off
				d := twin.memory[twin.game.Vars.ByName(v.Name)].Data[i] - p.memory[v].Data[i]
				if player == "g" && math.Abs(d-rate*2*lambda*off) > 1e-9 {
					t.Errorf("step %d: %s[%d] is moved by %v towards its past, want %v", step, v.Name, i, d, rate*2*lambda*off)
				}
			}
		}
		for player, sum := range sums {
			matches(t, player+"'s distance to its past", got[player+"_historical"], lambda*sum)
		}
		if step > 0 && sums["d"] < 1e-6 {
			t.Error("D has not moved: nothing is tested")
		}
	}
}

// Virtual batch norm judges a latent by the reference batch and itself alone: its sample is
// the same whatever it stands among, and it is not that of plain layers.
func TestImprovedVirtual(t *testing.T) {
	p := improvedGame(t, "model.g_norm=virtual")
	sampler, err := p.game.Sampler("sample").Program("sample", 4, false)
	if err != nil {
		t.Fatal(err)
	}
	sample := func(z ...float64) []float64 {
		in := reference.New(graph.F32, graph.Shape{4, 3})
		copy(in.Data, z)
		out, _, err := reference.Run(sampler, func(v *graph.Variable) reference.Array { return p.memory[v] }, []reference.Array{in})
		if err != nil {
			t.Fatal(err)
		}
		return out[0].Data
	}
	a := sample(1, 2, 3, 0, 0, 0, 1, -1, .5, 2, 2, 2)
	b := sample(1, 2, 3, 5, -5, 5, 7, 7, 7, -1, -1, 0)
	if !slices.Equal(a[:2], b[:2]) || slices.Equal(a[2:4], b[2:4]) {
		t.Errorf("the sample of one latent is %v, and %v among others", a[:2], b[:2])
	}
	state := p.game.Vars.ByName("state/reference")
	was := slices.Clone(p.memory[state].Data)
	p.terms()
	if !slices.Equal(was, p.memory[state].Data) {
		t.Error("the reference batch has moved")
	}
	for i := range was {
		p.memory[state].Data[i] = 3 * was[i]
	}
	if c := sample(1, 2, 3, 0, 0, 0, 1, -1, .5, 2, 2, 2); slices.Equal(a[:2], c[:2]) {
		t.Error("a sample does not depend on the reference batch")
	}
}

// Weights of length apart begin with what a batch gives: sums of mean 0 and deviation 1.
func TestImprovedBegins(t *testing.T) {
	p := improvedGame(t, "model.weight_norm=true")
	p.step("begin")
	first := p.ask("d", graph.Shape{4, 2}, p.fed("real", 8))[0]
	mean := average(4, func(i int) float64 { return first[i] })
	std := math.Sqrt(average(4, func(i int) float64 { return (first[i] - mean) * (first[i] - mean) }))
	if math.Abs(mean) > 1e-6 || math.Abs(std-1) > 1e-6 {
		t.Errorf("logits of the first batch have mean %v and deviation %v, want 0 and 1", mean, std)
	}
	for step, want := range map[int64]int{0: 3, 1: 2} {
		if got := len(p.game.Sequence.At(step)); got != want {
			t.Errorf("step %d runs %d programs, want %d: first values are set once", step, got, want)
		}
	}
}

// What a step takes, and what there is no use for, is checked.
func TestImprovedIsChecked(t *testing.T) {
	for set, images := range map[string]int{"train.d_steps=2": 8, "loss.feature_matching=true": 8, "loss.feature_matching=true train.g_steps=3": 16} {
		if c := configtest.Text(t, tinyImproved, strings.Fields(set)...); c.ImagesPerStep() != images {
			t.Errorf("%s: a step takes %d images, want %d", set, c.ImagesPerStep(), images)
		} else {
			configtest.Declare(t, c)
		}
	}
	for set, want := range map[string]string{
		"train.labelled=10":                    "train.labelled: is of classes",
		"loss.unlabelled=0":                    "loss.unlabelled: is of classes",
		"model.minibatch_rows=4 train.batch=1": "model.minibatch_rows: compares a sample with the others of its batch, and train.batch is 1",
		"model.weight_norm=true train.batch=1": "model.weight_norm: takes first lengths from the deviation over a batch, and train.batch is 1",
		"model.output=tanh":                    "cannot reach all points of the plane",
		"loss.historical=-1":                   "loss.historical",
		"loss.kind=hinge loss.smooth_real=0.9": "loss.smooth_real",
	} {
		refused(t, tinyImproved, set, want)
	}
}
