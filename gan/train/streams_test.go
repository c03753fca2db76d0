package train

import (
	"fmt"
	"testing"

	"ganengine/configs"
	"ganengine/engine/graph"
	"ganengine/engine/reference"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
)

// No two draws of a training are the same numbers: each stream of each program has its
// own at each run, whichever configuration it is, as shipped, with more updates of one
// network, with what happens at some updates only, and where gradients add up.
func TestStreamsDiffer(t *testing.T) {
	more, lazy := "train.d_steps=2", []string{"loss.r1=1", "loss.gp=1", "loss.every=3"}
	all := 0
	for _, name := range configs.Names() {
		check := func(what string, c *config.Config, ok bool) {
			if !ok { // the system has no such keys
				return
			}
			t.Run(name+" "+what, func(t *testing.T) {
				n := distinct(t, c)
				if n > 0 && n < 10 { // a flow draws nothing
					t.Errorf("only %d draws in ten steps", n)
				}
				all += n
			})
		}
		if configs.Paper(name) { // its twin has the rest
			c, ok := configtest.Try(t, name, "train.batch=8")
			check("as shipped", c, ok)
			continue
		}
		for _, set := range [][]string{nil, {more}, lazy, append([]string{more}, lazy...)} {
			c, ok := configtest.Try(t, name, append(set, "train.batch=8")...)
			check(fmt.Sprint(set), c, ok)
		}
		check("tiny", configtest.Tiny(t, name), true) // what waits for thousands of steps comes at once
		c, ok := configtest.Accumulated(t, name, 3)
		check("accumulated", c, ok)
	}
	if all < 1000 {
		t.Errorf("only %d draws of all configurations", all)
	}
}

// distinct looks at every draw of ten steps, and says how many there are.
func distinct(t *testing.T, c *config.Config) int {
	g := configtest.Declare(t, c)
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
