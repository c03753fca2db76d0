package train

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
)

// negatives is a game that draws nothing: it translates samples of [data] to [data.b] by
// a change of sign.
var negatives = game.NewSystems(game.System{
	Kind: config.Kind{Name: "negatives", Doc: "translates", Keys: struct{}{}, Optims: []string{"g"}, Streams: []string{"b"}},
	Declare: func(s *game.Setup) error {
		a, b := s.Stream("a", game.StreamOptions{}), s.Stream("b", game.StreamOptions{Section: "b"})
		g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			x := graph.Reshape(in[0], graph.Shape{in[0].Shape[0], a.Shape.Size()})
			return []*graph.Node{nn.Dense(p, "out", x, 1, nn.Normal(0, 1), nn.Constant(0))}
		}, game.In{Shape: a.Shape})
		opt := s.Optimizer("g", "g", g)
		s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(t.Run(g, t.Batch(a, a.Samples()))[0]))})
		})})
		s.Sampler("translate.b", func(t *game.Turn) { t.Show(game.Samples, b, graph.Neg(t.Batch(a, a.Samples()))) })
		s.Sampler("translate.a", func(t *game.Turn) { t.Show(game.Samples, a, t.Batch(b, b.Samples())) })
		return nil
	},
})

func negativesConfig(t *testing.T, data string) *config.Config {
	t.Helper()
	c := configtest.Of(t, negatives.Schema, data+"[model]\nkind = \"negatives\"\n[train]\nbatch = 4\nsteps = 2\n[sample]\ncount = 70\n[checkpoint]\nevery = 0\n")
	return c
}

// Where a system draws no samples its pictures are of what it translates, the same real
// samples at each step, beside real ones of the other domain.
func TestPicturesOfTranslations(t *testing.T) {
	translated := func(data string) (p *pictures, real, got []byte) {
		r := beginTraining(t, negativesConfig(t, data), negatives)
		p, err := newPictures(r.sampler, r.sets, r.cfg.Sample.Count)
		if err != nil {
			t.Fatal(err)
		}
		if real, err = samplesOf(r.sets.of(""), p.count); err != nil {
			t.Fatal(err)
		}
		if got, _, err = r.sampler.draw(p.count, 0); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(real) {
			t.Fatalf("%d bytes are drawn of %d", len(got), len(real))
		}
		return p, real, got
	}
	p, real, got := translated("[data]\nkind = \"mixture\"\n[data.b]\nradius = 0.5\n")
	for i, x := range floats(real) {
		if floats(got)[i] != -x {
			t.Fatalf("number %d is %v, want %v", i, floats(got)[i], -x)
		}
	}
	for _, x := range p.points {
		if math.Abs(float64(x)) > 1.5 {
			t.Fatalf("%v is no number of the other domain", x)
		}
	}
	const few, most = 9, 70 // in one run and in two, of which the second is not full
	for _, limit := range []int{few, 2 * most} {
		p, real, got := translated(fmt.Sprintf("[data]\nsize = 8\nchannels = 1\nlimit = %d\n[data.b]\nlimit = 80\n", limit))
		if want := min(limit, most); p.count != want {
			t.Fatalf("%d images are drawn, want %d", p.count, want)
		}
		for i, x := range real {
			if got[i] != 255-x {
				t.Fatalf("pixel %d of %d images is %d, want %d", i, limit, got[i], 255-x)
			}
		}
	}
}

// The last line says how to make more: of a run that translates by the command for that.
func TestDoneTranslating(t *testing.T) {
	h, c := testHost(t, t.TempDir())
	h.Systems = negatives
	if err := Run(t.Context(), negativesConfig(t, "[data]\nkind = \"mixture\"\n[data.b]\nradius = 0.5\n"), h); err != nil {
		t.Fatal(err)
	}
	if said := c.lines[len(c.lines)-1]; !strings.Contains(said, "ganengine translate -run ") || strings.Contains(said, "ganengine sample") {
		t.Errorf("the last line is %q", said)
	}
}
