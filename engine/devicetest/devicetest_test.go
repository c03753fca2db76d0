package devicetest

import (
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/reference"
)

func TestReference(t *testing.T) { RunAll(t, reference.NewDevice(), Options{Small: true}) }

// Every row of the table must stand in some case's program, and every name
// must be there once, so that -run finds it.
func TestEveryOperatorHasACase(t *testing.T) {
	covered, names := map[graph.Op]bool{}, map[string]bool{}
	for _, c := range Cases() {
		if names[c.Name] {
			t.Errorf("two cases are named %s", c.Name)
		}
		names[c.Name] = true
		p, _, _, err := c.make()
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		for _, n := range p.Nodes {
			covered[n.Op] = true
		}
	}
	for _, g := range GradientCases() {
		if names[g.Name] {
			t.Errorf("two cases are named %s", g.Name)
		}
		names[g.Name] = true
	}
	for _, r := range graph.Rows() {
		if !covered[r.Op] {
			t.Errorf("%s has no case", r.Name)
		}
	}
}

func BenchmarkReference(b *testing.B) { RunBench(b, reference.NewDevice(), 1) }
