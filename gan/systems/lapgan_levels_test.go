package systems_test

import (
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

const threeLevels = `
[data]
kind = "glyphs"
size = 8
[model]
kind = "lapgan"
levels = 3
z = 2
g_hidden = [3]
d_hidden = [3]
g_channels = 1
d_channels = 1
[train]
batch = 2
`

// Levels learn in each step, or one after the other for as many steps, the finest to the end.
func TestLevelsLearn(t *testing.T) {
	for phase, want := range map[string][]string{
		"0": {"dg2 dg4 dg", "dg2 dg4 dg", "dg2 dg4 dg", "dg2 dg4 dg", "dg2 dg4 dg"},
		"2": {"dg2", "dg2", "dg4", "dg4", "dg"},
	} {
		p := play(t, game.Data{Shape: graph.Shape{8, 8, 1}, Len: 1 << 20}, threeLevels, "train.phase="+phase)
		steps, err := p.game.Steps()
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range append(want, want[4]) {
			var got []string
			for _, at := range p.game.Sequence.At(int64(i)) {
				got = append(got, steps[at].Name)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("train.phase = %s: step %d is %v, want %s", phase, i, got, want)
			}
		}
	}
}

// A sample is what the coarsest level draws, doubled and with each level's detail: without
// details it is the coarse one, and with a bias of the finest alone that much brighter.
func TestSamplesAreRefined(t *testing.T) {
	p := play(t, game.Data{Shape: graph.Shape{8, 8, 1}, Len: 1 << 20}, threeLevels)
	set := func(player string, bias float64) {
		for _, v := range p.game.Player(player).Net.Params() {
			switch v.Name {
			case player + "/detail/w":
				clear(p.memory[v].Data)
			case player + "/detail/b":
				p.memory[v].Data[0] = bias
			}
		}
	}
	set("g4", 0)
	set("g", 0)
	coarse := p.sampled("coarse")
	if !slices.Equal(p.sampled("sample"), coarse) {
		t.Error("without details a sample is not the coarse one")
	}
	if slices.Max(coarse) == slices.Min(coarse) {
		t.Error("the coarse sample is all one: this tells nothing")
	}
	for _, player := range []string{"g4", "g"} {
		set(player, .25)
		for i, x := range p.sampled("sample") {
			matches(t, "a pixel with the detail of "+player, x, coarse[i]+.25)
		}
		set(player, 0)
	}
}

// sampled are the numbers that a sampler gives of one row of codes.
func (p *played) sampled(kind string) []float64 {
	p.t.Helper()
	prog, err := p.game.Sampler(kind).Program(kind, 1, true)
	if err != nil {
		p.t.Fatal(err)
	}
	var in []reference.Array
	for _, n := range prog.Inputs {
		a := reference.New(n.DType, n.Shape)
		copy(a.Data, p.fed(n.InputName(), n.Shape.Size()))
		in = append(in, a)
	}
	out, _, err := reference.Run(prog, func(v *graph.Variable) reference.Array { return p.memory[v] }, in)
	if err != nil {
		p.t.Fatal(err)
	}
	for i, o := range prog.Outputs {
		if o.Name == game.Samples {
			return out[i].Data
		}
	}
	p.t.Fatalf("%s gives no samples", kind)
	return nil
}

// Sizes that a pyramid has not are refused, with how many levels there can be.
func TestLevelsAreChecked(t *testing.T) {
	refused(t, threeLevels, "data.size=10", "3 levels halve images 2 times, and 10 by 10 can be halved 1 times; write 2 at most")
	refused(t, threeLevels, "data.size=9", "write 1 at most")
}

// A training that ends before the finest level's phase is one that hardly anybody means.
func TestPhasesAreDoubted(t *testing.T) {
	for phase, want := range map[string]int{"0": 0, "4": 0, "5": 1} {
		cfg := configtest.Text(t, threeLevels, "train.steps=10", "train.phase="+phase)
		lines := slices.DeleteFunc(cfg.Doubts(), func(line string) bool {
			return !strings.HasPrefix(line, "train.phase: the finest level learns from step 10 on")
		})
		if len(lines) != want {
			t.Errorf("train.phase = %s: %v", phase, lines)
		}
	}
}
