package train

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/device"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
	"ganengine/gan/watch"
)

// constant is a game whose generator makes one example whatever its latent is.
var constant = game.NewSystems(game.System{
	Kind: config.Kind{Name: "constant", Doc: "makes one example", Keys: struct{}{}, Optims: []string{"g", "d"}, Vectors: true},
	Declare: func(s *game.Setup) error {
		real, z := s.Stream("real", game.StreamOptions{}), s.Code("z", game.Normal, 2)
		one := func(x *graph.Node) []*graph.Node { return []*graph.Node{x} }
		g := s.Player("g", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			return one(nn.Dense(p, "out", graph.Scale(in[0], 0), 2, nn.HeNormal(), nn.Constant(0)))
		}, game.In{Shape: graph.Shape{2}})
		d := s.Player("d", func(p *nn.Pass, in []*graph.Node) []*graph.Node {
			h := graph.LeakyRelu(nn.Dense(p, "hidden", in[0], 32, nn.HeNormal(), nn.Constant(0)), .2)
			return one(nn.Dense(p, "logit", h, 1, nn.HeNormal(), nn.Constant(0)))
		}, game.In{Shape: real.Shape})
		optG, optD := s.Optimizer("g", "g", g), s.Optimizer("d", "d", d)
		fakes := func(t *game.Turn, label string) *graph.Node { return t.Run(g, t.Draw(label, 0, z).All())[0] }
		s.Order(game.Entry{Turn: s.Turn("dg", func(t *game.Turn) {
			on := t.RunEach(game.Pass{Label: "d"}, d, one(t.Batch(real, game.Points)), one(graph.StopGradient(fakes(t, "z"))))
			t.Minimise(game.Goal{By: optD, Loss: graph.Add(graph.Average(graph.Softplus(graph.Neg(on[0][0]))), graph.Average(graph.Softplus(on[1][0])))})
			t.Minimise(game.Goal{By: optG, Loss: graph.Average(graph.Softplus(graph.Neg(t.Run(d, fakes(t, "z.g"))[0])))})
		})})
		s.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, real, fakes(t, "z")) })
		s.Sampler(game.FeaturesKind, func(t *game.Turn) {
			logits := t.Run(d, t.Batch(real, game.Points))[0]
			t.Numbers(game.Logits, logits)
			t.Numbers(game.Probability, graph.Sigmoid(logits))
		})
		return nil
	},
})

const constantText = "[data]\nkind = \"mixture\"\n[model]\nkind = \"constant\"\n[optim.g]\nlr = 1e-3\n[sample]\ncount = 16\n"

// warned are the failures that a run's lines tell, and at which steps.
func warned(lines []string) (out []string) {
	for _, line := range lines {
		if at, _, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(at, "step ") {
			for _, f := range []watch.Failure{watch.GStill, watch.DStill, watch.One, watch.GWins, watch.Few, watch.DWins} {
				head, _, _ := strings.Cut(f.Sentence(watch.Switches{}), ",")
				head, _, _ = strings.Cut(head, ":")
				if strings.Contains(line, head) {
					out = append(out, string(f)+" at "+strings.TrimPrefix(at, "step "))
				}
			}
		}
	}
	return out
}

// Each failure that users fear is told within 500 steps with its cause, and nothing where
// training goes well. The collapse of the ring begins later.
func TestFailuresAreTold(t *testing.T) {
	ring := func(set ...string) *config.Config {
		return configtest.Shipped(t, "ring", append([]string{"train.steps=450", "run.seed=11", "sample.count=16", "checkpoint.every=0"}, set...)...)
	}
	for name, c := range map[string]struct {
		cfg  *config.Config
		want watch.Failure
	}{
		"D's rate is 100 times G's": {ring("optim.d.lr=0.1"), watch.DWins},
		"D is frozen":               {ring("optim.d.lr=1e-12"), watch.DStill},
		"G is frozen":               {ring("optim.g.lr=1e-12", "optim.d.lr=1e-3"), watch.GStill},
		"D is slow":                 {ring("optim.d.lr=1e-5"), watch.GWins},
		"a gate holds G":            {ring("train.gate=[0, 1e-6]"), watch.None},
		"G is constant":             {configtest.Of(t, constant.Schema, constantText, "train.steps=450"), watch.One},
		"the ring goes well":        {ring(), watch.None},
		"R1":                        {configtest.Shipped(t, "ring-r1", "train.steps=450", "checkpoint.every=0", "sample.count=16"), watch.None},
		"the ring collapses":        {ring("train.steps=6000", "sample.every=0", "log.every=1000"), watch.Few},
	} {
		t.Run(name, func(t *testing.T) {
			h, con := testHost(t, t.TempDir())
			if c.cfg.Model.Kind == "constant" {
				h.Systems = constant
			}
			if err := Run(t.Context(), c.cfg, h); err != nil {
				t.Fatal(err)
			}
			got := warned(con.lines)
			info, err := latest(t, h.Out).ReadInfo()
			if err != nil || len(info.Warnings) != len(got) {
				t.Errorf("run.json has the warnings %v (%v), told were %v", info.Warnings, err, got)
			}
			if c.want == watch.None {
				if len(got) > 0 {
					t.Errorf("warned of %v", got)
				}
				return
			}
			if len(got) == 0 || !strings.HasPrefix(got[0], string(c.want)+" at ") {
				t.Errorf("warned of %v, want %s first", got, c.want)
			}
		})
	}
}

// failing is a ring whose D is far too fast: it fails at the first step that can be told.
func failing(t *testing.T, set ...string) *config.Config {
	t.Helper()
	return configtest.Shipped(t, "ring", append([]string{"train.steps=500", "sample.count=16", "sample.every=0", "log.every=50", "checkpoint.every=100", "optim.d.lr=0.1",
		"train.rollback=true", "train.rollback_most=1", "train.rollback_rate=0.25"}, set...)...)
}

// A run that fails stands again where its last good checkpoint does, bit for bit but for
// its seed and what its rates are multiplied by, and goes on with these: once, as often
// as it may. Rows are those of the way that it took in the end.
func TestRollback(t *testing.T) {
	base := t.TempDir()
	train(t, failing(t, "train.steps=0"), base)
	first := tensors(t, latest(t, base), 0)
	h, con := testHost(t, base)
	ctx, stop := context.WithCancelCause(t.Context())
	back := false
	con.onProgress = func(p Progress) { // the first steps after it
		if back = back || mentions(con.lines, "rolled back to step 0") > 0; back && p.Step == 1 {
			stop(errors.New("enough"))
		}
	}
	if err := Run(ctx, failing(t), h); !errors.As(err, new(*Interrupted)) {
		t.Fatalf("error %v, lines %q", err, con.lines)
	}
	d := latest(t, base)
	now := tensors(t, d, 0)
	if now["seed"] == first["seed"] {
		t.Error("the seed is the same")
	}
	if got := math.Float32frombits(binary.LittleEndian.Uint32([]byte(now["slower"]))); got != .25 {
		t.Errorf("rates are multiplied by %v, want .25", got)
	}
	now["seed"], now["slower"] = first["seed"], first["slower"]
	same(t, now, first)

	resume(t, d)
	whole := tensors(t, d, 500)
	text, err := os.ReadFile(d.Path("log.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "  rolled back to step 0, for the 1st of at most 1 times"); n != 1 {
		t.Errorf("rolled back %d times:\n%s", n, text)
	}
	stats := rows(t, d)
	for _, r := range stats {
		if lr := r["d_lr"].(float64); lr != .1*.25 {
			t.Errorf("step %v has D's rate %v", r["step"], lr)
		}
	}
	if fmt.Sprint(steps(stats)) != "[50 100 150 200 250 300 350 400 450 500]" {
		t.Errorf("rows of steps %v", steps(stats))
	}
	info, err := d.ReadInfo()
	if err != nil || len(info.Segments) != 3 || !strings.HasPrefix(info.Segments[0].ExitReason, "rolled back to step 0") || info.Segments[1].Exact || !info.Segments[2].Exact {
		t.Errorf("segments %+v, %v", info.Segments, err)
	}

	t.Run("in one go", func(t *testing.T) {
		base := t.TempDir()
		train(t, failing(t), base)
		same(t, tensors(t, latest(t, base), 500), whole)
	})
	// A process that is killed leaves what it wrote last, here the checkpoint of 400 steps
	// after the rollback, or the one that the rollback wrote.
	for _, at := range []int64{0, 400} {
		t.Run(fmt.Sprint("killed after step ", at), func(t *testing.T) {
			base := t.TempDir()
			cfg := failing(t, "checkpoint.keep=9")
			train(t, cfg, base)
			d := latest(t, base)
			all, err := d.Checkpoints()
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				if c.Step > at {
					if err := os.Remove(c.Path); err != nil {
						t.Fatal(err)
					}
				}
			}
			if _, err := os.Stat(d.CheckpointPath(at)); errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			con := resume(t, d)
			if mentions(con.lines, "rolled back to") > 0 {
				t.Errorf("lines %q", con.lines)
			}
			same(t, tensors(t, d, 500), whole)
			for i, r := range rows(t, d) { // which tell of what was seen before, too
				for _, name := range slices.Concat(measured, drifts) {
					if r[name] != stats[i][name] {
						t.Errorf("row %d: %s is %v, want %v", i, name, r[name], stats[i][name])
					}
				}
			}
		})
	}
}

// A system without a discriminator of its samples is not watched, and cannot go back.
func TestRollbackIsRefused(t *testing.T) {
	cfg := configtest.Shipped(t, "ring-flow", "train.rollback=true")
	out := filepath.Join(t.TempDir(), "runs")
	h, _ := testHost(t, out)
	for name, err := range map[string]error{"run": Run(t.Context(), cfg, h), "dry run": DryRun(t.Context(), cfg, h, new(strings.Builder))} {
		var of *config.Error
		if !errors.As(err, &of) || of.Key != "train.rollback" {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a refused run left %v", err)
	}
}

// What rates are multiplied by is what weights move by: Adam's first step is the rate,
// whatever the gradient.
func TestSlowerStepsAreShorter(t *testing.T) {
	moved := func(slower float32) (out []float64) {
		tr := beginTraining(t, failing(t), systems.Table()).trainer
		read := func() []float32 {
			b, err := tr.ses.ReadBytes("g/dense0/w")
			if err != nil {
				t.Fatal(err)
			}
			return slices.Clone(device.View[float32](b))
		}
		if err := tr.ses.WriteBytes(tr.game.Slower.Name, binary.LittleEndian.AppendUint32(nil, math.Float32bits(slower))); err != nil {
			t.Fatal(err)
		}
		before := read()
		if err := errors.Join(tr.advance(t.Context()), tr.drain()); err != nil {
			t.Fatal(err)
		}
		for i, w := range read() {
			out = append(out, math.Abs(float64(w-before[i])))
		}
		return out
	}
	whole, quarter := moved(1), moved(.25)
	if w, q := slices.Max(whole), slices.Max(quarter); math.Abs(w-1e-3) > 1e-5 || math.Abs(q-.25e-3) > 1e-5 {
		t.Errorf("weights move by %v and by %v, want 0.001 and 0.00025", w, q)
	}
}

// A run whose good checkpoints somebody removed says so, and goes on.
func TestRollbackToNothing(t *testing.T) {
	base := t.TempDir()
	h, con := testHost(t, base)
	con.onProgress = func(p Progress) {
		if err := os.Remove(latest(t, base).CheckpointPath(0)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	}
	if err := Run(t.Context(), failing(t, "train.steps=340"), h); err != nil {
		t.Fatal(err)
	}
	if mentions(con.lines, "no good checkpoint of the run is left to go back to") != 1 || mentions(con.lines, "rolled back") != 0 {
		t.Errorf("it says %q", con.lines)
	}
}
