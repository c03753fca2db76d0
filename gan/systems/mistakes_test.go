package systems_test

import (
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// mistaken is a small game on points without labels that a mistake is made in.
type mistaken struct {
	*game.Setup
	*game.Turn // nil while declaring
	real       *game.Stream
	z, y       *game.Code
	g, d       *game.Player
	opt        *game.Optimizer // of d
	both       *game.Optimizer // of d and g
	alone      *game.Optimizer // of g, where a case declares it
	f          *game.Player    // likewise
	reg, other *game.Lazy      // likewise
}

// lazies declares two things that happen at some runs.
func (m *mistaken) lazies() { m.reg, m.other = m.Lazy("reg", 2, 0), m.Lazy("other", 3, 0) }

func (m *mistaken) fakes(label string) *graph.Node { return m.Run(m.g, m.Draw(label, 0, m.z).All())[0] }

func (m *mistaken) loss(x *graph.Node) *graph.Node { return graph.Average(m.Run(m.d, x)[0]) }

// frozen declares a player of a file's weights.
func (m *mistaken) frozen(path string) *game.Player {
	return m.Frozen("f", game.Ref{Path: path, Network: "d"}, outOf(1), game.In{Shape: graph.Shape{2}})
}

// normed declares a player e with weight norm, and what moves it.
func (m *mistaken) normed() {
	m.f = m.Player("e", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return one(nn.Dense(p, "out", in[0], 1, nn.HeNormal(), nil, nn.WeightNorm{}))
	}, game.In{Shape: graph.Shape{2}})
	m.alone = m.Optimizer("alone", "g", m.f)
}

// begins sets a player's first values.
func (m *mistaken) begins(p *game.Player) {
	m.RunAs(game.Pass{Label: p.Name, First: true}, p, m.fakes("begin"))
}

// asks declares a sampler that asks for statistics of a player with batch norm.
func (m *mistaken) asks(stats nn.Stats) {
	normed := m.Player("norm", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return one(nn.BatchNorm(p, "norm", in[0], nn.NormOptions{}))
	}, game.In{Shape: graph.Shape{2}})
	m.Sampler("encode", func(t *game.Turn) {
		t.Numbers(game.Encoded, t.RunAs(game.Pass{Label: "s", Stats: stats}, normed, t.Batch(m.real, game.Points))[0])
	})
}

// outOf is a dense layer.
func outOf(width int) game.Body {
	return func(p *nn.Pass, in []*graph.Node) []*graph.Node {
		return one(nn.Dense(p, "out", in[0], width, nn.HeNormal(), nil))
	}
}

// TestPageMistakes makes each mistake that the page lists, while declaring or in a turn,
// and is told what the page says, with a line of this file.
func TestPageMistakes(t *testing.T) {
	text := page(t)
	for _, c := range []struct {
		want    string
		declare func(m *mistaken)
		turn    func(m *mistaken)
	}{
		{"there are two of the name g", func(m *mistaken) { m.Code("g", game.Normal, 1); m.Code("g", game.Normal, 2) }, nil},
		{"there is no section [optim.e]", func(m *mistaken) { m.Optimizer("e", "e", m.g) }, nil},
		{"stream other reads [data.b], and the kind has no such section", func(m *mistaken) { m.Stream("other", game.StreamOptions{Section: "b"}) }, nil},
		{"e/w has shape [2,2], now [3,2] is asked for", func(m *mistaken) {
			m.Player("e", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				p.Param("w", graph.Shape{2, 2}, nn.Constant(0))
				return one(p.Param("w", graph.Shape{3, 2}, nn.Constant(0)))
			})
		}, nil},
		{"the turn draws twice from stream z: give labels", nil, func(m *mistaken) { m.Draw("z", 0, m.z); m.Draw("z", 0, m.z) }},
		{"the turn has two passes d: give labels", nil, func(m *mistaken) {
			x := m.fakes("z")
			m.RunAs(game.Pass{Label: "d"}, m.d, x)
			m.RunAs(game.Pass{Label: "d"}, m.d, x)
		}},
		{"field points of stream real is taken twice: keep the node", nil, func(m *mistaken) { m.Batch(m.real, game.Points); m.Batch(m.real, game.Points) }},
		{"stream real gives a turn a fresh batch or the step's last one, not both", nil, func(m *mistaken) { m.Batch(m.real, game.Points); m.Again(m.real, game.Points) }},
		{"player d has no layer norm", func(m *mistaken) { m.d.Freeze("norm") }, nil},
		{"optimiser d has player d's parameters: freeze layers before it is declared", func(m *mistaken) { m.d.Freeze(m.d.Layers()...) }, nil},
		{"player f has weights of no file, or of no network in it", func(m *mistaken) { m.frozen("") }, nil},
		{"optimiser again is over player f, which is frozen", func(m *mistaken) { m.Optimizer("again", "g", m.g, m.frozen("f.safetensors")) }, nil},
		{"player f is frozen, and has no average", func(m *mistaken) { m.Average(game.AverageOptions{Mean: true}, m.frozen("f.safetensors")) }, nil},
		{"player f is frozen, and runs with the statistics of its file", func(m *mistaken) { m.Standing(m.frozen("f.safetensors")) }, nil},
		{"pass f of player g.f tracks statistics, and the player is frozen", func(m *mistaken) {
			m.f = m.frozen("f.safetensors").Part("g.f", outOf(1), game.In{Shape: graph.Shape{2}})
		},
			func(m *mistaken) { m.RunAs(game.Pass{Label: "f", Track: true}, m.f, m.fakes("z")) }},
		{"code none of size 0 holds nothing", func(m *mistaken) { m.Code("none", game.Class, 0) }, nil},
		{"code y was not drawn", nil, func(m *mistaken) { m.Draw("z", 0, m.z).Of(m.y) }},
		{"batches of [64,2] and [16,2] cannot share a pass", nil, func(m *mistaken) {
			m.RunEach(game.Pass{Label: "d"}, m.d, one(m.fakes("z")), one(m.Run(m.g, m.Draw("g", 16, m.z).All())[0]))
		}},
		{"batches of 1 and 2 operands cannot share a pass", nil, func(m *mistaken) {
			x := m.fakes("z")
			m.RunEach(game.Pass{Label: "d"}, m.d, one(x), []*graph.Node{x, x})
		}},
		{"a goal lacks its optimiser or its loss", nil, func(m *mistaken) { m.Minimise(game.Goal{Loss: m.loss(m.fakes("z"))}) }},
		{"a goal lacks its optimiser or its loss", nil, func(m *mistaken) { m.Minimise(game.Goal{By: m.opt}) }},
		{"optimiser d makes two updates in one turn", nil, func(m *mistaken) {
			m.Minimise(game.Goal{By: m.opt, Loss: m.loss(m.fakes("z"))})
			m.Minimise(game.Goal{By: m.opt, Loss: m.loss(m.fakes("g"))})
		}},
		{"the loss of d depends on none of its parameters", nil, func(m *mistaken) {
			m.Minimise(game.Goal{By: m.opt, Loss: graph.Average(m.fakes("z"))})
		}},
		{"the loss of both reaches d/out/w as it was before this turn's update of it", nil, func(m *mistaken) {
			before := m.loss(m.fakes("z"))
			m.Minimise(game.Goal{By: m.opt, Loss: before})
			m.Minimise(game.Goal{By: m.both, Loss: graph.Add(before, m.loss(m.fakes("g")))})
		}},
		{"the loss of both reaches d/out/w as it was before this turn's update of it", nil, func(m *mistaken) { // by way of a penalty
			before := m.loss(m.fakes("z"))
			m.Minimise(game.Goal{By: m.opt, Loss: before})
			m.Minimise(game.Goal{By: m.both, Loss: m.loss(m.fakes("g")), Apart: []game.Penalty{{Name: "old", Of: func() *graph.Node { return before }}}})
		}},
		{"the loss of alone reaches two versions of d/out/w, from before and after this turn's update of it",
			func(m *mistaken) { m.alone = m.Optimizer("alone", "g", m.g) }, func(m *mistaken) {
				fake := m.fakes("z")
				before := m.loss(fake)
				m.Minimise(game.Goal{By: m.opt, Loss: before})
				m.Minimise(game.Goal{By: m.alone, Loss: graph.Add(before, m.loss(fake))})
			}},
		{"part head has layers that player d has not, and optimiser d is declared already", func(m *mistaken) {
			m.d.Part("head", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return one(nn.Dense(p, "head", in[0], 1, nn.HeNormal(), nil))
			}, game.In{Shape: graph.Shape{2}})
		}, nil},
		{"part head has layers that player d has not, and optimiser d is declared already", func(m *mistaken) { // that are of an average alone
			m.Average(game.AverageOptions{Mean: true}, m.d)
			m.d.Part("head", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return one(nn.BatchNorm(p, "norm", in[0], nn.NormOptions{Plain: true}))
			}, game.In{Shape: graph.Shape{2}})
		}, nil},
		{"a result [] is not one of 128 examples", func(m *mistaken) {
			m.f = m.Player("total", func(_ *nn.Pass, in []*graph.Node) []*graph.Node { return one(graph.Total(in[0])) }, game.In{Shape: graph.Shape{2}})
		}, func(m *mistaken) { m.RunEach(game.Pass{Label: "total"}, m.f, one(m.fakes("z")), one(m.fakes("g"))) }},
		{"a sampler moves nothing", func(m *mistaken) {
			n := m.State("n", nil, graph.F32, nn.Constant(0))
			m.Sampler("sample", func(t *game.Turn) { t.Set(n, t.Get(n)) })
		}, plain},
		{"a sampler moves nothing", func(m *mistaken) {
			m.Sampler("sample", func(t *game.Turn) {
				t.Minimise(game.Goal{By: m.opt, Loss: graph.Average(t.Run(m.d, t.Batch(m.real, game.Points))[0])})
			})
		}, plain},
		{"pass d is with the average of player d, which has none", nil, func(m *mistaken) {
			m.RunAs(game.Pass{Label: "d", With: game.Averaged}, m.d, m.fakes("z"))
		}},
		{"pass g of player g tracks statistics, and is with its average, which follows alone", func(m *mistaken) {
			m.Average(game.AverageOptions{Mean: true}, m.g)
		}, func(m *mistaken) {
			m.RunAs(game.Pass{Label: "g", With: game.Averaged, Track: true}, m.g, m.Draw("z", 0, m.z).All())
		}},
		{"pass s of player norm uses a batch's statistics, and a sampler's rows are of whoever asks", func(m *mistaken) { m.asks(nn.StatsBatch) }, plain},
		{"examples of [2] have no statistics of their own", func(m *mistaken) { m.asks(nn.StatsOwn) }, plain},
		{"pass d sets first values of player d, and no layer of it has any that depend on data", nil, func(m *mistaken) { m.begins(m.d) }},
		{"pass f sets first values of player f, which is frozen", func(m *mistaken) { m.f = m.frozen("f.safetensors") }, func(m *mistaken) { m.begins(m.f) }},
		{"pass e sets first values of player e, and is with its average", func(m *mistaken) {
			m.normed()
			m.Average(game.AverageOptions{Mean: true}, m.f)
		}, func(m *mistaken) {
			m.RunAs(game.Pass{Label: "e", First: true, With: game.Averaged}, m.f, m.fakes("z"))
		}},
		{"pass e sets first values of player e, which optimiser alone moved before", (*mistaken).normed, func(m *mistaken) {
			m.Minimise(game.Goal{By: m.alone, Loss: graph.Average(m.RunAs(game.Pass{Label: "learn"}, m.f, m.fakes("z"))[0])})
			m.begins(m.f)
		}},
		{"a sampler moves nothing", func(m *mistaken) {
			m.normed()
			m.Sampler("encode", func(t *game.Turn) { t.RunAs(game.Pass{Label: "e", First: true}, m.f, t.Batch(m.real, game.Points)) })
		}, plain},
		{"turn turn asks for other only where something else is not due", (*mistaken).lazies, func(m *mistaken) {
			plain(m)
			if !m.Due(m.reg) {
				m.Due(m.other)
			}
		}},
		{"turn turn takes stream real in some of its runs only", (*mistaken).lazies, func(m *mistaken) {
			plain(m)
			if !m.Due(m.reg) {
				m.Batch(m.real, game.Points)
			}
		}},
		{"turn turn takes stream real in some of its runs only", (*mistaken).lazies, func(m *mistaken) {
			plain(m)
			if m.Due(m.reg) {
				m.Batch(m.real, game.Points)
			}
		}},
		{"turn turn takes the batch of stream real again, of which no turn before it takes a fresh one in step 0", nil, func(m *mistaken) {
			m.Minimise(game.Goal{By: m.opt, Loss: m.loss(m.Again(m.real, game.Points))})
		}},
		{"there are two programs of the name turn_reg", func(m *mistaken) {
			m.lazies()
			m.Order(game.Entry{Turn: m.Setup.Turn("turn_reg", func(t *game.Turn) { t.Score("n", t.B.Const(graph.F32, 0)) })})
		}, func(m *mistaken) { plain(m); m.Due(m.reg) }},
		{"no turn takes fresh batches of stream real, in whose samples images and epochs are counted", func(m *mistaken) {
			m.Average(game.AverageOptions{Kimg: 1}, m.g)
		}, plain},
		{"turn turn sets first values of e, which is done once, before all else", (*mistaken).normed, func(m *mistaken) { m.begins(m.f) }},
		{"turn late sets first values of e, which turn early moves before it in step 0", func(m *mistaken) {
			m.normed()
			turn := func(name string, build func(m *mistaken)) game.Entry {
				return game.Entry{Until: 1, Turn: m.Setup.Turn(name, func(t *game.Turn) {
					of := *m
					of.Turn = t
					build(&of)
				})}
			}
			m.Order(turn("early", func(m *mistaken) {
				m.Minimise(game.Goal{By: m.alone, Loss: graph.Average(m.Run(m.f, m.fakes("z"))[0])})
			}), turn("late", func(m *mistaken) { m.begins(m.f) }))
		}, plain},
		{"the order has no turn for step 0", nil, nil},
	} {
		err := mistake(t, c.declare, c.turn)
		switch {
		case err == nil || !strings.Contains(err.Error(), c.want):
			t.Errorf("the error is %v, want one of %q", err, c.want)
		case !strings.Contains(text[:strings.Index(text, lineless)], "`"+c.want+"`"): // those behind it have no line
		case !strings.Contains(err.Error(), "systems/mistakes_test.go:"):
			t.Errorf("%v: it has no line of this file", err)
		case !strings.Contains(text, "`"+c.want+"`"):
			t.Errorf("%s does not have %q", pagePath, c.want)
		}
	}
}

// lineless is the first of the page's errors that name no line.
const lineless = "| `turn turn takes stream real in some of its runs only`"

// plain is an update without a mistake.
func plain(m *mistaken) { m.Minimise(game.Goal{By: m.opt, Loss: m.loss(m.fakes("z"))}) }

func one(x *graph.Node) []*graph.Node { return []*graph.Node{x} }

// mistake builds all of a game, and gives the error.
func mistake(t *testing.T, declare, turn func(m *mistaken)) error {
	t.Helper()
	all := game.NewSystems(game.System{
		Kind: config.Kind{Name: "mistaken", Keys: struct{}{}, Optims: []string{"g", "d"}},
		Declare: func(s *game.Setup) error {
			m := &mistaken{Setup: s, real: s.Stream("real", game.StreamOptions{}), z: s.Code("z", game.Normal, 2), y: s.Code("y", game.Class, 2)}
			point := game.In{Shape: graph.Shape{2}}
			m.g, m.d = s.Player("g", outOf(2), point), s.Player("d", outOf(1), point)
			m.opt, m.both = s.Optimizer("d", "d", m.d), s.Optimizer("both", "g", m.d, m.g)
			if declare != nil {
				declare(m)
			}
			if turn != nil {
				s.Order(game.Entry{Turn: s.Turn("turn", func(t *game.Turn) {
					of := *m
					of.Turn = t
					turn(&of)
				})})
			}
			return nil
		},
	})
	c := configtest.Of(t, all.Schema, "[data]\nkind = \"mixture\"\n")
	g, err := all.Declare(c, game.Options{Float: graph.F32, Data: func(string) game.Data { return game.Data{Shape: graph.Shape{2}, Len: 1000} }})
	if err == nil {
		_, err = g.Steps()
	}
	for i := 0; err == nil && i < len(g.Samplers); i++ {
		_, err = g.Samplers[i].Program("people", 2, false)
	}
	return err
}

// A key of two types is found when systems are put together.
func TestPageTwoTypes(t *testing.T) {
	const want = "config: model.hidden is declared with two types"
	if !strings.Contains(page(t), "`"+want+"`") {
		t.Errorf("%s does not have %q", pagePath, want)
	}
	other := game.System{Kind: config.Kind{Name: "other", Optims: []string{"g"}, Keys: struct {
		Model struct {
			Hidden float64 `toml:"hidden" default:"1" doc:"a number"`
		} `toml:"model"`
	}{}}}
	defer func() {
		if r := recover(); r != want {
			t.Errorf("got %v, want %q", r, want)
		}
	}()
	game.NewSystems(systems.Noisy, other)
}
