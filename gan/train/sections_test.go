package train

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
)

// twoSections is a game on [data] and [data.b]: a player learns how far their rows
// lie apart, and says so.
var twoSections = game.NewSystems(game.System{
	Kind: config.Kind{Name: "two", Doc: "reads two sections", Keys: struct{}{}, Optims: []string{"g"}, Streams: []string{"b"}, Vectors: true},
	Declare: func(s *game.Setup) error {
		a, b := s.Stream("a", game.StreamOptions{}), s.Stream("b", game.StreamOptions{Section: "b"})
		more := s.Stream("more", game.StreamOptions{Section: "b"})
		z := s.Code("z", game.Normal, 16)
		g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			x := graph.Reshape(in[0], graph.Shape{in[0].Shape[0], 16})
			return []*graph.Node{graph.Reshape(nn.Dense(p, "out", x, 16, nn.Normal(0, 0.02), nn.Constant(0)), in[0].Shape)}
		}, game.In{Shape: a.Shape})
		opt := s.Optimizer("g", "g", g)
		s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
			x, y, w := t.Batch(a, game.Pixels), t.Batch(b, game.Pixels), t.Batch(more, game.Pixels)
			apart := func(x, y *graph.Node) *graph.Node { return graph.Average(graph.Square(graph.Sub(x, y))) }
			t.Score("apart", apart(x, y))
			t.Score("more", apart(y, w))
			t.Minimise(game.Goal{By: opt, Loss: apart(t.Run(g, x)[0], y)})
		})})
		s.Sampler("sample", func(t *game.Turn) {
			x := t.Draw("z", 0, z).All()
			t.Show(game.Samples, a, t.Run(g, graph.Reshape(x, append(graph.Shape{x.Shape[0]}, a.Shape...)))[0])
		})
		return nil
	},
})

func twoConfig(t *testing.T, dir, b string, steps int) *config.Config {
	t.Helper()
	text := fmt.Sprintf("[data]\nkind = \"idx\"\nsize = 4\nchannels = 1\npath = %q\n[data.b]\npath = %q\n[model]\nkind = \"two\"\n[train]\nbatch = 8\nsteps = %d\n[log]\nevery = 1\n[sample]\nevery = 0\n[checkpoint]\nevery = 1\n[optim.g]\nlr = 0.1\n",
		filepath.Join(dir, "a.idx"), b, steps)
	c := configtest.Of(t, twoSections.Schema, text)
	return c
}

func writeImages(t *testing.T, path string, scale int) {
	t.Helper()
	var b bytes.Buffer
	b.Write([]byte{0, 0, 8, 3, 0, 0, 0, 32, 0, 0, 0, 4, 0, 0, 0, 4}) // 32 images of 4×4
	for i := range 32 * 16 {
		b.WriteByte(byte(i * scale))
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Streams of equal data are not paired, whether they read two sections or one; run.json
// names both sections; a run that goes on is what it would have been, takes [data.b] from
// another place and refuses other data there by the section's name.
func TestSections(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	writeImages(t, at("a.idx"), 7)
	writeImages(t, at("b.idx"), 7)
	writeImages(t, at("moved.idx"), 7)
	writeImages(t, at("other.idx"), 11)
	h := func(out string) Host {
		h, _ := testHost(t, at(out))
		h.Systems = twoSections
		return h
	}
	run := func(out string, steps int) string {
		if err := Run(t.Context(), twoConfig(t, dir, at("b.idx"), steps), h(out)); err != nil {
			t.Fatal(err)
		}
		runs, _ := filepath.Glob(at(out) + "/*/run.json")
		return filepath.Dir(runs[0])
	}
	whole, halves := run("whole", 6), run("halves", 3)
	stats, err := os.ReadFile(filepath.Join(whole, rundir.StatsFile))
	if err != nil || strings.Contains(string(stats), `"apart":0,`) || strings.Contains(string(stats), `"more":0,`) {
		t.Errorf("streams are paired (%v): %s", err, stats)
	}
	info, err := rundir.Dir(whole).ReadInfo()
	if err != nil || info.Sections["b"].Items != 32 || info.Sections["b"].Path != at("b.idx") {
		t.Errorf("run.json has sections %+v (%v)", info.Sections, err)
	}
	err = Resume(t.Context(), halves, twoConfig(t, dir, at("other.idx"), 6), h(""))
	var refused *config.Error
	if !errors.As(err, &refused) || refused.Key != "data.b.path" {
		t.Errorf("other data of [data.b]: %v", err)
	}
	if err := Resume(t.Context(), halves, twoConfig(t, dir, at("moved.idx"), 6), h("")); err != nil {
		t.Fatal(err)
	}
	last := func(dir string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, "checkpoints", "000006.safetensors"))
		if err != nil {
			t.Error(err)
		}
		return b
	}
	if !bytes.Equal(last(whole), last(halves)) {
		t.Error("a run that went on is not what it would have been")
	}
}

// A dry run has a line for each section, with who reads it.
func TestDryRunOfSections(t *testing.T) {
	dir := t.TempDir()
	writeImages(t, filepath.Join(dir, "a.idx"), 7)
	h, _ := testHost(t, "")
	h.Systems = twoSections
	var text strings.Builder
	if err := DryRun(t.Context(), twoConfig(t, dir, filepath.Join(dir, "a.idx"), 1), h, &text); err != nil {
		t.Fatal(err)
	}
	for section, readers := range map[string]string{"data": "stream a in batches of 8", "data.b": "stream b in batches of 8, stream more in batches of 8"} {
		if got := text.String(); !strings.Contains(got, "\n"+section+": idx, 32 samples of [4,4,1], ") || !strings.Contains(got, "; "+readers+"\n") {
			t.Errorf("nothing says that [%s] is for %s:\n%s", section, readers, got)
		}
	}
}
