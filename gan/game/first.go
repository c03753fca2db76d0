package game

import (
	"fmt"
	"slices"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/optim"
)

// checkFirst refuses a first pass that could set nothing, or too late.
func (t *Turn) checkFirst(m Pass, p *Player) {
	t.trains("Run")
	switch {
	case p.frozen():
		fail("Run", "pass %s sets first values of player %s, which is frozen", m.Label, p.Name)
	case m.With == Averaged:
		fail("Run", "pass %s sets first values of player %s, and is with its average: that takes what a pass without it sets", m.Label, p.Name)
	}
	for _, o := range t.uses.Updates {
		if o.moves(p.Net) {
			fail("Run", "pass %s sets first values of player %s, which optimiser %s moved before: first values come before updates", m.Label, p.Name, o.Name)
		}
	}
}

// begin keeps the parameters that a first pass set: for later passes they are data, as
// after an update. A network whose weights the run was given keeps these.
func (t *Turn) begin(m Pass, p *Player, before []Param) {
	values := t.valuesOf(p)
	var set []*graph.Node
	for i, v := range p.Net.Params() {
		was, now := before[i].Value, values.Get(t.B, v)
		if now == was {
			continue
		}
		if given := t.g.given[p.Net]; given != nil {
			now = graph.Select(t.B.Read(given), was, now)
		}
		now = graph.StopGradient(now)
		values.Set(v, now)
		if t.versions[v] == nil {
			t.versions[v] = []*graph.Node{was}
		}
		t.versions[v] = append(t.versions[v], now)
		t.begun = append(t.begun, owned{p, v})
		set = append(set, now)
	}
	if len(set) == 0 {
		fail("Run", "pass %s sets first values of player %s, and no layer of it has any that depend on data", m.Label, p.Name)
	}
	t.finite = append(t.finite, optim.Norm(set))
}

// startAverages has averages begin with what first passes set: what comes in the same step
// sees no other, and at its end they follow.
func (t *Turn) startAverages() {
	for _, x := range t.begun {
		if avg := x.p.Average(); avg != nil {
			t.B.Update(avg.Variable(x.v), t.valuesOf(x.p).Get(t.B, x.v), nil)
		}
	}
}

// Given is the Variable (bool []) that says that a network's weights were given to the run,
// so that first passes leave them as they are; nil where there is no such pass.
func (g *Game) Given(n *nn.Net) *graph.Variable { return g.given[n] }

// sets says whether a first pass of the player's network is among the turn's.
func (u *Uses) sets(n *nn.Net) bool {
	return slices.ContainsFunc(u.Passes, func(r Ran) bool { return r.First && r.Player.Net == n })
}

// begins declares what first passes need, and refuses those that would run more than once
// or after updates of what they set.
func (g *Game) begins() error {
	for _, n := range g.Trained() {
		var by []*TurnRef
		for _, r := range g.turns {
			if r.Uses.sets(n) {
				by = append(by, r)
			}
		}
		if len(by) == 0 {
			continue
		}
		g.given[n] = g.Vars.Add(&graph.Variable{Name: "given/" + n.Name, DType: graph.Bool, Group: "counters", Init: graph.Fill(graph.Bool, 0)})
		for _, r := range by {
			if err := g.once(r, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// once refuses a turn that sets a network's first values unless it runs once, in step 0,
// before updates of it.
func (g *Game) once(r *TurnRef, n *nn.Net) error {
	entries := 0
	for i := range g.order {
		e := &g.order[i]
		for _, o := range e.Turn.Uses.Updates {
			if e.Turn != r && e.due(0) && entries == 0 && o.moves(n) {
				return fmt.Errorf("turn %s sets first values of %s, which turn %s moves before it in step 0: list it first", r.Name, n.Name, e.Turn.Name)
			}
		}
		if e.Turn != r {
			continue
		}
		if entries++; !e.due(0) || e.Until != 1 || e.Times != 1 || entries > 1 {
			return fmt.Errorf("turn %s sets first values of %s, which is done once, before all else: give it one Entry, with Until: 1", r.Name, n.Name)
		}
	}
	return nil
}
