package systems_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// TestTracks holds the shipped configurations to the passes that running statistics and
// state follow: a generator's in the pass that its loss comes from, a discriminator's on
// real and generated samples together, and where it judges for another only if all that
// it tracks are power iterations. testdata/tracks has a file for each, with a line for each
// turn: its passes, and * after those that track.
func TestTracks(t *testing.T) {
	configtest.Kept(t, "testdata/tracks", "go test ./gan/systems -run TestTracks -update", *update, func(name string) string {
		g := configtest.Declare(t, configtest.Shipped(t, name))
		tracked(t, name, g)
		return tracks(g)
	})
}

// tracks has a line for each turn of a step. A pass that may track is marked whether its
// network has anything that follows or not: that depends on its layers.
func tracks(g *game.Game) string {
	var s strings.Builder
	for _, e := range g.Sequence.Order() {
		fmt.Fprintf(&s, "%s:", e.Turn.Name)
		for _, r := range e.Turn.Uses.Passes {
			mark := ""
			if r.Track {
				mark = "*"
			}
			fmt.Fprintf(&s, " %s(%s)%s", r.Player.Name, r.Label, mark)
		}
		s.WriteString("\n")
	}
	return s.String()
}

// tracked holds the programs to what their turns say: a network's statistics and state
// move in those of a turn that tracks it, in no others, and somewhere.
func tracked(t *testing.T, name string, g *game.Game) {
	t.Helper()
	steps, err := g.Steps()
	if err != nil {
		t.Fatal(err)
	}
	moves := func(p *game.Step, net *nn.Net) bool {
		return slices.ContainsFunc(slices.Concat(net.Stats(), net.State()), func(v *graph.Variable) bool {
			return slices.ContainsFunc(p.Updates, func(u graph.Update) bool { return u.Var == v })
		})
	}
	for _, net := range g.Nets() {
		some := false
		for _, e := range g.Sequence.Order() {
			says := slices.ContainsFunc(e.Turn.Uses.Passes, func(r game.Ran) bool { return r.Player.Net == net && r.Tracks() })
			some = some || says
			for _, p := range steps {
				if p.Name != e.Turn.Name && !strings.HasPrefix(p.Name, e.Turn.Name+"_") {
					continue
				}
				if moves(p, net) != says {
					t.Errorf("%s: statistics of %s move in program %s: %v, and turn %s says %v", name, net.Name, p.Name, !says, e.Turn.Name, says)
				}
			}
		}
		if !some && len(net.Stats())+len(net.State()) > 0 {
			t.Errorf("%s: no pass of a step tracks the statistics of %s, so that samples use those of no samples", name, net.Name)
		}
	}
}
