package train

import (
	"errors"
	"fmt"
	"ganengine/engine/optim"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"ganengine/engine/nn"
	"ganengine/gan/config"
	"ganengine/gan/rundir"
)

// Schedules are of steps: each of D's five updates of a step has the step's rate,
// G's one has it too, and both move until the end.
func TestScheduleIsOfSteps(t *testing.T) {
	const steps, dSteps = 8, 5
	set := []string{"loss.kind=hinge", "loss.gp=0", "loss.every=1", "optim.g.kind=sgd", "optim.g.schedule=linear", "optim.g.lr=0.5", "optim.d.lr=0.25",
		fmt.Sprintf("train.steps=%d", steps), fmt.Sprintf("train.d_steps=%d", dSteps)}
	h, _ := testHost(t, "")
	r, err := newRig(t.Context(), configure(t, tinyRing, set...), h, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	tr := r.trainer
	if err := errors.Join(tr.initialise(), tr.feed(t.Context(), r.sets)); err != nil {
		t.Fatal(err)
	}
	for run := range int64(steps * dSteps) {
		step, k := run/dSteps, run%dSteps
		d, g := tr.values(t, tr.game.Player("d").Net), tr.values(t, tr.game.Player("g").Net)
		scores := tr.once(t, step, k)
		left := 1 - float64(step)/steps
		rate := distance(d, tr.values(t, tr.game.Player("d").Net)) / scores("d_grad") // plain descent moves by it times the gradient
		if want := .25 * left; !(math.Abs(rate-want) <= 1e-4*want) {
			t.Errorf("step %d, update %d of D: rate %.6g, want %.6g", step, k, rate, want)
		}
		if k < dSteps-1 {
			continue
		}
		rate = distance(g, tr.values(t, tr.game.Player("g").Net)) / scores("g_grad")
		if want := .5 * left; !(math.Abs(rate-want) <= 1e-4*want) {
			t.Errorf("step %d, update of G: rate %.6g, want %.6g", step, rate, want)
		}
	}
}

// once runs one program, of step at place k, and gives its scores by name.
func (t *trainer) once(tt *testing.T, step, k int64) func(score string) float64 {
	tt.Helper()
	program := t.programs[t.game.Sequence.At(step)[k]]
	f := flight{program: program}
	if err := t.take(tt.Context(), &f); err != nil {
		tt.Fatal(err)
	}
	result, err := program.Run(f.args...)
	if err == nil {
		err = result.Wait()
	}
	if err != nil {
		tt.Fatal(err)
	}
	for _, h := range f.held {
		h.by.drop(h.slot)
	}
	t.tally.reset()
	t.tally.add(program.slots, result.Floats(program.scores))
	return func(score string) float64 {
		x, ok := t.tally.mean(score)
		if !ok {
			tt.Fatalf("program %s has no %s", program.Graph.Name, score)
		}
		return x
	}
}

// values are all parameters of a network as one vector.
func (t *trainer) values(tt *testing.T, net *nn.Net) (out []float64) {
	tt.Helper()
	for _, v := range net.Params() {
		b, err := t.ses.ReadBytes(v.Name)
		if err != nil {
			tt.Fatal(err)
		}
		for _, x := range floats(b) {
			out = append(out, float64(x))
		}
	}
	return out
}

func distance(a, b []float64) float64 {
	var sum float64
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return math.Sqrt(sum)
}

// longer is a run's own configuration with a new length, as -resume -set
// train.steps=N makes it.
func longer(t *testing.T, d rundir.Dir, steps string) *config.Config {
	t.Helper()
	return configure(t, file(t, d.Path("config.toml")), "train.steps="+steps)
}

// A schedule without an end of its own follows the length of its run, also where a
// resume changes that: it never goes on at rate 0. Only where a rate was used that
// the longer run had not is the resume another run than that.
func TestEndFollowsTheLength(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   []string
		exact bool
	}{
		{"from the start", nil, false},
		{"from step 4", []string{"optim.g.decay_start=4"}, true}, // its last step has the full rate
		{"D's alone, from step 3", []string{"optim.g.schedule=constant", "optim.d.schedule=linear", "optim.d.decay_start=3"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := append([]string{"optim.g.schedule=linear", "optim.g.lr=0.01", "train.steps=5", "log.every=1", "checkpoint.every=2", "sample.every=0"}, c.set...)
			out := t.TempDir()
			train(t, configure(t, tinyImages, set...), out)
			d := latest(t, out)
			h, console := testHost(t, "")
			next := longer(t, d, "10")
			if err := Resume(t.Context(), string(d), next, h); err != nil {
				t.Fatal(err)
			}
			for i, row := range rows(t, d) {
				end := 5
				if i >= 5 {
					end = 10
				}
				c := configure(t, tinyImages, append(set, fmt.Sprintf("train.steps=%d", end))...)
				for _, o := range c.Optims {
					key, course := o.Name+"_lr", o.Rate(end)
					if want := (optim.Schedule{At: course.At, To: course.To, Shape: course.Shape}).Value(float64(i)); row[key] != want || want <= 0 {
						t.Errorf("step %d: %s is %v, want %v", i+1, key, row[key], want)
					}
				}
			}
			for _, net := range []string{"g/up0/conv/w", "d/down0/conv/w"} {
				if reflect.DeepEqual(tensors(t, d, 8)[net], tensors(t, d, 10)[net]) {
					t.Errorf("%s stands still to the end", net)
				}
			}
			info, err := d.ReadInfo()
			if err != nil || info.Segments[1].Exact != c.exact {
				t.Errorf("exact: %+v, %v", info.Segments[1], err)
			}
			if said := strings.Contains(strings.Join(console.lines, "\n"), "was to end at step 5 and ends at 10"); said == c.exact {
				t.Errorf("it says %q", console.lines)
			}
			if !c.exact {
				return
			}
			train(t, configure(t, tinyImages, append(set, "train.steps=10")...), out)
			same(t, tensors(t, d, 10), tensors(t, latest(t, out), 10))
		})
	}
}

// An end that was asked for stays, and that nothing is learnt after it is said
// before: by a run, by its continuation and by a dry run.
func TestRateZeroIsSaid(t *testing.T) {
	const line = "optim.d has the learning rate 0 after step 2 and learns nothing until step 4"
	set := []string{"optim.d.schedule=linear", "optim.d.decay_end=2", "log.every=1"}
	out := t.TempDir()
	cfg := configure(t, tinyImages, append(set, "train.steps=4")...)
	c := train(t, cfg, out)
	if said := strings.Join(c.lines, "\n"); strings.Count(said, line) != 1 || strings.Contains(said, "optim.g has") {
		t.Errorf("it says %s", said)
	}
	d := latest(t, out)
	var rates []any
	for _, row := range rows(t, d) {
		rates = append(rates, row["d_lr"])
	}
	if want := []any{2e-4, 1e-4, 0., 0.}; !reflect.DeepEqual(rates, want) {
		t.Errorf("rates %v, want %v", rates, want)
	}
	if tags := events(t, d); !slices.Equal(tags["Progress/D/lr"], []int64{1, 2, 3, 4}) || len(tags["Progress/G/lr"]) != 4 {
		t.Errorf("TensorBoard has %v", tags)
	}
	want := []string{"learning rate of G 0.0002, of D 0.0002", "learning rate of G 0.0002, of D 0.0001", "learning rate of G 0.0002, of D 0"}
	told := slices.DeleteFunc(c.details, func(s string) bool { return !strings.HasPrefix(s, "learning rate") })
	if !slices.Equal(told, want) {
		t.Errorf("-v tells %q, want %q", told, want)
	}
	h, again := testHost(t, "")
	if err := Resume(t.Context(), string(d), longer(t, d, "6"), h); err != nil {
		t.Fatal(err)
	}
	if said := strings.Join(again.lines, "\n"); !strings.Contains(said, "learning rate 0 after step 2 and learns nothing until step 6") {
		t.Errorf("continued, it says %s", said)
	}
	var text strings.Builder
	if err := DryRun(t.Context(), cfg, h, &text); err != nil || !strings.Contains(text.String(), line) {
		t.Errorf("a dry run: %v\n%s", err, text.String())
	}
}

// Half of an average is gone after ema_kimg thousand images, all of D's updates
// counted: here after each step of three batches of four.
func TestAverageHalves(t *testing.T) {
	out := t.TempDir()
	train(t, configure(t, tinyRing, "train.ema_kimg=0.012", "train.steps=2", "checkpoint.every=1", "optim.g.lr=0.01"), out)
	d := latest(t, out)
	first, second := tensors(t, d, 1), tensors(t, d, 2)
	for _, name := range []string{"dense0/w", "sample/w", "sample/b"} {
		one, two, avg := floats([]byte(first["g/"+name])), floats([]byte(second["g/"+name])), floats([]byte(second["g_ema/"+name]))
		if reflect.DeepEqual(one, two) {
			t.Fatalf("%s did not move", name)
		}
		for i := range avg {
			if want := one[i] + (two[i]-one[i])*.5; avg[i] != want {
				t.Errorf("the average of %s is %g at %d, and lies between %g and %g", name, avg[i], i, one[i], two[i])
			}
		}
	}
}
