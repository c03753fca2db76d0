package systems_test

import (
	"math"
	"slices"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/game"
)

// judges gives D's logits of a grey image as the classes y, for values of Variables.
func judges(t *testing.T, g *game.Game, y ...float64) func(m memory) []float64 {
	t.Helper()
	p, err := graph.Build("judge", g.Vars, func(b *graph.Builder) {
		n := len(y)
		x := graph.Broadcast(b.Const(graph.F64, .5), graph.Shape{n, 16, 16, 1})
		b.Output("logits", g.Player("d").Apply(b, nn.Mode{Label: "test"}, x, b.Literal(graph.I32, graph.Shape{n}, y))[0])
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(m memory) []float64 { return m.run(t, p)[0].Data }
}

// How large a weight is makes no difference to what D says, whichever it is.
func TestSNGANScale(t *testing.T) {
	for _, blocks := range []string{"plain", "residual"} {
		t.Run(blocks, func(t *testing.T) { scaleOfSNGAN(t, playedSNGAN(t, "model.d_channels=4", "model.blocks="+blocks)) })
	}
}

func scaleOfSNGAN(t *testing.T, g *game.Game) {
	m, judge := drawn(g.Player("d").Net, 5), judges(t, g, 3)
	want := judge(m)[0]
	for _, s := range sigmas(t, g) {
		for _, by := range []float64{3, 1. / 3} {
			for i := range m[s.w].Data {
				m[s.w].Data[i] *= by
			}
			if got := judge(m)[0]; by == 3 && math.Abs(got-want) > 1e-9 {
				t.Errorf("with %s three times as large the logit is %v, want %v", s.name, got, want)
			}
		}
	}
}

// What the discriminator adds for a class is the product of its row with the features:
// classes of one row are judged alike, others not.
func TestSNGANProjection(t *testing.T) {
	for _, blocks := range []string{"plain", "residual"} {
		t.Run(blocks, func(t *testing.T) { projectionOfSNGAN(t, playedSNGAN(t, "model.d_channels=4", "model.blocks="+blocks)) })
	}
}

func projectionOfSNGAN(t *testing.T, g *game.Game) {
	m, judge := drawn(g.Player("d").Net, 3), judges(t, g, 1, 4, 4)
	if got := judge(m); got[0] == got[1] || math.Abs(got[1]-got[2]) > 1e-12 {
		t.Errorf("logits %v of one image as class 1, 4 and 4: want the last two equal, the first another", got)
	}
	embed := m[g.Vars.ByName("d/embed/w")]
	columns := len(embed.Data) / embed.Shape[0]
	copy(embed.Data[columns:2*columns], embed.Data[4*columns:5*columns])
	if got := judge(m); math.Abs(got[0]-got[1]) > 1e-12 {
		t.Errorf("logits %v of one image as two classes of one row: want them equal", got)
	}
}

// Each update moves each power iteration once, and G's alone its running statistics.
func TestSNGANTracks(t *testing.T) {
	for _, set := range [][2]string{{"true", "plain"}, {"false", "plain"}, {"true", "residual"}, {"false", "residual"}} {
		g := playedSNGAN(t, "data.labels="+set[0], "model.blocks="+set[1], "train.d_steps=3")
		steps, err := g.Steps()
		if err != nil {
			t.Fatal(err)
		}
		moved := map[string]map[*graph.Variable]int{}
		for _, s := range steps {
			moved[s.Name] = map[*graph.Variable]int{}
			for _, u := range s.Updates {
				moved[s.Name][u.Var]++
			}
		}
		var order []string
		for _, i := range g.Sequence.At(0) {
			order = append(order, steps[i].Name)
		}
		if !slices.Equal(order, []string{"d", "d", "d", "g"}) {
			t.Errorf("a step is %v, want d, d, d, g", order)
		}
		for turn, want := range map[string][2]int{"d": {1, 0}, "g": {1, 1}} {
			for i, list := range [][]*graph.Variable{g.Player("d").Net.State(), g.Player("g").Net.Stats()} {
				for _, v := range list {
					if got := moved[turn][v]; got != want[i] {
						t.Errorf("turn %s moves %s %d times, want %d", turn, v.Name, got, want[i])
					}
				}
			}
		}
	}
}

func TestSNGANSizes(t *testing.T) {
	for _, side := range []string{"16", "32", "64", "128"} {
		for _, labels := range []string{"true", "false"} {
			playedSNGAN(t, "data.size="+side, "data.labels="+labels)
			playedSNGAN(t, "data.size="+side, "data.labels="+labels, "model.blocks=residual")
		}
	}
	for _, c := range []struct{ set, want string }{
		{"data.size=8", "8 is no size that sngan makes; use 16, 32, 64"},
		{"data.size=24", "24 is no size that sngan makes; use 16, 32, 64"},
		{"data.size=0 data.height=16 data.width=32", "16 by 32 is not square"},
		{"data.kind=mixture", "gives points"},
	} {
		refused(t, "[model]\nkind = \"sngan\"\n", c.set, c.want)
	}
}
