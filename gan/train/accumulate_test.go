package train

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"ganengine/configs"
	"ganengine/engine/graph"
	"ganengine/engine/nn"
	"ganengine/engine/session"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/systems"
)

// centre is a game of points w that go to the centre of the data: the loss of each is
// |w - x|²/2, whose gradient on a batch is w less the batch's mean. A turn updates
// them one after the other; with again a second one does so on the same batch.
func centre(kind string, again bool, names ...string) game.System {
	return game.System{
		Kind: config.Kind{Name: kind, Doc: "learns a mean", Keys: struct{}{}, Optims: []string{"w"}, Vectors: true},
		Declare: func(s *game.Setup) error {
			real := s.Stream("real", game.StreamOptions{})
			runs := s.State("runs", nil, graph.I32, nn.Constant(0))
			var players []*game.Player
			var by []*game.Optimizer
			for _, name := range names {
				p := s.Player(name, func(p *nn.Pass, in []*graph.Node) []*graph.Node {
					return []*graph.Node{graph.Sub(in[0], p.Param("w", graph.Shape{1, 2}, nn.Constant(3)))}
				}, game.In{Shape: real.Shape})
				players, by = append(players, p), append(by, s.Optimizer(name, "w", p))
			}
			move := func(t *game.Turn, x *graph.Node) {
				t.Set(runs, graph.Add(t.Get(runs), t.B.Const(graph.I32, 1)))
				for i, p := range players {
					t.Minimise(game.Goal{By: by[i], Loss: graph.Average(graph.Square(t.Run(p, x)[0]))}) // over 2 coordinates: |w - x|²/2
				}
			}
			s.Order(game.Entry{Turn: s.Turn("near", func(t *game.Turn) { move(t, t.Batch(real, game.Points)) })})
			if again {
				s.Order(game.Entry{Turn: s.Turn("again", func(t *game.Turn) { move(t, t.Again(real, game.Points)) })})
			}
			z := s.Code("z", game.Normal, 2)
			s.Sampler("sample", func(t *game.Turn) { t.Show(game.Samples, real, t.Draw("z", 0, z).All()) })
			return nil
		},
	}
}

var centres = game.NewSystems(centre("centre", false, "w"), centre("fused", false, "w", "v"), centre("twice", true, "w"))

func centreConfig(t *testing.T, kind string, accumulate int) *config.Config {
	t.Helper()
	c := configtest.Of(t, centres.Schema, fmt.Sprintf(
		"[data]\nkind = \"mixture\"\n[model]\nkind = %q\n[optim.w]\nkind = \"sgd\"\nlr = 0.25\n[train]\nbatch = 4\nsteps = 5\naccumulate = %d\n", kind, accumulate))
	return c
}

// beginTraining gives a rig with first weights that takes batches from where it stands.
func beginTraining(t *testing.T, c *config.Config, from *game.Systems) *rig {
	t.Helper()
	h, _ := testHost(t, "")
	h.Systems = from
	r, err := newRig(t.Context(), c, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(r.trainer.initialise(), r.trainer.feed(t.Context(), r.sets)); err != nil {
		t.Fatal(err)
	}
	return r
}

// Three runs make one update, by the mean of the gradients of three batches, which here
// is known: the weights less the mean of twelve points. State moves in each of the runs;
// the clock, and what an optimiser counts, in the last.
func TestAccumulatedUpdate(t *testing.T) {
	const runs, rate, steps = 3, .25, 5
	tr := beginTraining(t, centreConfig(t, "centre", runs), centres).trainer
	want := [2]float64{3, 3}
	counter := func(name string) int {
		b, err := tr.ses.ReadBytes(name)
		if err != nil {
			t.Fatal(err)
		}
		return int(ints(b)[0])
	}
	for step := range int64(steps) {
		var mean [2]float64
		for k := range int64(runs) {
			before := tr.values(t, tr.game.Player("w").Net)
			x := tr.points(t, step, k)
			for i, v := range x {
				mean[i%2] += v / float64(len(x)/2*runs)
			}
			got, told := tr.tally.mean("w_grad")
			if last := k == runs-1; told != last || last && !(math.Abs(got-math.Hypot(want[0]-mean[0], want[1]-mean[1])) < 1e-5) {
				t.Errorf("step %d, run %d: a gradient of length %.7g is told, %v, and the one that moves weights from %v is towards %v", step, k, got, told, want, mean)
			}
			if after := tr.values(t, tr.game.Player("w").Net); (k < runs-1) != slices.Equal(before, after) {
				t.Errorf("step %d, run %d: weights went from %v to %v", step, k, before, after)
			}
		}
		for i, w := range tr.values(t, tr.game.Player("w").Net) {
			want[i] -= rate * (want[i] - mean[i])
			if math.Abs(w-want[i]) > 1e-5 {
				t.Errorf("step %d: weight %d is %.7g, want %.7g", step, i, w, want[i])
			}
		}
		for name, n := range map[string]int{"state/runs": runs * (int(step) + 1), "clock/steps": int(step) + 1, "opt/w/step": int(step) + 1} {
			if got := counter(name); got != n {
				t.Errorf("after step %d %s is %d, want %d", step, name, got, n)
			}
		}
	}
	if got := tr.game.Sequence.Taken(tr.game.Streams[0], steps, 0); got != 4*runs*steps {
		t.Errorf("%d samples in %d steps", got, steps)
	}
}

// points runs one program, as once does, and gives the batch that it read.
func (t *trainer) points(tt *testing.T, step, k int64) (x []float64) {
	tt.Helper()
	f := t.feeders[0]
	seen := f.last
	f.again = true // keeps the batch
	t.once(tt, step, k)
	f.again = false
	if f.last == seen {
		tt.Fatal("the run took no batch")
	}
	for _, v := range floats(f.slots[f.last.Slot][0].Data()) {
		x = append(x, float64(v))
	}
	f.drop(f.last.Slot)
	f.last = nil
	return x
}

// Gradients add up over one update and several batches: a turn of two updates is refused,
// and so are one that takes a batch again and a pair whose networks share their fakes.
func TestAccumulationRefused(t *testing.T) {
	h, _ := testHost(t, "")
	for _, c := range []struct {
		systems *game.Systems
		config  *config.Config
		want    string
	}{
		{centres, centreConfig(t, "fused", 2), "train.accumulate: turn near of fused makes 2 updates one after the other, and gradients add up over one only; set it to 1"},
		{centres, centreConfig(t, "twice", 2), "train.accumulate: turn again of twice takes the step's last batch of stream real again, and gradients add up over several batches; set it to 1"},
		{h.Systems, configure(t, tinyRing, "train.accumulate=2", "train.reuse_fakes=true"), "train.accumulate: with train.reuse_fakes = true"},
	} {
		h.Systems = c.systems
		r, err := newRig(t.Context(), c.config, h, nil)
		if err == nil {
			r.close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	beginTraining(t, centreConfig(t, "fused", 1), centres)
	beginTraining(t, centreConfig(t, "twice", 1), centres)
}

// Each shipped configuration's gradients add up: each program of its order has one
// before it that makes no update. Systems other than of one generator and one
// discriminator may refuse the key: a turn of theirs can need several updates of a batch.
func TestEveryConfigurationAccumulates(t *testing.T) {
	for _, name := range configs.Names() {
		set := []string{"train.accumulate=2"}
		if r, ok := config.Part[config.Rhythm](configtest.Shipped(t, name)); ok && r.ReuseFakes {
			set = append(set, "train.reuse_fakes=false")
		}
		g, err := configtest.Game(configtest.Shipped(t, name, set...), 1<<20)
		_, pair := config.Part[config.Updates](configtest.Shipped(t, name))
		var refused *config.Error
		if errors.As(err, &refused) && refused.Key == "train.accumulate" && !pair {
			t.Logf("%s: %v", name, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		steps, err := g.Steps()
		if err != nil {
			t.Fatal(err)
		}
		runs := g.Sequence.At(0)
		for i := 0; i < len(runs); i += 2 {
			if adds, moves := steps[runs[i]].Name, steps[runs[i+1]].Name; adds != moves+"_add" {
				t.Errorf("%s: %s and %s make an update", name, adds, moves)
			}
		}
	}
}

// A NaN in the middle run of an accumulated update keeps the whole of it from happening:
// what the first run added stands, nothing else moved, and the checkpoint says that the
// middle run is next. With the batch as it should be the update is what it was to be.
func TestNotFiniteInTheMiddleOfAnUpdate(t *testing.T) {
	c := centreConfig(t, "centre", 3)
	whole := beginTraining(t, c, centres).trainer
	tr := beginTraining(t, c, centres).trainer
	for _, tr := range []*trainer{whole, tr} {
		if err := errors.Join(tr.advance(t.Context()), tr.drain()); err != nil {
			t.Fatal(err)
		}
	}
	tr.once(t, 1, 0)
	tr.place = 1
	before := tr.state(t)
	if slices.Equal(before["opt/w/acc/w/w"], make([]byte, 8)) {
		t.Error("the first run added nothing")
	}
	spoil(t, tr)
	var bad *NotFinite
	if err := errors.Join(tr.advance(t.Context()), tr.drain()); !errors.As(err, &bad) {
		t.Fatalf("error %v, want NotFinite", err)
	}
	if m := tr.mark(); bad.Program != "near_add" || m.step != 1 || m.next != 1 || m.images != 16 {
		t.Errorf("%+v, and the checkpoint says %+v", bad, m)
	}
	sameState(t, tr.state(t), before)
	if err := errors.Join(whole.advance(t.Context()), whole.drain()); err != nil {
		t.Fatal(err)
	}
	sameState(t, goneOn(t, c, centres, tr, 2), whole.state(t))
}

// goneOn is the state at a step of a run that goes on from the checkpoint of another.
func goneOn(t *testing.T, c *config.Config, from *game.Systems, stands *trainer, step int64) map[string][]byte {
	t.Helper()
	path := t.TempDir() + "/c.safetensors"
	if err := stands.ses.Save(path, stands.mark().metadata()); err != nil {
		t.Fatal(err)
	}
	h, _ := testHost(t, "")
	h.Systems = from
	r, err := newRig(t.Context(), c, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	get, err := r.trainer.ses.Load(path)
	if err == nil {
		_, err = r.trainer.restore(path, get)
	}
	if err == nil {
		err = r.trainer.feed(t.Context(), r.sets)
	}
	for err == nil && r.trainer.step < step {
		err = r.trainer.advance(t.Context())
	}
	if err := errors.Join(err, r.trainer.drain()); err != nil {
		t.Fatal(err)
	}
	return r.trainer.state(t)
}

// sameState compares two states, bit for bit.
func sameState(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	if len(want) == 0 || len(got) != len(want) {
		t.Errorf("%d Variables, want %d", len(got), len(want))
	}
	for name := range want {
		if !bytes.Equal(got[name], want[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

// A pair's networks are updated apart, each by as many runs; images, thousands of them
// and epochs count all of these.
func TestAccumulatedPair(t *testing.T) {
	c := configure(t, tinyRing, "train.accumulate=3", "train.d_steps=2", "train.steps=0", "train.epochs=2")
	if got := c.ImagesPerStep(); got != 4*3*2 {
		t.Errorf("%d images a step, want 24", got)
	}
	if err := c.FixSteps(240); err != nil || c.Train.Steps != 20 {
		t.Errorf("two passes through 240 samples are %d steps, %v; want 20", c.Train.Steps, err)
	}
	tr := beginTraining(t, c, systems.Table()).trainer
	if got := tr.game.ImagesPerStep(); got != 24 {
		t.Errorf("%g images a step, want 24", got)
	}
	for step, want := range []string{"d_add d_add d d_reg_add d_reg_add d_reg g_add g_add g", "d_add d_add d d_reg_add d_reg_add d_reg g_add g_add g"} {
		var got []string
		for _, p := range tr.game.Sequence.At(int64(step)) {
			got = append(got, tr.programs[p].Graph.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("step %d runs %v, want %s", step, got, want)
		}
	}
}

// Whichever run of an accumulated step comes next when a checkpoint is written, what goes
// on from it is what would have come, bit for bit: sums of gradients are state.
func TestResumeWithinAnAccumulatedStep(t *testing.T) {
	const runs = 3 * (2 + 1)
	c := configure(t, tinyImages, "train.accumulate=3", "train.d_steps=2", "loss.r1=1", "loss.every=3", "train.ema_kimg=0.01")
	whole := beginTraining(t, c, systems.Table()).trainer
	for range 3 {
		if err := whole.advance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := whole.drain(); err != nil {
		t.Fatal(err)
	}
	want := whole.state(t)
	for place := int64(1); place < runs; place++ {
		first := beginTraining(t, c, systems.Table()).trainer
		if err := errors.Join(first.advance(t.Context()), first.drain()); err != nil {
			t.Fatal(err)
		}
		for k := range place {
			first.once(t, 1, k)
		}
		first.place = place
		sameState(t, goneOn(t, c, systems.Table(), first, 3), want)
	}
}

// What is planned before a run holds the sums of gradients too, and is what the run takes;
// a measurement counts all of a step's batches.
func TestAccumulationIsCounted(t *testing.T) {
	wide := []string{"train.d_steps=2", "model.g_hidden=[512]", "model.d_hidden=[512]"}
	c := configure(t, tinyRing, append(wide, "train.accumulate=3")...)
	plan := func(c *config.Config) session.Memory {
		h, _ := testHost(t, "")
		r, g, err := open(t.Context(), c, h, nil, func(string) {})
		if err != nil {
			t.Fatal(err)
		}
		defer r.close()
		all, err := allPrograms(g)
		if err != nil {
			t.Fatal(err)
		}
		m, err := session.Plan(h.Device, g.Vars, all.programs...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	tr := beginTraining(t, c, systems.Table()).trainer
	planned, held := plan(c), tr.ses.Memory()
	if planned.Variables != held.Variables || planned.Arena != held.Arena {
		t.Errorf("planned %+v, taken %+v", planned, held)
	}
	var sums int64
	for _, net := range tr.game.Nets() {
		sums += 4 * int64(net.Count())
	}
	if more := planned.Variables - plan(configure(t, tinyRing, wide...)).Variables; more < sums || more > 2*sums { // each is rounded up
		t.Errorf("%d bytes for the sums, want %d", more, sums)
	}
	h, _ := testHost(t, "")
	b, err := Bench(t.Context(), c, h, BenchOptions{Steps: 2})
	if n := b.ImagesPerSecond * b.StepMS.Median / 1000; err != nil || math.Abs(n-24) > 1e-9 {
		t.Errorf("%g images a step are measured, want 24 (%v)", n, err)
	}
}
