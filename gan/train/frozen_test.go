package train

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/safetensors"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
)

type pupilKeys struct {
	Model struct {
		From string `toml:"from" default:"" doc:"run or file whose network g is to be learnt from; none learns the data"`
	} `toml:"model"`
}

// pupils is a game of a network g that learns what a frozen one makes of the data, or to
// leave these as they are.
var pupils = game.NewSystems(game.System{
	Kind: config.Kind{Name: "pupil", Doc: "learns from a frozen network", Keys: &pupilKeys{}, Optims: []string{"g"}},
	Declare: func(s *game.Setup) error {
		real := s.Stream("real", game.StreamOptions{})
		body := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			x := nn.BatchNorm(p, "norm", in[0], nn.NormOptions{})
			return []*graph.Node{nn.Dense(p, "out", x, 2, nn.Normal(0, 1), nn.Constant(0))}
		}
		g := s.Player("g", body, game.In{Shape: real.Shape})
		var f *game.Player
		if path := s.Config.System.(*pupilKeys).Model.From; path != "" {
			f = s.Frozen("f", game.Ref{Path: path, Network: "g"}, body, game.In{Shape: real.Shape}).Called("teacher")
		}
		opt := s.Optimizer("g", "g", g)
		s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
			x := t.Batch(real, game.Points)
			y := x
			if f != nil {
				y = t.Run(f, x)[0]
				t.Score("mean", graph.Average(y))
			}
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(graph.Sub(t.RunAs(game.Pass{Label: "g", Track: true}, g, x)[0], y)))})
		})})
		return nil
	},
})

func pupilConfig(t *testing.T, from string, steps int) *config.Config {
	t.Helper()
	c := configtest.Of(t, pupils.Schema, fmt.Sprintf("[data]\nkind = \"mixture\"\n[model]\nkind = \"pupil\"\nfrom = %q\n[train]\nbatch = 8\nsteps = %d\n[log]\nevery = 1\n[checkpoint]\nevery = 2\n[optim.g]\nlr = 0.05\n", from, steps))
	return c
}

func pupil(t *testing.T, out, from string, steps int) rundir.Dir {
	t.Helper()
	h, _ := testHost(t, out)
	h.Systems = pupils
	if err := Run(t.Context(), pupilConfig(t, from, steps), h); err != nil {
		t.Fatal(err)
	}
	return latest(t, out)
}

// A frozen network has the weights and running statistics of the run that it is from, is
// moved by nothing and is in no checkpoint; run.json says which file it was, and a run that
// goes on is what it would have been.
func TestFrozen(t *testing.T) {
	dir := t.TempDir()
	teacher := pupil(t, filepath.Join(dir, "teacher"), "", 6)
	whole := pupil(t, filepath.Join(dir, "whole"), string(teacher), 8)
	halves := pupil(t, filepath.Join(dir, "halves"), string(teacher), 4)

	file, err := os.ReadFile(teacher.CheckpointPath(6))
	if err != nil {
		t.Fatal(err)
	}
	info, err := halves.ReadInfo()
	if want := (rundir.Weights{Path: teacher.CheckpointPath(6), Network: "g", SHA256: fmt.Sprintf("%x", sha256.Sum256(file))}); err != nil || len(info.Frozen) != 1 || info.Frozen["f"] != want {
		t.Errorf("run.json says %+v (%v), want %+v", info.Frozen, err, want)
	}
	h, _ := testHost(t, "")
	h.Systems = pupils
	if err := Resume(t.Context(), string(halves), pupilConfig(t, string(teacher), 8), h); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal([]byte(checkpointOf(t, halves, 8)), []byte(checkpointOf(t, whole, 8))) {
		t.Error("a run that went on is not what it would have been")
	}
	f, err := safetensors.Open(whole.CheckpointPath(8))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, x := range f.Tensors() {
		if strings.HasPrefix(x.Name, "f/") {
			t.Errorf("a checkpoint has %s", x.Name)
		}
	}
	r := beginTraining(t, pupilConfig(t, string(teacher), 8), pupils)
	was, err := safetensors.Open(teacher.CheckpointPath(6))
	if err != nil {
		t.Fatal(err)
	}
	defer was.Close()
	if err := errors.Join(r.trainer.advance(t.Context()), r.trainer.drain()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"norm/gain", "norm/bias", "norm/mean", "norm/var", "out/w", "out/b"} {
		x, _ := was.Lookup("g/" + name)
		want := make([]byte, 4*graph.Shape(x.Shape).Size())
		if err := was.ReadBytes("g/"+name, want); err != nil {
			t.Fatal(err)
		}
		if got, err := r.trainer.ses.ReadBytes("f/" + name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("f/%s is %v (%v), want %v", name, floats(got), err, floats(want))
		}
	}
	// Batch statistics would leave of a batch's mean what the norm's and the layer's biases make.
	read := func(name string) []float32 {
		b, err := r.trainer.ses.ReadBytes(name)
		if err != nil {
			t.Fatal(err)
		}
		return slices.Clone(floats(b))
	}
	w, beta, bias := read("f/out/w"), read("f/norm/bias"), read("f/out/b")
	alone := float64(w[0]*beta[0]+w[1]*beta[1]+bias[0]+w[2]*beta[0]+w[3]*beta[1]+bias[1]) / 2
	if mean, _ := r.trainer.tally.mean("mean"); math.Abs(mean-alone) < 1e-4 {
		t.Errorf("the mean of a batch is %v, that of biases: it was normalised by its own statistics", mean)
	}
	if note, err := LoadWeights(r.trainer.game, r.trainer.ses, []string{whole.CheckpointPath(8)}); err != nil || note != "" {
		t.Errorf("-init from a checkpoint without the frozen network: %q, %v", note, err)
	}
}

func checkpointOf(t *testing.T, d rundir.Dir, step int64) string {
	t.Helper()
	return file(t, d.CheckpointPath(step))
}

// averaging is a game of a network with spectral norm that an average follows, and of its
// average frozen, where it is from another run.
var averaging = game.NewSystems(game.System{
	Kind: config.Kind{Name: "averaging", Doc: "has an average, and state without", Keys: &pupilKeys{}, Optims: []string{"g"}},
	Declare: func(s *game.Setup) error {
		real := s.Stream("real", game.StreamOptions{})
		body := func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return []*graph.Node{nn.Dense(p, "out", in[0], 2, nn.Normal(0, 1), nn.Constant(0), nn.SpectralNorm{})}
		}
		g := s.Player("g", body, game.In{Shape: real.Shape})
		if path := s.Config.System.(*pupilKeys).Model.From; path != "" {
			s.Frozen("f", game.Ref{Path: path, Network: "g_ema"}, body, game.In{Shape: real.Shape})
		}
		opt := s.Optimizer("g", "g", g)
		s.Average(game.AverageOptions{Kimg: .01}, g)
		s.Order(game.Entry{Turn: s.Turn("g", func(t *game.Turn) {
			y := t.RunAs(game.Pass{Label: "g", Track: true}, g, t.Batch(real, game.Points))[0]
			t.Minimise(game.Goal{By: opt, Loss: graph.Average(graph.Square(y))})
		})})
		return nil
	},
})

// A frozen average has its weights, and the state of the network that it follows: there is
// one of a power iteration.
func TestFrozenAverage(t *testing.T) {
	dir := t.TempDir()
	begin := func(from string) *config.Config {
		c := configtest.Of(t, averaging.Schema, fmt.Sprintf("[data]\nkind = \"mixture\"\n[model]\nfrom = %q\n[train]\nbatch = 8\nsteps = 3\n[optim.g]\nlr = 0.05\n", from))
		return c
	}
	h, _ := testHost(t, dir)
	h.Systems = averaging
	if err := Run(t.Context(), begin(""), h); err != nil {
		t.Fatal(err)
	}
	teacher := latest(t, dir)
	r := beginTraining(t, begin(string(teacher)), averaging)
	was, err := safetensors.Open(teacher.CheckpointPath(3))
	if err != nil {
		t.Fatal(err)
	}
	defer was.Close()
	for name, from := range map[string]string{"f/out/w": "g_ema/out/w", "f/out/b": "g_ema/out/b", "f/out/u": "g/out/u"} {
		x, _ := was.Lookup(from)
		want := make([]byte, 4*graph.Shape(x.Shape).Size())
		if err := was.ReadBytes(from, want); err != nil {
			t.Fatal(err)
		}
		if got, err := r.trainer.ses.ReadBytes(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is %v (%v), want %v", name, floats(got), err, floats(want))
		}
	}
}

// A run does not go on with a frozen network of another file, and does not begin with one
// that is not there, in one line.
func TestFrozenRefuses(t *testing.T) {
	dir := t.TempDir()
	teacher, other := pupil(t, filepath.Join(dir, "teacher"), "", 6), pupil(t, filepath.Join(dir, "other"), "", 4)
	d := pupil(t, filepath.Join(dir, "runs"), teacher.CheckpointPath(6), 2)
	h, _ := testHost(t, filepath.Join(dir, "runs"))
	h.Systems = pupils
	refused := func(what string, err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
	}
	c := pupilConfig(t, teacher.CheckpointPath(6), 4)
	if err := os.WriteFile(teacher.CheckpointPath(6), []byte(checkpointOf(t, other, 4)), 0o644); err != nil {
		t.Fatal(err)
	}
	refused("another file", Resume(t.Context(), string(d), c, h), "weights of the frozen teacher: "+teacher.CheckpointPath(6)+" is not the file that the run began with")
	refused("another file, dry", DryResume(t.Context(), string(d), c, h, new(bytes.Buffer)), "is not the file that the run began with")
	if err := os.Remove(teacher.CheckpointPath(6)); err != nil {
		t.Fatal(err)
	}
	refused("no file", Resume(t.Context(), string(d), c, h), "name a run or a safetensors file, or put it back")
	runs, _ := filepath.Glob(filepath.Join(dir, "runs", "*"))
	refused("a beginning", Run(t.Context(), c, h), "name a run or a safetensors file, or put it back")
	refused("a dry one", DryRun(t.Context(), c, h, new(bytes.Buffer)), "name a run or a safetensors file, or put it back")
	if after, _ := filepath.Glob(filepath.Join(dir, "runs", "*")); len(after) != len(runs) {
		t.Error("a run that could not begin left a directory")
	}
}
