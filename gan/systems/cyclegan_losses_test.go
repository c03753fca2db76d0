package systems_test

import (
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

const tinyCycleGAN = `
[data]
kind = "mixture"
[data.b]
layout = "grid"
modes = 4
[model]
kind = "cyclegan-points"
g_hidden = []
d_hidden = []
[loss]
cycle = 3
identity = 0.25
[train]
batch = 2
pool = 0
[optim.g]
lr = 0.001
`

// TestCycleGANLosses works the losses of a step out by hand, for networks of one layer
// whose weights are known: equations 1 to 3 of arXiv 1703.10593 and section 5.2, with
// squares in place of logarithms. What the discriminators see was made before the
// translations' update.
func TestCycleGANLosses(t *testing.T) {
	g, err := systems.Table().Declare(configtest.Text(t, tinyCycleGAN), game.Options{Float: graph.F64,
		Data: func(string) game.Data { return game.Data{Shape: graph.Shape{2}, Len: 100} }})
	if err != nil {
		t.Fatal(err)
	}
	values := map[*graph.Variable]reference.Array{}
	for _, v := range g.Vars.All() {
		values[v] = reference.New(v.DType, v.Shape)
	}
	set := func(name string, x ...float64) { copy(values[g.Vars.ByName(name)].Data, x) }
	set("finite", 1)
	layers := map[string][3][]float64{ // rows of weights, and biases
		"ga/sample": {{1, 2}, {0, 1}, {.5, -1}}, "gb/sample": {{1, 0}, {-1, 1}, {0, .25}},
		"da/logit": {{.5, 1}, nil, {.1}}, "db/logit": {{-1, .25}, nil, {.2}},
	}
	for name, l := range layers {
		set(name+"/w", append(append([]float64{}, l[0]...), l[1]...)...)
		set(name+"/b", l[2]...)
	}
	run := func(name string, x [2]float64) float64 { // of the first output
		l := layers[name]
		return l[0][0]*x[0] + l[0][1]*x[1] + l[2][0]
	}
	move := func(name string, x [2]float64) [2]float64 {
		l := layers[name]
		return [2]float64{run(name, x), l[1][0]*x[0] + l[1][1]*x[1] + l[2][1]}
	}
	apart := func(x, y [2]float64) float64 { return math.Abs(x[0]-y[0]) + math.Abs(x[1]-y[1]) }

	a, b := [2][2]float64{{1, 0}, {-.5, 2}}, [2][2]float64{{2, 1}, {0, -1}}
	var adversarial, cycle, identity, dLoss float64
	for i := range a {
		toB, toA := move("ga/sample", a[i]), move("gb/sample", b[i])
		adversarial += (math.Pow(run("db/logit", toB)-1, 2) + math.Pow(run("da/logit", toA)-1, 2)) / 2
		cycle += (apart(move("gb/sample", toB), a[i]) + apart(move("ga/sample", toA), b[i])) / 4
		identity += (apart(move("gb/sample", a[i]), a[i]) + apart(move("ga/sample", b[i]), b[i])) / 4
		for _, on := range []struct{ real, fake float64 }{{run("da/logit", a[i]), run("da/logit", toA)}, {run("db/logit", b[i]), run("db/logit", toB)}} {
			dLoss += (math.Pow(on.real-1, 2) + math.Pow(on.fake, 2)) / 2 / 2
		}
	}
	want := map[string]float64{"g_loss": adversarial + 3*cycle + 3*.25*identity, "cycle": cycle / 2, "identity": identity / 2, "d_loss": dLoss}

	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, p := range g.Sequence.At(0) {
		step := steps[p]
		inputs := map[string]reference.Array{"a": {DType: graph.F32, Shape: graph.Shape{2, 2}, Data: append(a[0][:], a[1][:]...)},
			"b": {DType: graph.F32, Shape: graph.Shape{2, 2}, Data: append(b[0][:], b[1][:]...)}}
		var in []reference.Array
		for _, fed := range step.Fed {
			in = append(in, inputs[fed.Name])
		}
		out, updates, err := reference.Run(step.Program, func(v *graph.Variable) reference.Array { return values[v] }, in)
		if err != nil {
			t.Fatal(err)
		}
		for v, x := range updates {
			values[v] = x
		}
		for i, o := range step.Outputs {
			if o.Name != "scores" {
				continue
			}
			for k, name := range step.Scores {
				if w, ok := want[name]; ok {
					seen++
					if got := out[i].Data[k]; math.Abs(got-w) > 1e-6*(1+math.Abs(w)) { // scores are f32
						t.Errorf("%s of %s is %v, want %v", name, step.Name, got, w)
					}
				}
			}
		}
	}
	if seen != len(want) {
		t.Errorf("%d scores of %d are told", seen, len(want))
	}
	if w := values[g.Vars.ByName("ga/sample/w")].Data; w[0] == 1 {
		t.Error("nothing was updated before the discriminators' turn")
	}
}

// What cannot be is refused before anything runs, with the key.
func TestCycleGANRefuses(t *testing.T) {
	c := configtest.Text(t, strings.Replace(tinyCycleGAN, "layout = \"grid\"\nmodes = 4", `layout = "line"`, 1))
	shape := func(section string) game.Data {
		return game.Data{Shape: graph.Shape{2 - len(section)}, Len: 100}
	}
	_, err := systems.Table().Declare(c, game.Options{Float: graph.F32, Data: shape})
	if err == nil || !strings.Contains(err.Error(), "loss.identity: samples of [data] are [2] and those of [data.b] [1]") {
		t.Errorf("domains of other shapes under an identity loss: %v", err)
	}
	if _, err := systems.Table().Declare(configtest.Text(t, tinyCycleGAN, "loss.identity=0"), game.Options{Float: graph.F32, Data: shape}); err != nil {
		t.Errorf("domains of other shapes without: %v", err)
	}
	for want, set := range map[string]string{"data.kind: ": "data.kind=glyphs", "data.b.kind: ": "data.b.kind=glyphs"} {
		refused(t, tinyCycleGAN, set, want)
	}
}
