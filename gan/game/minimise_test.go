package game_test

import (
	"encoding/binary"
	"math"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// scalars is a game of one turn on two numbers, w of player a and v of player b, which are
// 3 and 5 at first and move at the rate of 0.5 and 0.25 by plain descent.
func scalars(turn func(t *game.Turn, a, b *game.Optimizer, w, v func() *graph.Node)) *game.Systems {
	return game.NewSystems(game.System{
		Kind: config.Kind{Name: "scalars", Doc: "two numbers", Keys: struct{}{}, Optims: []string{"a", "b"}},
		Declare: func(s *game.Setup) error {
			s.Stream("real", game.StreamOptions{})
			number := func(name string, value float64) *game.Player {
				return s.Player(name, func(p *nn.Pass, in []*graph.Node) []*graph.Node {
					return []*graph.Node{graph.Reshape(p.Param("w", graph.Shape{1}, nn.Constant(value)), nil)}
				})
			}
			a, b := number("a", 3), number("b", 5)
			optA, optB := s.Optimizer("a", "a", a), s.Optimizer("b", "b", b)
			s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
				turn(t, optA, optB, func() *graph.Node { return t.Run(a)[0] }, func() *graph.Node { return t.Run(b)[0] })
			})})
			return nil
		},
	})
}

// moved runs the one step of the game, and gives w and v after it.
func moved(t *testing.T, all *game.Systems) (w, v float64) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	c := configtest.Of(t, all.Schema, "[data]\nkind = \"mixture\"\n[optim.a]\nkind = \"sgd\"\nlr = 0.5\n[optim.b]\nlr = 0.25\n")
	g, err := all.Declare(c, game.Options{Float: graph.F64, Data: func(string) game.Data { return game.Data{Shape: graph.Shape{2}, Len: 1000} }})
	ok(err)
	first, err := g.Init()
	ok(err)
	steps, err := g.Steps()
	ok(err)
	s := session.New(reference.NewDevice(), g.Vars, session.Options{})
	defer s.Close()
	ok(s.Compile(first, steps[0].Program))
	for _, name := range []string{first.Name, steps[0].Name} {
		r, err := s.Program(name).Run()
		ok(err)
		ok(r.Wait())
	}
	number := func(name string) float64 {
		b, err := s.ReadBytes(name)
		ok(err)
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return number("a/w"), number("b/w")
}

// A loss that follows an update in the turn sees what was updated, as data: b's step
// depends on w, and yet a's gradient is that of its own loss alone.
func TestUpdatedWeightsAreData(t *testing.T) {
	w, v := moved(t, scalars(func(t *game.Turn, a, b *game.Optimizer, w, v func() *graph.Node) {
		t.Minimise(game.Goal{By: b, Loss: graph.Square(graph.Sub(v(), w()))}) // v: 5 - 0.25·2(5 - 3) = 4
		t.Minimise(game.Goal{By: a, Loss: graph.Mul(w(), v())})               // w: 3 - 0.5·4, and through the update 3 - 0.5·(4 + 3·0.5)
	}))
	if w != 1 || v != 4 {
		t.Errorf("w is %g and v %g, want 1 and 4", w, v)
	}
}

// Goals of one Minimise see the weights as they were before it, whichever comes first,
// and so do penalties, which are built when other goals have been differentiated.
func TestGoalsOfOneMinimiseAreSimultaneous(t *testing.T) {
	for _, turned := range []bool{false, true} {
		w, v := moved(t, scalars(func(t *game.Turn, a, b *game.Optimizer, w, v func() *graph.Node) {
			product := game.Penalty{Name: "product", Of: func() *graph.Node { return graph.Mul(w(), v()) }}
			goals := []game.Goal{{By: b, Loss: v(), Apart: []game.Penalty{product}}, {By: a, Loss: w(), Apart: []game.Penalty{product}}}
			if turned {
				goals[0], goals[1] = goals[1], goals[0]
			}
			t.Minimise(goals...)
		}))
		if w != 3-.5*(1+5) || v != 5-.25*(1+3) {
			t.Errorf("w is %g and v %g, want 0 and 4", w, v)
		}
	}
}
