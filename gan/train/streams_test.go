package train

import (
	"fmt"
	"testing"

	"ganengine/configs"
	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// No two draws of a training are the same numbers: each stream of each program
// has its own at each run, whichever configuration it is.
func TestStreamsDiffer(t *testing.T) {
	lazy := []string{"loss.r1=1", "loss.gp=1", "loss.every=3"}
	for _, name := range configs.Names() {
		if _, rivals := config.Part[config.Rhythm](configtest.Shipped(t, name)); !rivals { // it has none of these keys, and may draw nothing
			t.Run(name, func(t *testing.T) { distinct(t, configtest.Shipped(t, name, "train.batch=8")) })
			continue
		}
		for _, set := range [][]string{nil, {"train.d_steps=2"}, lazy, append([]string{"train.d_steps=2"}, lazy...), {"train.accumulate=3", "train.reuse_fakes=false"}} {
			t.Run(fmt.Sprint(name, set), func(t *testing.T) {
				if n := distinct(t, configtest.Shipped(t, name, append(set, "train.batch=8")...)); n < 10 {
					t.Errorf("only %d draws in ten steps", n)
				}
			})
		}
	}
}

// declared is the game of a configuration on so many samples, which nobody opens.
func declared(c *config.Config, samples int) (*game.Game, error) {
	sample := graph.Shape{2}
	if c.Data.Kind != "mixture" {
		sample = graph.Shape{c.Data.Height, c.Data.Width, c.Data.Channels}
	}
	var classes []string
	if c.Data.Labels {
		classes = []string{"a", "b", "c"}
	}
	return systems.Table().Declare(c, game.Options{Data: func(string) game.Data { return game.Data{Shape: sample, Classes: classes, Len: samples} }, Float: graph.F32})
}

// distinct looks at every draw of ten steps, and says how many there are.
func distinct(t *testing.T, c *config.Config) int {
	g, err := declared(c, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	runs := map[int]int{}
	seen := map[[8]float64]string{}
	for step := range int64(10) {
		for _, p := range g.Sequence.At(step) {
			for _, n := range programs[p].Nodes {
				if n.Op != graph.OpNormal && n.Op != graph.OpUniform {
					continue
				}
				what := fmt.Sprintf("%s of program %s, run %d", n.Attr.(*graph.Stream).Name, programs[p].Name, runs[p])
				words := firstColumn(t, n, runs[p])
				if other := seen[words]; other != "" {
					t.Errorf("%s is %s", what, other)
				}
				seen[words] = what
			}
			runs[p]++
		}
	}
	return len(seen)
}

// firstColumn is a draw's first number in each of 8 rows, as uniforms, in which
// every distribution shows the bits that it is made of.
func firstColumn(t *testing.T, n *graph.Node, run int) (words [8]float64) {
	t.Helper()
	uniform := *n
	uniform.Op = graph.OpUniform
	number := func(x ...float64) reference.Array {
		return reference.Array{DType: graph.I32, Shape: graph.Shape{len(x)}, Data: x}
	}
	drawn, err := reference.Eval(&uniform, []reference.Array{number(3, 0), number(float64(run))})
	if err != nil {
		t.Fatal(err)
	}
	rows := n.Shape[0]
	for i := range words {
		words[i] = drawn.Data[i%rows*(n.Shape.Size()/rows)]
	}
	return words
}
