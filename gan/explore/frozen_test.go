package explore

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/reference"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/npy"
	"ganengine/gan/rundir"
	"ganengine/gan/train"
)

// Who looks into a run sees its frozen networks with the weights that the run had, and no
// others: here one that doubles points, by a file.
func TestFrozenWeights(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "double.safetensors")
	write := func(by float32) {
		t.Helper()
		w, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if err := safetensors.Write(w, []safetensors.Entry{safetensors.NewEntry("net/out/w", []int{2, 2}, []float32{by, 0, 0, by})}, nil); err != nil {
			t.Fatal(err)
		}
	}
	write(2)
	all := game.NewSystems(game.System{
		Kind: config.Kind{Name: "doubles", Doc: "test", Keys: struct{}{}, Optims: []string{"g"}},
		Declare: func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			body := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
				return []*graph.Node{nn.Dense(p, "out", in[0], 2, nn.Normal(0, 1), nil)}
			}
			g := s.Player("g", body, game.In{Shape: real.Shape})
			f := s.Frozen("f", game.Ref{Path: file, Network: "net"}, body, game.In{Shape: real.Shape})
			opt := s.Optimizer("g", "g", g)
			s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
				t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(t.Run(g, t.Batch(real, game.Points))[0]))})
			})})
			s.Sampler("encode", func(t *game.Turn) { t.Numbers(game.Encoded, t.Run(f, t.Batch(real, game.Points))[0]) })
			return nil
		},
	})
	cfg := configtest.Of(t, all.Schema, "[data]\nkind = \"mixture\"\n[model]\nkind = \"doubles\"\n[train]\nbatch = 2\nsteps = 1\n[sample]\nevery = 0\n")
	runs := filepath.Join(dir, "runs")
	if err := train.Run(t.Context(), cfg, train.Host{Systems: all, Device: reference.NewDevice(), Out: runs}); err != nil {
		t.Fatal(err)
	}
	run, err := rundir.Find(runs, "latest")
	if err != nil {
		t.Fatal(err)
	}
	e := openRun(t, run, Options{Chunk: 2, Systems: all})
	f, err := e.From("encode")
	if err != nil {
		t.Fatal(err)
	}
	points, codes := filepath.Join(dir, "points.npy"), filepath.Join(dir, "codes.npy")
	if err := npy.WriteFile(points, []int{3, 2}, []float32{1, 2, 3, -4, .5, 0}); err != nil {
		t.Fatal(err)
	}
	in, err := f.Open(t.Context(), points, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteCodes(t.Context(), codes, in); err != nil {
		t.Fatal(err)
	}
	if _, got, err := npy.ReadFile[float32](codes); err != nil || !slices.Equal(got, []float32{2, 4, 6, -8, 1, 0}) {
		t.Errorf("codes %v (%v), want the points doubled", got, err)
	}
	write(3)
	if _, err := Open(run, reference.NewDevice(), Options{Systems: all}); err == nil || !strings.Contains(err.Error(), "is not the file that the run began with") {
		t.Errorf("another file: %v", err)
	}
}
