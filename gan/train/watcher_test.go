package train

import (
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"ganengine/engine/device"
	"ganengine/gan/config"
	"ganengine/gan/config/configtest"
	"ganengine/gan/game"
	"ganengine/gan/rundir"
	"ganengine/gan/systems"
)

// Looking at a training changes no bit of it, in any system, and moves nothing but the
// numbers of its rows.
func TestWatchingChangesNothing(t *testing.T) {
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		const steps = 3
		plain, seen := beginTraining(t, c, systems.Table()), beginTraining(t, c, systems.Table())
		if seen.watcher == nil {
			t.Skip("nothing is watched")
		}
		readyToLook(t, seen)
		looks := 0
		seen.trainer.finished = func(step int64) {
			if _, err := seen.watcher.finished(step); err != nil {
				t.Fatal(err)
			}
			looks++
		}
		for _, r := range []*rig{plain, seen} {
			for step := int64(1); step <= steps; step++ {
				if err := r.trainer.advance(t.Context()); err != nil {
					t.Fatal(err)
				}
				if r == seen {
					if err := r.watcher.look(step); err != nil {
						t.Fatal(err)
					}
				}
				if err := r.trainer.drain(); err != nil {
					t.Fatal(err)
				}
			}
		}
		sameState(t, plain.trainer.state(t), seen.trainer.state(t))
		if n := len(seen.watcher.history.Sights); looks != steps || n != steps {
			t.Errorf("%d looks were taken and %d sights kept, want %d", looks, n, steps)
		}
		for _, name := range measured {
			if _, ok := seen.trainer.tally.mean(name); !ok {
				t.Errorf("there is no %s", name)
			}
		}
	})
}

// readyToLook has a rig that trains without a runner look.
func readyToLook(t *testing.T, r *rig) {
	t.Helper()
	if err := errors.Join(r.watcher.attach(r.sets), r.watcher.compile()); err != nil {
		t.Fatal(err)
	}
}

// A run that goes on within an interval of its log has the looks of all of it in the row.
func TestLooksGoOn(t *testing.T) {
	c := configtest.Shipped(t, "ring", "model.g_hidden=[8]", "model.d_hidden=[8]", "train.batch=8", "sample.count=32")
	before, after := beginTraining(t, c, systems.Table()), beginTraining(t, c, systems.Table())
	look := func(r *rig, step int64) {
		if err := errors.Join(r.trainer.advance(t.Context()), r.watcher.look(step), r.trainer.drain()); err != nil {
			t.Fatal(err)
		}
		if _, err := r.watcher.finished(step); err != nil {
			t.Fatal(err)
		}
	}
	readyToLook(t, before)
	look(before, 1)
	at := rundir.StepFile{Step: 1, Path: filepath.Join(t.TempDir(), "1.safetensors")}
	if err := before.trainer.ses.Save(at.Path, before.trainer.mark().metadata()); err != nil {
		t.Fatal(err)
	}
	if _, err := after.trainer.load(at); err != nil {
		t.Fatal(err)
	}
	readyToLook(t, after)
	for _, name := range measured {
		want, _ := before.trainer.tally.mean(name)
		if got, ok := after.trainer.tally.mean(name); !ok || got != want {
			t.Errorf("%s of the interval so far is %v (%t), want %v", name, got, ok, want)
		}
	}
}

// What a look gives is worked out by hand: the last hidden layer of D and its logits, of
// the first real samples in the order in which they are spread and of the samples of the
// seeds that follow from the step.
func TestLookByHand(t *testing.T) {
	c := configtest.Shipped(t, "ring", "model.g_hidden=[8]", "model.d_hidden=[8, 4]", "train.batch=8", "sample.count=32")
	r := beginTraining(t, c, systems.Table())
	readyToLook(t, r)
	const step = 3
	for range step {
		if err := r.trainer.advance(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.watcher.look(step); err != nil {
		t.Fatal(err)
	}
	look := r.watcher.pending
	if err := look.Wait(); err != nil {
		t.Fatal(err)
	}
	n := r.watcher.n
	reals, err := samplesOf(r.set, n)
	if err != nil {
		t.Fatal(err)
	}
	made, err := r.sampler.run(step*n, 0)
	if err != nil {
		t.Fatal(err)
	}
	points := append(slices.Clone(device.View[float32](reals)), made.Floats(r.sampler.generate.Index(game.Samples))[:2*n]...)
	dense := func(x []float64, name string, slope float64) (out []float64) {
		weights := func(part string) []float32 {
			b, err := r.trainer.ses.ReadBytes("d/" + name + "/" + part)
			if err != nil {
				t.Fatal(err)
			}
			return slices.Clone(device.View[float32](b))
		}
		w := weights("w")
		for i, y := range weights("b") {
			sum := float64(y)
			for j, v := range x {
				sum += v * float64(w[i*len(x)+j])
			}
			out = append(out, max(sum, slope*sum))
		}
		return out
	}
	var hidden [][]float64
	logits, products := look.Floats(r.watcher.program.Index(game.Logits)), look.Floats(r.watcher.program.Index(game.Products))
	for i := range 2 * n {
		h := dense(dense([]float64{float64(points[2*i]), float64(points[2*i+1])}, "dense0", .2), "dense1", .2)
		hidden = append(hidden, h)
		if want := dense(h, "logit", 1)[0]; math.Abs(float64(logits[i])-want) > 1e-5 {
			t.Errorf("the logit of sample %d is %v, want %v", i, logits[i], want)
		}
	}
	for i, a := range hidden {
		for j, b := range hidden {
			var want float64
			for k := range a {
				want += (a[k] - b[k]) * (a[k] - b[k])
			}
			at := func(i, j int) float64 { return float64(products[i*2*n+j]) }
			if got := at(i, i) + at(j, j) - 2*at(i, j); math.Abs(got-want) > 1e-4 {
				t.Fatalf("samples %d and %d lie %v apart, squared, want %v", i, j, got, want)
			}
		}
	}
}

// All systems whose discriminator gives a logit of each sample are watched.
func TestWhatIsWatched(t *testing.T) {
	seen := map[string]bool{}
	configtest.EachTiny(t, func(t *testing.T, _ string, c *config.Config) {
		seen[c.Model.Kind] = configtest.Declare(t, c).Watched()
	})
	for _, kind := range []string{"dcgan", "mlp", "cgan", "sngan", "infogan"} {
		if !seen[kind] {
			t.Errorf("%s is not watched", kind)
		}
	}
	if seen["realnvp"] {
		t.Error("a system without a discriminator is watched")
	}
}
